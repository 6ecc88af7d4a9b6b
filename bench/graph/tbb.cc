// SPDX-License-Identifier: Apache-2.0
#include "graph.h"

#include <memory>
#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <vector>

namespace
{
using message = tbb::flow::continue_msg;
using node = tbb::flow::continue_node<message>;

struct state {
    tbb::global_control control;
    tbb::task_arena arena;
    graph_shape shape;
    std::vector<uint64_t> values;
    double resident;
};

void *start(const bench_config *config)
{
    auto shape = graph_shape_of(config);
    auto *s = new state{{tbb::global_control::max_allowed_parallelism, (size_t)config->threads},
                        tbb::task_arena(config->threads),
                        shape,
                        std::vector<uint64_t>((size_t)shape.nodes),
                        0};
    s->resident = bench_resident();
    return s;
}

struct graph {
    tbb::flow::graph flow;
    std::vector<std::unique_ptr<node>> nodes;
    std::vector<node *> roots;

    explicit graph(state &s)
    {
        uint64_t *v = s.values.data();
        nodes.reserve((size_t)s.shape.nodes);
        for (int64_t i = 0, d[3]; i < s.shape.nodes; i++) {
            int count = graph_deps(&s.shape, i, d);
            int64_t a = d[0], b = d[1], c = d[2];
            auto add = [this](auto body) { nodes.push_back(std::make_unique<node>(flow, body)); };
            if (count == 0)
                add([=](const message &) { v[i] = graph_value(0, 0, 0); });
            else if (count == 1)
                add([=](const message &) { v[i] = graph_value(v[a], 0, 0); });
            else if (count == 2)
                add([=](const message &) { v[i] = graph_value(v[a], v[b], 0); });
            else
                add([=](const message &) { v[i] = graph_value(v[a], v[b], v[c]); });
            for (int k = 0; k < count; k++)
                tbb::flow::make_edge(*nodes[(size_t)d[k]], *nodes.back());
            if (count == 0)
                roots.push_back(nodes.back().get());
        }
    }

    void run()
    {
        for (node *root : roots)
            root->try_put(message());
        flow.wait_for_all();
    }
};

void run(void *p, bench_sample *sample)
{
    auto &s = *static_cast<state *>(p);
    double n = (double)s.shape.nodes;
    s.arena.execute([&] {
        double t0 = bench_now();
        graph g(s);
        double t1 = bench_now();
        g.run();
        double t2 = bench_now();
        g.run();
        double t3 = bench_now();
        sample->values[GRAPH_BUILD] = (t1 - t0) / n;
        sample->values[GRAPH_RUN] = (t2 - t1) / n;
        sample->values[GRAPH_RERUN] = (t3 - t2) / n;
        sample->values[GRAPH_MEMORY] = (bench_resident() - s.resident) / n;
    });
    sample->checksum = graph_checksum(&s.shape, s.values.data());
}

void stop(void *p)
{
    delete static_cast<state *>(p);
}
} // namespace

extern "C" const bench_peer graph_tbb = {"tbb", start, run, stop};

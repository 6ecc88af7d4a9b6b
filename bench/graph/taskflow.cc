// SPDX-License-Identifier: Apache-2.0
#include "graph.h"

#include <taskflow/taskflow.hpp>
#include <vector>

namespace
{
struct state {
    tf::Executor executor;
    graph_shape shape;
    std::vector<tf::Task> tasks;
    std::vector<uint64_t> values;
    double resident;
};

void *start(const bench_config *config)
{
    auto shape = graph_shape_of(config);
    auto *s = new state{tf::Executor((size_t)config->threads), shape,
                        std::vector<tf::Task>((size_t)shape.nodes),
                        std::vector<uint64_t>((size_t)shape.nodes), 0};
    s->resident = bench_resident();
    return s;
}

void build(state &s, tf::Taskflow &flow)
{
    uint64_t *v = s.values.data();
    for (int64_t i = 0, d[3]; i < s.shape.nodes; i++) {
        int count = graph_deps(&s.shape, i, d);
        int64_t a = d[0], b = d[1], c = d[2];
        tf::Task &task = s.tasks[(size_t)i];
        if (count == 0)
            task = flow.emplace([=] { v[i] = graph_value(0, 0, 0); });
        else if (count == 1)
            task = flow.emplace([=] { v[i] = graph_value(v[a], 0, 0); });
        else if (count == 2)
            task = flow.emplace([=] { v[i] = graph_value(v[a], v[b], 0); });
        else
            task = flow.emplace([=] { v[i] = graph_value(v[a], v[b], v[c]); });
        for (int k = 0; k < count; k++)
            s.tasks[(size_t)d[k]].precede(task);
    }
}

void run(void *p, bench_sample *sample)
{
    auto &s = *static_cast<state *>(p);
    double n = (double)s.shape.nodes, t0 = bench_now();
    tf::Taskflow flow;
    build(s, flow);
    double t1 = bench_now();
    s.executor.run(flow).wait();
    double t2 = bench_now();
    s.executor.run(flow).wait();
    double t3 = bench_now();
    sample->values[GRAPH_BUILD] = (t1 - t0) / n;
    sample->values[GRAPH_RUN] = (t2 - t1) / n;
    sample->values[GRAPH_RERUN] = (t3 - t2) / n;
    sample->values[GRAPH_MEMORY] = (bench_resident() - s.resident) / n;
    sample->checksum = graph_checksum(&s.shape, s.values.data());
}

void stop(void *p)
{
    delete static_cast<state *>(p);
}
} // namespace

extern "C" const bench_peer graph_taskflow = {"taskflow", start, run, stop};

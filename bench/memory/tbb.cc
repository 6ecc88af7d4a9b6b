// SPDX-License-Identifier: Apache-2.0
#include "memory.h"

#include <atomic>
#include <cstdlib>
#include <memory>
#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <vector>

namespace
{
using message = tbb::flow::continue_msg;
using node = tbb::flow::continue_node<message>;

// A counted block, as bask has it: freed at its last use.
struct buffer {
    void *data = nullptr;
    std::atomic<int> uses{0};

    void make(size_t bytes, int count)
    {
        data = std::aligned_alloc(64, bytes);
        uses.store(count, std::memory_order_relaxed);
    }
    void release()
    {
        if (uses.fetch_sub(1, std::memory_order_acq_rel) == 1)
            std::free(data);
    }
};

struct state {
    tbb::global_control control;
    tbb::task_arena arena;
    memory_shape shape;
    std::vector<buffer> buffers;
    std::vector<uint64_t> sums;
};

void *start(const bench_config *config)
{
    auto shape = memory_shape_of(config);
    size_t n = (size_t)shape.buffers;
    return new state{{tbb::global_control::max_allowed_parallelism, (size_t)config->threads},
                     tbb::task_arena(config->threads),
                     shape,
                     std::vector<buffer>(n),
                     std::vector<uint64_t>(n)};
}

struct graph {
    tbb::flow::graph flow;
    std::vector<std::unique_ptr<node>> nodes; // first those that make the buffers
    size_t roots;

    template <class Body>
    void add(Body body)
    {
        nodes.push_back(std::make_unique<node>(flow, body));
    }

    explicit graph(state &s)
    {
        size_t n = s.buffers.size(), bytes = s.shape.bytes;
        buffer *all = s.buffers.data();
        uint64_t *sums = s.sums.data();
        bool stencil = s.shape.stencil;
        roots = stencil ? (size_t)MEMORY_WIDTH : n;
        nodes.reserve(2 * n);
        for (size_t i = 0; i < n; i++) {
            int uses = stencil && i + MEMORY_WIDTH < n ? 2 : 1;
            if (i < roots) {
                add([=](const message &) {
                    all[i].make(bytes, uses);
                    memory_make(all[i].data, bytes, i);
                });
                continue;
            }
            size_t a = i - MEMORY_WIDTH, row = a / MEMORY_WIDTH * MEMORY_WIDTH;
            size_t b = row + (i + 1) % MEMORY_WIDTH;
            add([=](const message &) {
                all[i].make(bytes, uses);
                memory_join(all[i].data, all[a].data, all[b].data, bytes);
                all[a].release();
                all[b].release();
            });
            tbb::flow::make_edge(*nodes[a], *nodes[i]);
            tbb::flow::make_edge(*nodes[b], *nodes[i]);
        }
        for (size_t i = n - roots; i < n; i++) {
            add([=](const message &) {
                sums[i] = memory_sum(all[i].data, bytes);
                all[i].release();
            });
            tbb::flow::make_edge(*nodes[i], *nodes.back());
        }
    }

    void run()
    {
        for (size_t i = 0; i < roots; i++)
            nodes[i]->try_put(message());
        flow.wait_for_all();
    }
};

void run(void *p, bench_sample *sample)
{
    auto &s = *static_cast<state *>(p);
    s.arena.execute([&] {
        double times[3], before = 0;
        graph g(s);
        for (int i = 0; i < 2; i++) {
            times[i] = bench_now();
            before = memory_faults();
            g.run();
        }
        times[2] = bench_now();
        memory_report(sample, &s.shape, times, memory_faults() - before);
    });
    for (uint64_t sum : s.sums)
        sample->checksum += sum;
}

void stop(void *p)
{
    delete static_cast<state *>(p);
}
} // namespace

extern "C" const bench_peer memory_tbb = {"tbb", start, run, stop};

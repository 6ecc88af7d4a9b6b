// SPDX-License-Identifier: Apache-2.0
#include "granularity.h"

#include <memory>
#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <vector>

namespace
{
using message = tbb::flow::continue_msg;
using node = tbb::flow::continue_node<message>;

struct flow {
    tbb::flow::graph graph;
    std::vector<std::unique_ptr<node>> nodes;
    std::vector<uint64_t> values; // a row of zeros, then all rows, each with a 0 at either end
    size_t width;

    flow(size_t width, size_t rows) : values((width + 2) * (rows + 1)), width(width)
    {
        nodes.reserve(width * rows);
        for (size_t r = 1; r <= rows; r++)
            for (size_t i = 1; i <= width; i++)
                add(r, i);
    }

    void add(size_t r, size_t i)
    {
        uint64_t *x = &values[r * (width + 2) + i], *b = x - (width + 2);
        nodes.push_back(std::make_unique<node>(
            graph, [x, b](const message &) { *x = granularity_task(b[-1], b[0], b[1]); }));
        for (size_t j = i - 1; r > 1 && j <= i + 1; j++)
            if (j >= 1 && j <= width)
                tbb::flow::make_edge(*nodes[(r - 2) * width + j - 1], *nodes.back());
    }

    uint64_t run()
    {
        uint64_t sum = 0;
        for (size_t i = 0; i < width; i++)
            nodes[i]->try_put(message());
        graph.wait_for_all();
        for (size_t i = 0; i < width; i++)
            sum += values[values.size() - 2 - i];
        return sum;
    }
};

struct state {
    const bench_config *config;
    tbb::global_control control;
    tbb::task_arena arena;
    std::unique_ptr<flow> grid;
};

// All are called inside the arena.
void build(void *p, int64_t width, int64_t rows)
{
    static_cast<state *>(p)->grid = std::make_unique<flow>((size_t)width, (size_t)rows);
}

uint64_t run_grid(void *p)
{
    return static_cast<state *>(p)->grid->run();
}

void clear(void *p)
{
    static_cast<state *>(p)->grid.reset();
}

const granularity_peer grid = {build, run_grid, clear};

void *start(const bench_config *config)
{
    return new state{config,
                     {tbb::global_control::max_allowed_parallelism, (size_t)config->threads},
                     tbb::task_arena(config->threads),
                     nullptr};
}

void run(void *p, bench_sample *sample)
{
    auto *s = static_cast<state *>(p);
    s->arena.execute([=] { granularity_measure(&grid, s, s->config, s->config->threads, sample); });
}

void stop(void *p)
{
    delete static_cast<state *>(p);
}
} // namespace

extern "C" const bench_peer granularity_tbb = {"tbb", start, run, stop};

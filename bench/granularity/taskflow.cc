// SPDX-License-Identifier: Apache-2.0
#include "granularity.h"

#include <memory>
#include <taskflow/taskflow.hpp>
#include <vector>

namespace
{
struct flow {
    tf::Taskflow graph;
    std::vector<uint64_t> values; // a row of zeros, then all rows, each with a 0 at either end
    size_t width;

    flow(size_t width, size_t rows) : values((width + 2) * (rows + 1)), width(width)
    {
        std::vector<tf::Task> above(width + 2), row(width + 2);
        for (size_t r = 1; r <= rows; r++) {
            for (size_t i = 1; i <= width; i++) {
                uint64_t *x = &values[r * (width + 2) + i], *b = x - (width + 2);
                row[i] = graph.emplace([x, b] { *x = granularity_task(b[-1], b[0], b[1]); });
                for (size_t j = i - 1; r > 1 && j <= i + 1; j++)
                    if (j >= 1 && j <= width)
                        above[j].precede(row[i]);
            }
            above.swap(row);
        }
    }
};

struct state {
    const bench_config *config;
    tf::Executor executor;
    std::unique_ptr<flow> grid;
};

void build(void *p, int64_t width, int64_t rows)
{
    static_cast<state *>(p)->grid = std::make_unique<flow>((size_t)width, (size_t)rows);
}

uint64_t run_grid(void *p)
{
    auto *s = static_cast<state *>(p);
    uint64_t sum = 0;
    s->executor.run(s->grid->graph).wait();
    for (size_t i = 0; i < s->grid->width; i++)
        sum += s->grid->values[s->grid->values.size() - 2 - i];
    return sum;
}

void clear(void *p)
{
    static_cast<state *>(p)->grid.reset();
}

const granularity_peer grid = {build, run_grid, clear};

void *start(const bench_config *config)
{
    return new state{config, tf::Executor((size_t)config->threads), nullptr};
}

void run(void *p, bench_sample *sample)
{
    auto *s = static_cast<state *>(p);
    granularity_measure(&grid, s, s->config, s->config->threads, sample);
}

void stop(void *p)
{
    delete static_cast<state *>(p);
}
} // namespace

extern "C" const bench_peer granularity_taskflow = {"taskflow", start, run, stop};

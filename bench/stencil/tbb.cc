// SPDX-License-Identifier: Apache-2.0
#include "stencil.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

namespace
{
struct state {
    tbb::global_control control;
    tbb::task_arena arena;
    tbb::affinity_partitioner affinity; // a block goes where it was in the step before
    stencil_field field;
};

void *start(const bench_config *config)
{
    auto *s = new state{{tbb::global_control::max_allowed_parallelism, (size_t)config->threads},
                        tbb::task_arena(config->threads),
                        {},
                        {}};
    stencil_new(&s->field, config);
    return s;
}

void run(void *p, bench_sample *sample)
{
    auto *s = static_cast<state *>(p);
    stencil_reset(&s->field);
    double begin = bench_now();
    s->arena.execute([=] {
        for (int step = 0; step < STENCIL_BATCH * STENCIL_BATCHES; step++)
            tbb::parallel_for(
                tbb::blocked_range<int64_t>(0, s->field.blocks),
                [=](const tbb::blocked_range<int64_t> &range) {
                    for (int64_t block = range.begin(); block < range.end(); block++)
                        stencil_advance(&s->field, block, step);
                },
                s->affinity);
    });
    stencil_report(&s->field, begin, sample);
}

void stop(void *p)
{
    auto *s = static_cast<state *>(p);
    stencil_free(&s->field);
    delete s;
}
} // namespace

extern "C" const bench_peer stencil_tbb = {"tbb", start, run, stop};

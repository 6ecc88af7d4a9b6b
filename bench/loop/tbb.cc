// SPDX-License-Identifier: Apache-2.0
#include "loop.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_reduce.h>
#include <oneapi/tbb/task_arena.h>

namespace
{
using range = tbb::blocked_range<int64_t>;

struct state {
    tbb::global_control control;
    tbb::task_arena arena;
    loop_data data;
};

void *start(const bench_config *config)
{
    return new state{{tbb::global_control::max_allowed_parallelism, (size_t)config->threads},
                     tbb::task_arena(config->threads),
                     loop_data_new(config)};
}

double work(const loop_data *d)
{
    if (d->shape == LOOP_REDUCE)
        return tbb::parallel_reduce(
            range(0, d->n), 0.0,
            [d](const range &r, double sum) { return sum + loop_sum(d->x, r.begin(), r.end()); },
            [](double a, double b) { return a + b; });
    tbb::parallel_for(range(0, d->n), [d](const range &r) {
        if (d->shape == LOOP_FOR)
            loop_axpy(d->y, d->x, r.begin(), r.end());
        else
            loop_skewed(d->y, r.begin(), r.end());
    });
    return 0;
}

void run(void *p, bench_sample *sample)
{
    auto *s = static_cast<state *>(p);
    double begin = bench_now();
    double sum = s->arena.execute([s] { return work(&s->data); });
    loop_report(sample, begin, &s->data, sum);
}

void stop(void *p)
{
    auto *s = static_cast<state *>(p);
    loop_data_free(&s->data);
    delete s;
}
} // namespace

extern "C" const bench_peer loop_tbb = {"tbb", start, run, stop};

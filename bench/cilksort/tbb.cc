// SPDX-License-Identifier: Apache-2.0
#include "cilksort.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

namespace
{
void merge(cilksort_run a, cilksort_run b, int32_t *to)
{
    if (a.n + b.n <= CILKSORT_LEAF) {
        cilksort_merge_leaf(a, b, to);
        return;
    }
    cilksort_halves halves = cilksort_split(a, b);
    tbb::task_group group;
    group.run([&halves, to] { merge(halves.low[0], halves.low[1], to); });
    merge(halves.high[0], halves.high[1], to + halves.low[0].n + halves.low[1].n);
    group.wait();
}

void sort(int32_t *at, int32_t *spare, size_t n)
{
    if (n <= CILKSORT_LEAF) {
        cilksort_leaf(at, spare, n);
        return;
    }
    size_t q = n / 4, rest = n - 3 * q, half = 2 * q;
    tbb::task_group group;
    group.run([=] { sort(at, spare, q); });
    group.run([=] { sort(at + q, spare + q, q); });
    group.run([=] { sort(at + half, spare + half, q); });
    sort(at + 3 * q, spare + 3 * q, rest);
    group.wait();

    group.run([=] { merge({at, q}, {at + q, q}, spare); });
    merge({at + half, q}, {at + 3 * q, rest}, spare + half);
    group.wait();

    merge({spare, half}, {spare + half, n - half}, at);
}

struct state {
    tbb::global_control control;
    tbb::task_arena arena;
    cilksort_arrays arrays;
};

void *start(const bench_config *config)
{
    return new state{{tbb::global_control::max_allowed_parallelism, (size_t)config->threads},
                     tbb::task_arena(config->threads),
                     cilksort_arrays_new(config)};
}

void run(void *p, bench_sample *sample)
{
    auto *s = static_cast<state *>(p);
    cilksort_fill(&s->arrays);
    double begin = bench_now();
    s->arena.execute([s] { sort(s->arrays.at, s->arrays.spare, s->arrays.n); });
    cilksort_report(sample, begin, &s->arrays);
}

void stop(void *p)
{
    auto *s = static_cast<state *>(p);
    cilksort_arrays_free(&s->arrays);
    delete s;
}
} // namespace

extern "C" const bench_peer cilksort_tbb = {"tbb", start, run, stop};

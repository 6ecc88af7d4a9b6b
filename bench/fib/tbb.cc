// SPDX-License-Identifier: Apache-2.0
#include "fib.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

namespace
{
long fib(long n)
{
    if (n < 2)
        return n;
    long first;
    tbb::task_group group;
    group.run([&first, n] { first = fib(n - 1); });
    long second = fib(n - 2);
    group.wait();
    return first + second;
}

struct state {
    tbb::global_control control;
    tbb::task_arena arena;
    long n;
};

void *start(const bench_config *config)
{
    return new state{{tbb::global_control::max_allowed_parallelism, (size_t)config->threads},
                     tbb::task_arena(config->threads),
                     config->size};
}

void run(void *p, bench_sample *sample)
{
    auto *s = static_cast<state *>(p);
    double begin = bench_now();
    long result = s->arena.execute([s] { return fib(s->n); });
    fib_report(sample, begin, result, s->n);
}

void stop(void *p)
{
    delete static_cast<state *>(p);
}
} // namespace

extern "C" const bench_peer fib_tbb = {"tbb", start, run, stop};

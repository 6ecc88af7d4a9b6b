// SPDX-License-Identifier: Apache-2.0
#include "fib.h"

#include <taskflow/taskflow.hpp>

namespace
{
struct state {
    tf::Executor executor;
    long n;

    long fib(long i)
    {
        if (i < 2)
            return i;
        long first;
        tf::TaskGroup group = executor.task_group();
        group.silent_async([this, &first, i] { first = fib(i - 1); });
        long second = fib(i - 2);
        group.corun();
        return first + second;
    }
};

void *start(const bench_config *config)
{
    return new state{tf::Executor((size_t)config->threads), config->size};
}

void run(void *p, bench_sample *sample)
{
    auto *s = static_cast<state *>(p);
    double begin = bench_now();
    long result = s->executor.async([s] { return s->fib(s->n); }).get();
    fib_report(sample, begin, result, s->n);
}

void stop(void *p)
{
    delete static_cast<state *>(p);
}
} // namespace

extern "C" const bench_peer fib_taskflow = {"taskflow", start, run, stop};

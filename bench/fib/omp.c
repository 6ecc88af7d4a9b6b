/* SPDX-License-Identifier: Apache-2.0 */
#include "fib.h"

static long fib(long n)
{
    if (n < 2)
        return n;
    long first, second;
#pragma omp task shared(first) firstprivate(n)
    first = fib(n - 1);
    second = fib(n - 2);
#pragma omp taskwait
    return first + second;
}

static void *start(const bench_config *config)
{
    return (void *)(uintptr_t)config;
}

static void run(void *state, bench_sample *sample)
{
    const bench_config *config = state;
    long result = 0;
    double begin = bench_now();
#pragma omp parallel num_threads(config->threads)
#pragma omp single
    result = fib(config->size);
    fib_report(sample, begin, result, config->size);
}

static void stop(void *state)
{
    (void)state;
}

const bench_peer fib_omp = {"omp", start, run, stop};

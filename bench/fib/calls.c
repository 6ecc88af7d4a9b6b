/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other floor: plain recursion whose calls are calls, as in a shared library, where the compiler
 * must not unroll fib into itself (a loop in place of the second call it may still make).
 */
#include "fib.h"

long fib_calls(long n);
__attribute__((noinline)) long fib_calls(long n)
{
    if (n < 2)
        return n;
    long first = fib_calls(n - 1);
    return first + fib_calls(n - 2);
}

static void *start(const bench_config *config)
{
    return (void *)(uintptr_t)config;
}

static void run(void *state, bench_sample *sample)
{
    const bench_config *config = state;
    double begin = bench_now();
    fib_report(sample, begin, fib_calls(config->size), config->size);
}

static void stop(void *state)
{
    (void)state;
}

const bench_peer fib_serial_calls = {"serial-calls", start, run, stop};

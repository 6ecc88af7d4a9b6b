/* SPDX-License-Identifier: Apache-2.0 */
#include "fib.h"

static void *start(const bench_config *config)
{
    return (void *)(uintptr_t)config;
}

static void run(void *state, bench_sample *sample)
{
    const bench_config *config = state;
    double begin = bench_now();
    fib_report(sample, begin, fib_plain(config->size), config->size);
}

static void stop(void *state)
{
    (void)state;
}

const bench_peer fib_serial = {"serial", start, run, stop};

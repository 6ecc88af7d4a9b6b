/* SPDX-License-Identifier: Apache-2.0 */
#include "idle.h"

static void *start(const bench_config *config)
{
    return (void *)(uintptr_t)config;
}

static void run(void *state, bench_sample *sample)
{
    const bench_config *config = state;
    bool busy = idle_one_busy(config);
#pragma omp parallel num_threads(config->threads)
#pragma omp single
    {
#pragma omp task
        if (busy)
            idle_work(config, sample);
    }
    if (!busy)
        idle_rest(config, sample);
}

static void stop(void *state)
{
    (void)state;
}

const bench_peer idle_omp = {"omp", start, run, stop};

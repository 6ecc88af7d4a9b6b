/* SPDX-License-Identifier: Apache-2.0 */
/* OpenMP takes no task from outside a team: the round trip is a parallel region with one task. */
#include "latency.h"

static volatile int ran;

static void *start(const bench_config *config)
{
    return (void *)(uintptr_t)config;
}

static void trip(void *state)
{
    const bench_config *config = state;
#pragma omp parallel num_threads(config->threads)
#pragma omp single
    {
#pragma omp task
        ran = 1;
    }
}

static void run(void *state, bench_sample *sample)
{
    latency_measure(state, trip, state, sample);
}

static void stop(void *state)
{
    (void)state;
}

const bench_peer latency_omp = {"omp", start, run, stop};

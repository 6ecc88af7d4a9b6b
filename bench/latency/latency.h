/* SPDX-License-Identifier: Apache-2.0 */
/*
 * latency: one task that does nothing, given from outside and waited for. Size: round trips in one
 * repetition. Shapes: hot, back to back; parked, after 2 ms in which everybody went to sleep.
 */
#ifndef BENCH_LATENCY_H
#define BENCH_LATENCY_H

#include "../bench.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const bench_peer latency_futex, latency_bask, latency_bask_future, latency_omp, latency_tbb,
    latency_starpu, latency_taskflow;

/* Times the round trips TRIP(STATE) and fills SAMPLE. */
void latency_measure(const bench_config *config, void (*trip)(void *state), void *state,
                     bench_sample *sample);

#ifdef __cplusplus
}
#endif
#endif

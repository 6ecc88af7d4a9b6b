/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idle: how much CPU do workers use that have nothing to do? Size: milliseconds. Shapes: empty, all
 * are idle; one-busy, one worker runs a long task. Reported in per cent of one CPU, without the
 * busy worker's own.
 */
#ifndef BENCH_IDLE_H
#define BENCH_IDLE_H

#include "../bench.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const bench_peer idle_bask, idle_omp, idle_tbb;

/* To be called once everything is started and has rested: fills SAMPLE, resting for the time. */
void idle_rest(const bench_config *config, bench_sample *sample);

/* To be called by the long task: the same, but busy for the time. */
void idle_work(const bench_config *config, bench_sample *sample);

static inline bool idle_one_busy(const bench_config *config)
{
    return config->shape[0] == 'o';
}

#ifdef __cplusplus
}
#endif
#endif

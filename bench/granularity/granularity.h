/* SPDX-License-Identifier: Apache-2.0 */
/*
 * granularity: how short may a task be? A grid of rows: each node depends on up to three neighbours
 * of the row before and works for a given time. Its efficiency is the ideal time (the work, split
 * evenly among the threads) by the time taken. Measured: the shortest task that keeps 50 % (METG,
 * Slaughter et al., SC 2020), from 1 ms down to 20 ns; and what a task without work takes. Shapes:
 * the width of the rows. Size: nodes of 1 us or less; longer ones are as many fewer.
 */
#ifndef BENCH_GRANULARITY_H
#define BENCH_GRANULARITY_H

#include "../bench.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const bench_peer granularity_serial, granularity_bask, granularity_omp, granularity_tbb,
    granularity_taskflow;

/* What a peer does with a grid; all get its state. */
typedef struct granularity_peer {
    void (*build)(void *state, int64_t width, int64_t rows);
    uint64_t (*run)(void *state); /* all nodes once; returns the sum of the last row's values */
    void (*clear)(void *state);   /* what build made */
} granularity_peer;

/* Measures PEER, whose STATE works with THREADS. */
void granularity_measure(const granularity_peer *peer, void *state, const bench_config *config,
                         int threads, bench_sample *sample);

/* The value of a node with the values A, B and C to its upper left, above and upper right, 0 where
 * there is none. Works for the time that is being measured. */
uint64_t granularity_task(uint64_t a, uint64_t b, uint64_t c);

#ifdef __cplusplus
}
#endif
#endif

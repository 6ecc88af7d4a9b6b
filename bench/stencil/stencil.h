/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stencil: steps of a three-point stencil over a row of cells, in blocks, as a simulation makes
 * them: the same work over and over. Shapes: cells of a block. Size: cells. Measured: a step, and
 * what is prepared once for all (a graph of STENCIL_BATCH steps, which is then run again and again).
 */
#ifndef BENCH_STENCIL_H
#define BENCH_STENCIL_H

#include "../bench.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const bench_peer stencil_serial, stencil_bask, stencil_omp, stencil_tbb;

enum { STENCIL_BATCH = 16, STENCIL_BATCHES = 8 };

/* The metrics' order. */
enum { STENCIL_STEP, STENCIL_PREPARE };

/* Step s reads cells[s % 2] and writes the other; each has one more cell, of value 0, at either
 * end. */
typedef struct stencil_field {
    int64_t blocks, block; /* their number, the cells of each */
    double *cells[2];
} stencil_field;

/* Makes the field of CONFIG, whose size is rounded up to whole blocks. */
void stencil_new(stencil_field *field, const bench_config *config);
/* Sets the cells back to what they are before the first step. */
void stencil_reset(stencil_field *field);
void stencil_free(stencil_field *field);

/* Step STEP of block BLOCK; those of its neighbours and its own must have done the step before. */
void stencil_advance(const stencil_field *field, int64_t block, int64_t step);

/* Fills SAMPLE for all batches, begun at BEGIN and just done. */
void stencil_report(const stencil_field *field, double begin, bench_sample *sample);

#ifdef __cplusplus
}
#endif
#endif

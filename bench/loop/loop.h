/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parallel loops. Shapes: `for` (y = a x + y, bound by memory), `reduce` (the sum of an array), `skew`
 * (the work of an index grows with it, so that equal halves are unequal). Size: the indices of
 * reduce; a quarter of it of for, a thousandth of skew.
 */
#ifndef BENCH_LOOP_H
#define BENCH_LOOP_H

#include "../bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const bench_peer loop_serial, loop_bask, loop_omp, loop_tbb;

enum { LOOP_FOR, LOOP_REDUCE, LOOP_SKEW };

typedef struct loop_data {
    int shape, threads;
    int64_t n;
    double *x, *y; /* skew: no x */
} loop_data;

/* All pages are touched. */
static inline loop_data loop_data_new(const bench_config *config)
{
    loop_data d = {LOOP_FOR, config->threads, config->size, NULL, NULL};
    d.shape = strcmp(config->shape, "reduce") == 0 ? LOOP_REDUCE
              : strcmp(config->shape, "skew") == 0 ? LOOP_SKEW
                                                   : LOOP_FOR;
    if (d.shape == LOOP_FOR)
        d.n = config->size / 4 + 1;
    if (d.shape == LOOP_SKEW)
        d.n = config->size / 1000 + 1;
    size_t bytes = (size_t)d.n * sizeof(double);
    if (d.shape != LOOP_SKEW)
        d.x = (double *)bench_array(bytes);
    if (d.shape != LOOP_REDUCE)
        d.y = (double *)bench_array(bytes);
    for (int64_t i = 0; i < d.n; i++) {
        if (d.x)
            d.x[i] = (double)(i % 1000);
        if (d.y)
            d.y[i] = 0;
    }
    return d;
}
static inline void loop_data_free(loop_data *d)
{
    free(d->x);
    free(d->y);
}

/* What every peer runs for a piece of the range; compiled once, in plain.c. */
void loop_axpy(double *y, const double *x, int64_t from, int64_t to);
double loop_sum(const double *x, int64_t from, int64_t to);
void loop_skewed(double *y, int64_t from, int64_t to);

/* Fills SAMPLE for a run that began at START; SUM is of reduce. */
static inline void loop_report(bench_sample *sample, double start, loop_data *d, double sum)
{
    sample->values[0] = (bench_now() - start) / 1e6;
    if (d->y) {
        sum = d->y[0] + d->y[d->n / 2] + d->y[d->n - 1];
        memset(d->y, 0, (size_t)d->n * sizeof *d->y);
    }
    sample->checksum = (uint64_t)llround(sum * 1000);
}

#ifdef __cplusplus
}
#endif
#endif

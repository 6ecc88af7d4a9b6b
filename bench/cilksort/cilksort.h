/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cilksort: a merge sort of int32 whose merges are parallel as well (after Cilk's example of that
 * name). Four quarters are sorted, then merged in pairs into a spare array and back. A merge splits the
 * longer run in the middle, finds that value in the shorter, and merges below and above it.
 * Size: the numbers.
 */
#ifndef BENCH_CILKSORT_H
#define BENCH_CILKSORT_H

#include "../bench.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const bench_peer cilksort_serial, cilksort_bask, cilksort_omp, cilksort_tbb;

enum { CILKSORT_LEAF = 2048 }; /* so many numbers are sorted or merged without tasks */

/* Numbers that lie in order. */
typedef struct cilksort_run {
    const int32_t *at;
    size_t n;
} cilksort_run;

/* Sorts N numbers AT, using as many SPARE. */
void cilksort_leaf(int32_t *at, int32_t *spare, size_t n);
void cilksort_merge_leaf(cilksort_run a, cilksort_run b, int32_t *to);

/* Nothing in LOW is greater than anything in HIGH; [0] is of A, [1] of B. */
typedef struct cilksort_halves {
    cilksort_run low[2], high[2];
} cilksort_halves;

cilksort_halves cilksort_split(cilksort_run a, cilksort_run b);

typedef struct cilksort_arrays {
    int32_t *from, *at, *spare; /* what to sort, and where; it stays in FROM for the next run */
    size_t n;
} cilksort_arrays;

cilksort_arrays cilksort_arrays_new(const bench_config *config);
void cilksort_arrays_free(cilksort_arrays *arrays);
void cilksort_fill(const cilksort_arrays *arrays);
/* Fills SAMPLE for a run that began at BEGIN. */
void cilksort_report(bench_sample *sample, double begin, const cilksort_arrays *arrays);

#ifdef __cplusplus
}
#endif
#endif

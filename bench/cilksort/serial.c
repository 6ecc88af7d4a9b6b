/* SPDX-License-Identifier: Apache-2.0 */
#include "cilksort.h"

#include <stdlib.h>

static void merge(cilksort_run a, cilksort_run b, int32_t *to)
{
    if (a.n + b.n <= CILKSORT_LEAF) {
        cilksort_merge_leaf(a, b, to);
        return;
    }
    cilksort_halves halves = cilksort_split(a, b);
    merge(halves.low[0], halves.low[1], to);
    merge(halves.high[0], halves.high[1], to + halves.low[0].n + halves.low[1].n);
}

static void sort(int32_t *at, int32_t *spare, size_t n)
{
    if (n <= CILKSORT_LEAF) {
        cilksort_leaf(at, spare, n);
        return;
    }
    size_t q = n / 4, rest = n - 3 * q, half = 2 * q;
    sort(at, spare, q);
    sort(at + q, spare + q, q);
    sort(at + half, spare + half, q);
    sort(at + 3 * q, spare + 3 * q, rest);
    merge((cilksort_run){at, q}, (cilksort_run){at + q, q}, spare);
    merge((cilksort_run){at + half, q}, (cilksort_run){at + 3 * q, rest}, spare + half);
    merge((cilksort_run){spare, half}, (cilksort_run){spare + half, n - half}, at);
}

static void *start(const bench_config *config)
{
    cilksort_arrays *arrays = malloc(sizeof *arrays);
    *arrays = cilksort_arrays_new(config);
    return arrays;
}

static void run(void *state, bench_sample *sample)
{
    cilksort_arrays *arrays = state;
    cilksort_fill(arrays);
    double begin = bench_now();
    sort(arrays->at, arrays->spare, arrays->n);
    cilksort_report(sample, begin, arrays);
}

static void stop(void *state)
{
    cilksort_arrays_free(state);
    free(state);
}

const bench_peer cilksort_serial = {"serial", start, run, stop};

/* SPDX-License-Identifier: Apache-2.0 */
#include "cilksort.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { INSERTION = 24 }; /* so many numbers are sorted by insertion */

void cilksort_merge_leaf(cilksort_run a, cilksort_run b, int32_t *to)
{
    const int32_t *x = a.at, *y = b.at, *x_end = x + a.n, *y_end = y + b.n;
    while (x < x_end && y < y_end) {
        bool second = *y < *x;
        *to++ = second ? *y : *x; /* no branch: it could not be predicted */
        x += !second;
        y += second;
    }
    memcpy(to, x, (size_t)(x_end - x) * sizeof *to);
    memcpy(to + (x_end - x), y, (size_t)(y_end - y) * sizeof *to);
}

static void sort_by_insertion(int32_t *at, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        int32_t x = at[i];
        size_t k = i;
        for (; k > 0 && at[k - 1] > x; k--)
            at[k] = at[k - 1];
        at[k] = x;
    }
}

void cilksort_leaf(int32_t *at, int32_t *spare, size_t n)
{
    if (n <= INSERTION) {
        sort_by_insertion(at, n);
        return;
    }
    size_t half = n / 2;
    cilksort_leaf(at, spare, half);
    cilksort_leaf(at + half, spare + half, n - half);
    memcpy(spare, at, half * sizeof *at);
    /* What is merged ends where the rest of its second run begins, so that this stays in place. */
    cilksort_merge_leaf((cilksort_run){spare, half}, (cilksort_run){at + half, n - half}, at);
}

/* How many numbers of the run are less than X. */
static size_t less_than(cilksort_run run, int32_t x)
{
    size_t low = 0, high = run.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (run.at[middle] < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

cilksort_halves cilksort_split(cilksort_run a, cilksort_run b)
{
    size_t i, k;
    if (a.n >= b.n) {
        i = a.n / 2;
        k = less_than(b, a.at[i]);
    } else {
        k = b.n / 2;
        i = less_than(a, b.at[k]);
    }
    return (cilksort_halves){.low = {{a.at, i}, {b.at, k}},
                             .high = {{a.at + i, a.n - i}, {b.at + k, b.n - k}}};
}

cilksort_arrays cilksort_arrays_new(const bench_config *config)
{
    size_t n = (size_t)config->size;
    cilksort_arrays arrays = {malloc(n * sizeof(int32_t)), malloc(n * sizeof(int32_t)),
                              malloc(n * sizeof(int32_t)), n};
    uint64_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        arrays.from[i] = (int32_t)(state >> 32);
    }
    memset(arrays.spare, 0,
           n * sizeof(int32_t)); /* the first run finds its pages as the others do */
    return arrays;
}

void cilksort_arrays_free(cilksort_arrays *arrays)
{
    free(arrays->from);
    free(arrays->at);
    free(arrays->spare);
}

void cilksort_fill(const cilksort_arrays *arrays)
{
    memcpy(arrays->at, arrays->from, arrays->n * sizeof(int32_t));
}

void cilksort_report(bench_sample *sample, double begin, const cilksort_arrays *arrays)
{
    sample->values[0] = (bench_now() - begin) / 1e6;
    for (size_t i = 0; i < arrays->n; i++)
        sample->checksum += (uint64_t)(i + 1) * (uint64_t)arrays->at[i];
}

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
#pragma omp task firstprivate(halves, to)
    merge(halves.low[0], halves.low[1], to);
    merge(halves.high[0], halves.high[1], to + halves.low[0].n + halves.low[1].n);
#pragma omp taskwait
}

static void sort(int32_t *at, int32_t *spare, size_t n)
{
    if (n <= CILKSORT_LEAF) {
        cilksort_leaf(at, spare, n);
        return;
    }
    size_t q = n / 4, rest = n - 3 * q, half = 2 * q;
#pragma omp task firstprivate(at, spare, q)
    sort(at, spare, q);
#pragma omp task firstprivate(at, spare, q)
    sort(at + q, spare + q, q);
#pragma omp task firstprivate(at, spare, q, half)
    sort(at + half, spare + half, q);
    sort(at + 3 * q, spare + 3 * q, rest);
#pragma omp taskwait

#pragma omp task firstprivate(at, spare, q)
    merge((cilksort_run){at, q}, (cilksort_run){at + q, q}, spare);
    merge((cilksort_run){at + half, q}, (cilksort_run){at + 3 * q, rest}, spare + half);
#pragma omp taskwait

    merge((cilksort_run){spare, half}, (cilksort_run){spare + half, n - half}, at);
}

typedef struct state {
    cilksort_arrays arrays;
    int threads;
} state;

static void *start(const bench_config *config)
{
    state *s = malloc(sizeof *s);
    s->arrays = cilksort_arrays_new(config);
    s->threads = config->threads;
    return s;
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    cilksort_fill(&s->arrays);
    double begin = bench_now();
#pragma omp parallel num_threads(s->threads)
#pragma omp single
    sort(s->arrays.at, s->arrays.spare, s->arrays.n);
    cilksort_report(sample, begin, &s->arrays);
}

static void stop(void *p)
{
    state *s = p;
    cilksort_arrays_free(&s->arrays);
    free(s);
}

const bench_peer cilksort_omp = {"omp", start, run, stop};

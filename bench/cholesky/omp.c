/* SPDX-License-Identifier: Apache-2.0 */
#include "cholesky.h"

#include <stdlib.h>
#include <string.h>

typedef struct state {
    cholesky_matrix matrix, factor;
    int threads;
} state;

static void *start(const bench_config *config)
{
    state *s = malloc(sizeof *s);
    cholesky_blas_threads(1);
    s->threads = config->threads;
    cholesky_new(&s->matrix, config);
    cholesky_new_like(&s->factor, &s->matrix);
    return s;
}

static void update(const cholesky_matrix *m, int64_t i, int64_t k)
{
    int64_t n = m->tile;
    double *a = cholesky_tile(m, i, k), *square = cholesky_tile(m, i, i);
#pragma omp task firstprivate(square, a, n) depend(in : a[0]) depend(inout : square[0])
    cholesky_square(square, a, n);
    for (int64_t j = k + 1; j < i; j++) {
        double *c = cholesky_tile(m, i, j), *b = cholesky_tile(m, j, k);
#pragma omp task firstprivate(c, a, b, n) depend(in : a[0], b[0]) depend(inout : c[0])
        cholesky_multiply(c, a, b, n);
    }
}

static void make(const cholesky_matrix *m)
{
    int64_t n = m->tile;
    for (int64_t k = 0; k < m->tiles; k++) {
        double *l = cholesky_tile(m, k, k);
#pragma omp task firstprivate(l, n) depend(inout : l[0])
        cholesky_factor(l, n);
        for (int64_t i = k + 1; i < m->tiles; i++) {
            double *a = cholesky_tile(m, i, k);
#pragma omp task firstprivate(a, l, n) depend(in : l[0]) depend(inout : a[0])
            cholesky_solve(a, l, n);
        }
        for (int64_t i = k + 1; i < m->tiles; i++)
            update(m, i, k);
    }
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    double begin = bench_now();
    memcpy(s->factor.data, s->matrix.data, cholesky_bytes(&s->matrix));
#pragma omp parallel num_threads(s->threads)
#pragma omp single
    make(&s->factor);
    cholesky_report(&s->matrix, &s->factor, begin, bench_now(), sample);
}

static void stop(void *p)
{
    state *s = p;
    cholesky_free(&s->matrix);
    cholesky_free(&s->factor);
    free(s);
}

const bench_peer cholesky_omp = {"omp", start, run, stop};

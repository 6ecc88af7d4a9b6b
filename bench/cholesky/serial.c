/* SPDX-License-Identifier: Apache-2.0 */
#include "cholesky.h"

#include <stdlib.h>
#include <string.h>

typedef struct state {
    cholesky_matrix matrix, factor;
} state;

static void *start(const bench_config *config)
{
    state *s = malloc(sizeof *s);
    cholesky_blas_threads(1);
    cholesky_new(&s->matrix, config);
    cholesky_new_like(&s->factor, &s->matrix);
    return s;
}

static void factor(const cholesky_matrix *m)
{
    int64_t n = m->tile;
    for (int64_t k = 0; k < m->tiles; k++) {
        cholesky_factor(cholesky_tile(m, k, k), n);
        for (int64_t i = k + 1; i < m->tiles; i++)
            cholesky_solve(cholesky_tile(m, i, k), cholesky_tile(m, k, k), n);
        for (int64_t i = k + 1; i < m->tiles; i++) {
            cholesky_square(cholesky_tile(m, i, i), cholesky_tile(m, i, k), n);
            for (int64_t j = k + 1; j < i; j++)
                cholesky_multiply(cholesky_tile(m, i, j), cholesky_tile(m, i, k),
                                  cholesky_tile(m, j, k), n);
        }
    }
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    double begin = bench_now();
    memcpy(s->factor.data, s->matrix.data, cholesky_bytes(&s->matrix));
    factor(&s->factor);
    cholesky_report(&s->matrix, &s->factor, begin, bench_now(), sample);
}

static void stop(void *p)
{
    state *s = p;
    cholesky_free(&s->matrix);
    cholesky_free(&s->factor);
    free(s);
}

const bench_peer cholesky_serial = {"serial", start, run, stop};

/* SPDX-License-Identifier: Apache-2.0 */
/* OpenBLAS's own factorisation, of the matrix in one piece, on its own threads. */
#include "cholesky.h"

#include <stdlib.h>
#include <string.h>

typedef struct state {
    cholesky_matrix matrix, factor;
    double *before, *after; /* by columns */
} state;

/* Copies each column of each tile between a matrix by columns and tiles. */
static void copy(const cholesky_matrix *tiles, double *columns, bool to_tiles)
{
    int64_t rows = tiles->tiles * tiles->tile;
    for (int64_t i = 0; i < tiles->tiles; i++)
        for (int64_t j = 0; j <= i; j++)
            for (int64_t c = 0; c < tiles->tile; c++) {
                double *there = columns + (j * tiles->tile + c) * rows + i * tiles->tile;
                double *here = cholesky_tile(tiles, i, j) + c * tiles->tile;
                memcpy(to_tiles ? here : there, to_tiles ? there : here,
                       (size_t)tiles->tile * sizeof(double));
            }
}

static void *start(const bench_config *config)
{
    state *s = malloc(sizeof *s);
    cholesky_blas_threads(config->threads);
    cholesky_new(&s->matrix, config);
    cholesky_new_like(&s->factor, &s->matrix);
    size_t rows = (size_t)(s->matrix.tiles * s->matrix.tile);
    s->before = calloc(rows * rows, sizeof *s->before);
    s->after = calloc(rows * rows, sizeof *s->after);
    copy(&s->matrix, s->before, false);
    return s;
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    int64_t rows = s->matrix.tiles * s->matrix.tile;
    double begin = bench_now();
    memcpy(s->after, s->before, (size_t)(rows * rows) * sizeof *s->after);
    cholesky_factor(s->after, rows);
    double end = bench_now();
    copy(&s->factor, s->after, true);
    cholesky_report(&s->matrix, &s->factor, begin, end, sample);
}

static void stop(void *p)
{
    state *s = p;
    cholesky_free(&s->matrix);
    cholesky_free(&s->factor);
    free(s->before);
    free(s->after);
    free(s);
}

const bench_peer cholesky_whole = {"openblas", start, run, stop};

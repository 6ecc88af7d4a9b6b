/* SPDX-License-Identifier: Apache-2.0 */
#include "cholesky.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* LAPACK's, which OpenBLAS has without a header. */
void dpotrf_(const char *part, const int *n, double *a, const int *lda, int *info);

static size_t tile_size(const cholesky_matrix *m)
{
    return (size_t)(m->tile * m->tile);
}

size_t cholesky_bytes(const cholesky_matrix *m)
{
    return (size_t)(m->tiles * (m->tiles + 1) / 2) * tile_size(m) * sizeof(double);
}

double *cholesky_tile(const cholesky_matrix *m, int64_t i, int64_t j)
{
    return m->data + (size_t)(i * (i + 1) / 2 + j) * tile_size(m);
}

/* Positive definite, as the diagonal outweighs the rest of its row. */
static double element(int64_t row, int64_t column, int64_t rows)
{
    int64_t distance = row > column ? row - column : column - row;
    return 1 / (1 + (double)distance) + (distance ? 0 : (double)rows);
}

void cholesky_new(cholesky_matrix *m, const bench_config *config)
{
    m->tile = atoll(config->shape);
    m->tiles = (config->size + m->tile - 1) / m->tile;
    cholesky_new_like(m, m);
    for (int64_t i = 0; i < m->tiles; i++)
        for (int64_t j = 0; j <= i; j++)
            for (int64_t c = 0; c < m->tile; c++)
                for (int64_t r = 0; r < m->tile; r++)
                    cholesky_tile(m, i, j)[c * m->tile + r] =
                        element(i * m->tile + r, j * m->tile + c, m->tiles * m->tile);
}

void cholesky_new_like(cholesky_matrix *copy, const cholesky_matrix *m)
{
    *copy = *m;
    copy->data = malloc(cholesky_bytes(m));
    memset(copy->data, 0, cholesky_bytes(m));
}

void cholesky_free(cholesky_matrix *m)
{
    free(m->data);
}

void cholesky_blas_threads(int threads)
{
    openblas_set_num_threads(threads);
}

void cholesky_factor(double *a, int64_t n)
{
    int rows = (int)n, info;
    dpotrf_("L", &rows, a, &rows, &info);
    if (info != 0) {
        fprintf(stderr, "cholesky: dpotrf says %d\n", info);
        exit(EXIT_FAILURE);
    }
}

void cholesky_solve(double *a, const double *l, int64_t n)
{
    int rows = (int)n;
    cblas_dtrsm(CblasColMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, rows, rows, 1, l,
                rows, a, rows);
}

void cholesky_square(double *c, const double *a, int64_t n)
{
    int rows = (int)n;
    cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, rows, rows, -1, a, rows, 1, c, rows);
}

void cholesky_multiply(double *c, const double *a, const double *b, int64_t n)
{
    int rows = (int)n;
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, rows, rows, rows, -1, a, rows, b, rows, 1,
                c, rows);
}

/* y = M x, or M^T x, with M the lower triangle of the tiles. */
static void times(const cholesky_matrix *m, bool transposed, const double *x, double *y)
{
    memset(y, 0, (size_t)(m->tiles * m->tile) * sizeof *y);
    for (int64_t i = 0; i < m->tiles; i++)
        for (int64_t j = 0; j <= i; j++)
            for (int64_t c = 0; c < m->tile; c++)
                for (int64_t r = i == j ? c : 0; r < m->tile; r++) {
                    int64_t row = i * m->tile + r, column = j * m->tile + c;
                    double value = cholesky_tile(m, i, j)[c * m->tile + r];
                    if (transposed)
                        y[column] += value * x[row];
                    else
                        y[row] += value * x[column];
                }
}

/* |A x - L L^T x| / |A x| for one x. A is symmetric: its lower triangle, that transposed, and once
 * less the diagonal. */
static double residual(const cholesky_matrix *a, const cholesky_matrix *l)
{
    int64_t n = a->tiles * a->tile;
    double *v = calloc((size_t)(4 * n), sizeof *v), *x = v, *y = x + n, *z = y + n, *w = z + n;
    for (int64_t i = 0; i < n; i++)
        x[i] = 1 + (double)(i % 7);
    times(l, true, x, y);
    times(l, false, y, z);
    times(a, false, x, y);
    times(a, true, x, w);
    double error = 0, norm = 0;
    for (int64_t i = 0; i < n; i++) {
        double ax = y[i] + w[i] - element(i, i, n) * x[i];
        error += (ax - z[i]) * (ax - z[i]);
        norm += ax * ax;
    }
    free(v);
    return sqrt(error / norm);
}

void cholesky_report(const cholesky_matrix *matrix, const cholesky_matrix *factor, double begin,
                     double end, bench_sample *sample)
{
    sample->values[0] = (end - begin) / 1e6;
    sample->checksum = residual(matrix, factor) < 1e-12;
}

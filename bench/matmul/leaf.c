/* SPDX-License-Identifier: Apache-2.0 */
#include "matmul.h"

#include <stdlib.h>
#include <string.h>

/* Four rows of B at once, so that a row of C is loaded and stored once for them. */
static void multiply(const double *restrict a, const double *restrict b, double *restrict c)
{
    enum { N = MATMUL_SIDE };
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < N; k += 4) {
            double a0 = a[i * N + k], a1 = a[i * N + k + 1];
            double a2 = a[i * N + k + 2], a3 = a[i * N + k + 3];
            const double *row = b + k * N;
            for (int j = 0; j < N; j++)
                c[i * N + j] +=
                    a0 * row[j] + a1 * row[N + j] + a2 * row[2 * N + j] + a3 * row[3 * N + j];
        }
    }
}

void matmul_leaf(const matmul_matrices *m, int row, int column, int depth)
{
    multiply(m->a[row * m->tiles + depth], m->b[depth * m->tiles + column],
             m->c[row * m->tiles + column]);
}

static size_t bytes(const matmul_matrices *m)
{
    return (size_t)m->tiles * (size_t)m->tiles * sizeof(matmul_tile);
}

static matmul_tile *matrix_new(const matmul_matrices *m, unsigned seed)
{
    matmul_tile *tiles = aligned_alloc(64, bytes(m));
    for (size_t i = 0; i < bytes(m) / sizeof(double); i++)
        (*tiles)[i] = (double)((i * 7 + seed) % 13) / 8 - 0.75;
    return tiles;
}

matmul_matrices matmul_matrices_new(const bench_config *config)
{
    matmul_matrices m = {.tiles = (int)((config->size + MATMUL_SIDE - 1) / MATMUL_SIDE)};
    m.a = matrix_new(&m, 1);
    m.b = matrix_new(&m, 5);
    m.c = matrix_new(&m, 0);
    return m;
}

void matmul_matrices_free(matmul_matrices *m)
{
    free(m->a);
    free(m->b);
    free(m->c);
}

void matmul_clear(matmul_matrices *m)
{
    memset(m->c, 0, bytes(m));
}

void matmul_report(bench_sample *sample, double begin, const matmul_matrices *m)
{
    sample->values[0] = (bench_now() - begin) / 1e6;
    const double *c = *m->c;
    for (size_t i = 0; i < bytes(m) / sizeof *c; i++) {
        uint64_t bits;
        memcpy(&bits, &c[i], sizeof bits);
        sample->checksum += bits * (2 * i + 1);
    }
}

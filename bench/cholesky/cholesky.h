/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cholesky: the factor L of a positive definite matrix A = L L^T, in square tiles, each a task of
 * OpenBLAS on one thread. Size: rows. Shapes: rows of a tile. Measured: the time from the matrix to
 * its factor, with all that a peer prepares. Whole: OpenBLAS itself, with its own threads.
 */
#ifndef BENCH_CHOLESKY_H
#define BENCH_CHOLESKY_H

#include "../bench.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const bench_peer cholesky_serial, cholesky_bask, cholesky_omp, cholesky_tbb, cholesky_whole;

/* The lower tiles, each by columns: tile (i, j), j <= i, is number i (i + 1) / 2 + j. */
typedef struct cholesky_matrix {
    int64_t tiles, tile; /* tiles in a row or column, rows of a tile */
    double *data;
} cholesky_matrix;

/* The matrix to factor, for CONFIG, whose size is rounded up to whole tiles. */
void cholesky_new(cholesky_matrix *m, const bench_config *config);
/* One like M, its values to be set. */
void cholesky_new_like(cholesky_matrix *copy, const cholesky_matrix *m);
void cholesky_free(cholesky_matrix *m);

size_t cholesky_bytes(const cholesky_matrix *m); /* of all tiles */
double *cholesky_tile(const cholesky_matrix *m, int64_t i, int64_t j);

/* How many threads a call of OpenBLAS uses. */
void cholesky_blas_threads(int threads);

/* The four tasks, on tiles of N rows by columns. */
void cholesky_factor(double *a, int64_t n);                  /* a = L L^T; a := L */
void cholesky_solve(double *a, const double *l, int64_t n);  /* a := a L^-T */
void cholesky_square(double *c, const double *a, int64_t n); /* c -= a a^T */
void cholesky_multiply(double *c, const double *a, const double *b, int64_t n); /* c -= a b^T */

/* Fills SAMPLE for a run begun at BEGIN and ended at END; its checksum is 1 where FACTOR belongs to
 * MATRIX, up to rounding. */
void cholesky_report(const cholesky_matrix *matrix, const cholesky_matrix *factor, double begin,
                     double end, bench_sample *sample);

#ifdef __cplusplus
}
#endif
#endif

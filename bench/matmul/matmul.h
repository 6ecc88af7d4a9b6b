/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matmul: C = A B of square matrices of doubles that lie in tiles, by divide and conquer: the longest
 * side of the problem is halved until a tile is left. Rows and columns are halved into two tasks;
 * depth, where both halves add to the same tiles of C, into two calls one after the other.
 * Size: rows, rounded up to whole tiles.
 */
#ifndef BENCH_MATMUL_H
#define BENCH_MATMUL_H

#include "../bench.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const bench_peer matmul_serial, matmul_bask, matmul_omp, matmul_tbb;

enum { MATMUL_SIDE = 32 }; /* of a tile, so that three of them fit in the first-level cache */
typedef double matmul_tile[MATMUL_SIDE * MATMUL_SIDE];

typedef struct matmul_matrices {
    matmul_tile *a, *b, *c; /* row by row of tiles */
    int tiles;              /* on a side */
} matmul_matrices;

/* Some rows or columns of tiles. */
typedef struct matmul_range {
    int first, n;
} matmul_range;

static inline matmul_range matmul_lower(matmul_range r)
{
    matmul_range lower = {r.first, r.n / 2};
    return lower;
}
static inline matmul_range matmul_upper(matmul_range r)
{
    matmul_range upper = {r.first + r.n / 2, r.n - r.n / 2};
    return upper;
}

/* Adds to the tile of C in ROW and COLUMN the product of A's tile in ROW and B's in COLUMN, at DEPTH. */
void matmul_leaf(const matmul_matrices *m, int row, int column, int depth);

matmul_matrices matmul_matrices_new(const bench_config *config);
void matmul_matrices_free(matmul_matrices *m);
void matmul_clear(matmul_matrices *m);
/* Fills SAMPLE for a run that began at BEGIN. */
void matmul_report(bench_sample *sample, double begin, const matmul_matrices *m);

#ifdef __cplusplus
}
#endif
#endif

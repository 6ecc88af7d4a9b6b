/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nqueens: in how many ways can N queens stand on N x N fields? A task for each queen that is put,
 * some children for each, whose number is known at run time only. Size: N, at most 16.
 * Shapes: fine, every queen is a task; coarse, those in the first rows are, and what is below is one
 * plain call.
 */
#ifndef BENCH_NQUEENS_H
#define BENCH_NQUEENS_H

#include "../bench.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const bench_peer nqueens_serial, nqueens_bask, nqueens_omp, nqueens_tbb;

enum { NQUEENS_MOST = 16 };

/* A board whose first rows have their queens, seen from the next row: a bit for each column. */
typedef struct nqueens_board {
    uint16_t all;                  /* columns of the board */
    uint16_t columns, left, right; /* taken by a queen above, and by one on a diagonal */
    int32_t tasks;                 /* rows to come whose queens are tasks */
} nqueens_board;

/* The fields of the next row where a queen may stand. */
static inline unsigned nqueens_free(nqueens_board b)
{
    return b.all & ~(unsigned)(b.columns | b.left | b.right);
}

static inline nqueens_board nqueens_put(nqueens_board b, unsigned field)
{
    nqueens_board next = {b.all, (uint16_t)(b.columns | field),
                          (uint16_t)((b.left | field) << 1 & b.all),
                          (uint16_t)((b.right | field) >> 1), b.tasks - 1};
    return next;
}

/* The solutions that are left on BOARD, counted without tasks. */
int64_t nqueens_count(nqueens_board board);

typedef struct nqueens_problem {
    nqueens_board empty;
    int64_t tasks;
} nqueens_problem;

nqueens_problem nqueens_problem_of(const bench_config *config);

/* Fills SAMPLE for a run that began at BEGIN and found so many SOLUTIONS. */
static inline void nqueens_report(bench_sample *sample, double begin, int64_t solutions,
                                  const nqueens_problem *problem)
{
    double ns = bench_now() - begin;
    sample->values[0] = ns / 1e6;
    sample->values[1] = ns / (double)problem->tasks;
    sample->checksum = (uint64_t)solutions;
}

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "nqueens.h"

#include <stdlib.h>

static int64_t place(nqueens_board board)
{
    if (board.tasks == 0)
        return nqueens_count(board);
    int64_t found[NQUEENS_MOST], solutions = 0;
    int n = 0;
    for (unsigned left = nqueens_free(board); left; left &= left - 1, n++) {
        nqueens_board next = nqueens_put(board, left & -left);
#pragma omp task shared(found) firstprivate(next, n)
        found[n] = place(next);
    }
#pragma omp taskwait
    while (n > 0)
        solutions += found[--n];
    return solutions;
}

typedef struct state {
    nqueens_problem problem;
    int threads;
} state;

static void *start(const bench_config *config)
{
    state *s = malloc(sizeof *s);
    s->problem = nqueens_problem_of(config);
    s->threads = config->threads;
    return s;
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    int64_t solutions = 0;
    double begin = bench_now();
#pragma omp parallel num_threads(s->threads)
#pragma omp single
    solutions = place(s->problem.empty);
    nqueens_report(sample, begin, solutions, &s->problem);
}

const bench_peer nqueens_omp = {"omp", start, run, free};

/* SPDX-License-Identifier: Apache-2.0 */
#include "../bask_start.h"
#include "nqueens.h"

BASK_KERNEL(int64_t, place, (nqueens_board, board))
{
    if (board.tasks == 0)
        return nqueens_count(board);
    bask_spawned(place) calls[NQUEENS_MOST];
    int n = 0;
    for (unsigned left = nqueens_free(board); left; left &= left - 1)
        bask_spawn_at(&calls[n++], place, nqueens_put(board, left & -left));
    int64_t solutions = 0;
    while (n > 0)
        solutions += bask_sync_at(&calls[--n], place);
    return solutions;
}

typedef struct state {
    bask_client *client;
    nqueens_problem problem;
} state;

static void *start(const bench_config *config)
{
    state *s = malloc(sizeof *s);
    s->client = bench_open(config);
    s->problem = nqueens_problem_of(config);
    return s;
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    int64_t solutions = 0;
    double begin = bench_now();
    bask_check(bask_invoke(s->client, &solutions, place, s->problem.empty));
    nqueens_report(sample, begin, solutions, &s->problem);
}

static void stop(void *p)
{
    state *s = p;
    bask_close(s->client);
    free(s);
}

const bench_peer nqueens_bask = {"bask", start, run, stop};

// SPDX-License-Identifier: Apache-2.0
#include "nqueens.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

namespace
{
int64_t place(nqueens_board board)
{
    if (board.tasks == 0)
        return nqueens_count(board);
    unsigned left = nqueens_free(board);
    if (!left)
        return 0;
    int64_t found[NQUEENS_MOST], solutions = 0;
    int n = 0;
    tbb::task_group group;
    for (; left; left &= left - 1) {
        nqueens_board next = nqueens_put(board, left & -left);
        group.run([next, result = &found[n++]] { *result = place(next); });
    }
    group.wait();
    while (n > 0)
        solutions += found[--n];
    return solutions;
}

struct state {
    tbb::global_control control;
    tbb::task_arena arena;
    nqueens_problem problem;
};

void *start(const bench_config *config)
{
    return new state{{tbb::global_control::max_allowed_parallelism, (size_t)config->threads},
                     tbb::task_arena(config->threads),
                     nqueens_problem_of(config)};
}

void run(void *p, bench_sample *sample)
{
    auto *s = static_cast<state *>(p);
    double begin = bench_now();
    int64_t solutions = s->arena.execute([s] { return place(s->problem.empty); });
    nqueens_report(sample, begin, solutions, &s->problem);
}

void stop(void *p)
{
    delete static_cast<state *>(p);
}
} // namespace

extern "C" const bench_peer nqueens_tbb = {"tbb", start, run, stop};

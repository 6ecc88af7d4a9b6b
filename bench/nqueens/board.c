/* SPDX-License-Identifier: Apache-2.0 */
#include "nqueens.h"

enum { ROWS_OF_TASKS = 4 }; /* of the shape coarse */

int64_t nqueens_count(nqueens_board board)
{
    if (board.columns == board.all)
        return 1;
    int64_t solutions = 0;
    for (unsigned left = nqueens_free(board); left; left &= left - 1)
        solutions += nqueens_count(nqueens_put(board, left & -left));
    return solutions;
}

static int64_t count_tasks(nqueens_board board)
{
    int64_t tasks = 0;
    if (board.tasks > 0)
        for (unsigned left = nqueens_free(board); left; left &= left - 1)
            tasks += 1 + count_tasks(nqueens_put(board, left & -left));
    return tasks;
}

nqueens_problem nqueens_problem_of(const bench_config *config)
{
    int size = config->size < NQUEENS_MOST ? (int)config->size : NQUEENS_MOST;
    int tasks = config->shape[0] == 'c' && size > ROWS_OF_TASKS ? ROWS_OF_TASKS : size;
    nqueens_problem problem = {.empty = {.all = (uint16_t)((1u << size) - 1), .tasks = tasks}};
    problem.tasks = count_tasks(problem.empty);
    return problem;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "nqueens.h"

#include <stdlib.h>

static void *start(const bench_config *config)
{
    nqueens_problem *problem = malloc(sizeof *problem);
    *problem = nqueens_problem_of(config);
    return problem;
}

static void run(void *state, bench_sample *sample)
{
    const nqueens_problem *problem = state;
    double begin = bench_now();
    nqueens_report(sample, begin, nqueens_count(problem->empty), problem);
}

const bench_peer nqueens_serial = {"serial", start, run, free};

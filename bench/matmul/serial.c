/* SPDX-License-Identifier: Apache-2.0 */
#include "matmul.h"

#include <stdlib.h>

static void multiply(const matmul_matrices *m, matmul_range rows, matmul_range columns,
                     matmul_range depth)
{
    if (depth.n > rows.n && depth.n > columns.n) {
        multiply(m, rows, columns, matmul_lower(depth));
        multiply(m, rows, columns, matmul_upper(depth));
    } else if (rows.n > 1 && rows.n >= columns.n) {
        multiply(m, matmul_lower(rows), columns, depth);
        multiply(m, matmul_upper(rows), columns, depth);
    } else if (columns.n > 1) {
        multiply(m, rows, matmul_lower(columns), depth);
        multiply(m, rows, matmul_upper(columns), depth);
    } else {
        matmul_leaf(m, rows.first, columns.first, depth.first);
    }
}

static void *start(const bench_config *config)
{
    matmul_matrices *m = malloc(sizeof *m);
    *m = matmul_matrices_new(config);
    return m;
}

static void run(void *state, bench_sample *sample)
{
    matmul_matrices *m = state;
    matmul_range all = {0, m->tiles};
    matmul_clear(m);
    double begin = bench_now();
    multiply(m, all, all, all);
    matmul_report(sample, begin, m);
}

static void stop(void *state)
{
    matmul_matrices_free(state);
    free(state);
}

const bench_peer matmul_serial = {"serial", start, run, stop};

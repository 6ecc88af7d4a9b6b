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
#pragma omp task firstprivate(m, rows, columns, depth)
        multiply(m, matmul_lower(rows), columns, depth);
        multiply(m, matmul_upper(rows), columns, depth);
#pragma omp taskwait
    } else if (columns.n > 1) {
#pragma omp task firstprivate(m, rows, columns, depth)
        multiply(m, rows, matmul_lower(columns), depth);
        multiply(m, rows, matmul_upper(columns), depth);
#pragma omp taskwait
    } else {
        matmul_leaf(m, rows.first, columns.first, depth.first);
    }
}

typedef struct state {
    matmul_matrices m;
    int threads;
} state;

static void *start(const bench_config *config)
{
    state *s = malloc(sizeof *s);
    s->m = matmul_matrices_new(config);
    s->threads = config->threads;
    return s;
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    matmul_range all = {0, s->m.tiles};
    matmul_clear(&s->m);
    double begin = bench_now();
#pragma omp parallel num_threads(s->threads)
#pragma omp single
    multiply(&s->m, all, all, all);
    matmul_report(sample, begin, &s->m);
}

static void stop(void *p)
{
    state *s = p;
    matmul_matrices_free(&s->m);
    free(s);
}

const bench_peer matmul_omp = {"omp", start, run, stop};

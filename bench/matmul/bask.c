/* SPDX-License-Identifier: Apache-2.0 */
#include "../bask_start.h"
#include "matmul.h"

BASK_KERNEL(void, multiply, (const matmul_matrices *, m), (matmul_range, rows),
            (matmul_range, columns), (matmul_range, depth))
{
    if (depth.n > rows.n && depth.n > columns.n) {
        bask_call(multiply, m, rows, columns, matmul_lower(depth));
        bask_call(multiply, m, rows, columns, matmul_upper(depth));
    } else if (rows.n > 1 && rows.n >= columns.n) {
        bask_spawn(lower, multiply, m, matmul_lower(rows), columns, depth);
        bask_call(multiply, m, matmul_upper(rows), columns, depth);
        bask_sync(lower);
    } else if (columns.n > 1) {
        bask_spawn(lower, multiply, m, rows, matmul_lower(columns), depth);
        bask_call(multiply, m, rows, matmul_upper(columns), depth);
        bask_sync(lower);
    } else {
        matmul_leaf(m, rows.first, columns.first, depth.first);
    }
}

typedef struct state {
    bask_client *client;
    matmul_matrices m;
} state;

static void *start(const bench_config *config)
{
    state *s = malloc(sizeof *s);
    s->client = bench_open(config);
    s->m = matmul_matrices_new(config);
    return s;
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    matmul_range all = {0, s->m.tiles};
    matmul_clear(&s->m);
    double begin = bench_now();
    bask_check(bask_invoke(s->client, NULL, multiply, &s->m, all, all, all));
    matmul_report(sample, begin, &s->m);
}

static void stop(void *p)
{
    state *s = p;
    bask_close(s->client);
    matmul_matrices_free(&s->m);
    free(s);
}

const bench_peer matmul_bask = {"bask", start, run, stop};

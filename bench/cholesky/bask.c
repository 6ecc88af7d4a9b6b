/* SPDX-License-Identifier: Apache-2.0 */
/* Every tile is a buffer, which each task takes from the one before it and hands on: nothing is
 * copied after the load. */
#include "../bask_start.h"
#include "cholesky.h"

static cholesky_matrix matrix; /* of this process, which serves one peer */

BASK_KERNEL(bask_buffer *, load, (int32_t, i), (int32_t, j))
{
    size_t bytes = (size_t)(matrix.tile * matrix.tile) * sizeof(double);
    bask_buffer *tile = bask_buffer_new(bytes);
    if (tile)
        memcpy(bask_buffer_data(tile), cholesky_tile(&matrix, i, j), bytes);
    return tile;
}
BASK_KERNEL(bask_buffer *, factor, (bask_span, a))
{
    bask_buffer *l = bask_take(a);
    if (l)
        cholesky_factor(bask_buffer_data(l), matrix.tile);
    return l;
}
BASK_KERNEL(bask_buffer *, solve, (bask_span, a), (bask_span, l))
{
    bask_buffer *x = bask_take(a);
    if (x)
        cholesky_solve(bask_buffer_data(x), l.data, matrix.tile);
    return x;
}
BASK_KERNEL(bask_buffer *, square, (bask_span, c), (bask_span, a))
{
    bask_buffer *x = bask_take(c);
    if (x)
        cholesky_square(bask_buffer_data(x), a.data, matrix.tile);
    return x;
}
BASK_KERNEL(bask_buffer *, multiply, (bask_span, c), (bask_span, a), (bask_span, b))
{
    bask_buffer *x = bask_take(c);
    if (x)
        cholesky_multiply(bask_buffer_data(x), a.data, b.data, matrix.tile);
    return x;
}

typedef struct state {
    bask_client *client;
    cholesky_matrix factor;
    bask_delayed **tiles; /* the latest node of each tile */
    size_t ntiles;
} state;

static void *start(const bench_config *config)
{
    state *s = malloc(sizeof *s);
    s->client = bench_open(config);
    cholesky_blas_threads(1);
    cholesky_new(&matrix, config);
    cholesky_new_like(&s->factor, &matrix);
    s->ntiles = (size_t)(matrix.tiles * (matrix.tiles + 1) / 2);
    s->tiles = calloc(s->ntiles, sizeof *s->tiles);
    return s;
}

static bask_delayed **at(const state *s, int64_t i, int64_t j)
{
    return &s->tiles[i * (i + 1) / 2 + j];
}

static void build(const state *s, bask_graph *g)
{
    int64_t n = matrix.tiles;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++)
            *at(s, i, j) = bask_delay(g, load, (int32_t)i, (int32_t)j);
    for (int64_t k = 0; k < n; k++) {
        *at(s, k, k) = bask_delay(g, factor, *at(s, k, k));
        for (int64_t i = k + 1; i < n; i++)
            *at(s, i, k) = bask_delay(g, solve, *at(s, i, k), *at(s, k, k));
        for (int64_t i = k + 1; i < n; i++) {
            *at(s, i, i) = bask_delay(g, square, *at(s, i, i), *at(s, i, k));
            for (int64_t j = k + 1; j < i; j++)
                *at(s, i, j) = bask_delay(g, multiply, *at(s, i, j), *at(s, i, k), *at(s, j, k));
        }
    }
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    size_t bytes = (size_t)(matrix.tile * matrix.tile) * sizeof(double);
    double begin = bench_now();
    bask_graph *g = bask_graph_new(s->client);
    build(s, g);
    bask_plan *plan;
    bask_check(bask_plan_new(s->client, s->tiles, s->ntiles, &plan));
    bask_check(bask_plan_run(plan));
    double end = bench_now();
    for (size_t i = 0; i < s->ntiles; i++) {
        bask_span tile;
        bask_check(bask_plan_result(plan, i, &tile));
        memcpy((char *)s->factor.data + i * bytes, tile.data, bytes);
    }
    bask_plan_free(plan);
    bask_graph_free(g);
    cholesky_report(&matrix, &s->factor, begin, end, sample);
}

static void stop(void *p)
{
    state *s = p;
    bask_close(s->client);
    cholesky_free(&matrix);
    cholesky_free(&s->factor);
    free(s->tiles);
    free(s);
}

const bench_peer cholesky_bask = {"bask", start, run, stop};

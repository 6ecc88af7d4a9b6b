/* SPDX-License-Identifier: Apache-2.0 */
#include "../bask_start.h"
#include "granularity.h"

BASK_KERNEL(uint64_t, first)
{
    return granularity_task(0, 0, 0);
}
BASK_KERNEL(uint64_t, only, (uint64_t, b))
{
    return granularity_task(0, b, 0);
}
BASK_KERNEL(uint64_t, leftmost, (uint64_t, b), (uint64_t, c))
{
    return granularity_task(0, b, c);
}
BASK_KERNEL(uint64_t, rightmost, (uint64_t, a), (uint64_t, b))
{
    return granularity_task(a, b, 0);
}
BASK_KERNEL(uint64_t, inner, (uint64_t, a), (uint64_t, b), (uint64_t, c))
{
    return granularity_task(a, b, c);
}

typedef struct state {
    const bench_config *config;
    bask_client *client;
    bask_graph *graph;
    bask_plan *plan;
    int64_t width;
} state;

static bask_delayed *below(bask_graph *g, bask_delayed *const *above, int64_t width, int64_t i)
{
    if (width == 1)
        return bask_delay(g, only, above[0]);
    if (i == 0)
        return bask_delay(g, leftmost, above[0], above[1]);
    if (i == width - 1)
        return bask_delay(g, rightmost, above[i - 1], above[i]);
    return bask_delay(g, inner, above[i - 1], above[i], above[i + 1]);
}

static void build(void *p, int64_t width, int64_t rows)
{
    state *s = p;
    size_t bytes = (size_t)width * sizeof(bask_delayed *);
    bask_delayed **above = malloc(bytes), **row = malloc(bytes);
    s->width = width;
    s->graph = bask_graph_new(s->client);
    for (int64_t i = 0; i < width; i++)
        above[i] = bask_delay(s->graph, first);
    for (int64_t r = 1; r < rows; r++) {
        for (int64_t i = 0; i < width; i++)
            row[i] = below(s->graph, above, width, i);
        memcpy(above, row, bytes);
    }
    bask_check(bask_plan_new(s->client, above, (size_t)width, &s->plan));
    free(above);
    free(row);
}

static uint64_t run_grid(void *p)
{
    state *s = p;
    uint64_t sum = 0;
    bask_check(bask_plan_run(s->plan));
    for (int64_t i = 0; i < s->width; i++) {
        uint64_t value;
        bask_check(bask_plan_result(s->plan, (size_t)i, &value));
        sum += value;
    }
    return sum;
}

static void clear(void *p)
{
    state *s = p;
    bask_plan_free(s->plan);
    bask_graph_free(s->graph);
}

static const granularity_peer grid = {build, run_grid, clear};

static void *start(const bench_config *config)
{
    state *s = calloc(1, sizeof *s);
    s->client = bench_open(config);
    s->config = config;
    return s;
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    granularity_measure(&grid, s, s->config, s->config->threads, sample);
}

static void stop(void *p)
{
    state *s = p;
    bask_close(s->client);
    free(s);
}

const bench_peer granularity_bask = {"bask", start, run, stop};

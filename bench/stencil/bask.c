/* SPDX-License-Identifier: Apache-2.0 */
/* A graph of one batch of steps, planned once: nodes wait for their neighbours, not for a whole step,
 * and the cells stay where they are. */
#include "../bask_start.h"
#include "stencil.h"

static stencil_field field; /* of this process, which serves one peer */

typedef struct place {
    int64_t block, step;
} place;

static bool advance(place at)
{
    stencil_advance(&field, at.block, at.step);
    return true;
}

/* The arguments before the last stand for the neighbours' step before. */
BASK_KERNEL(bool, first, (place, at))
{
    return advance(at);
}
BASK_KERNEL(bool, after1, (bool, a), (place, at))
{
    return a && advance(at);
}
BASK_KERNEL(bool, after2, (bool, a), (bool, b), (place, at))
{
    return a && b && advance(at);
}
BASK_KERNEL(bool, after3, (bool, a), (bool, b), (bool, c), (place, at))
{
    return a && b && c && advance(at);
}

typedef struct state {
    bask_client *client;
    bask_graph *graph;
    bask_plan *plan;
    double prepared; /* microseconds */
} state;

static bask_delayed *node(bask_graph *g, bask_delayed *const *before, place at)
{
    int64_t i = at.block, last = field.blocks - 1;
    if (at.step == 0)
        return bask_delay(g, first, at);
    if (last == 0)
        return bask_delay(g, after1, before[0], at);
    if (i == 0 || i == last)
        return bask_delay(g, after2, before[i ? i - 1 : 0], before[i ? i : 1], at);
    return bask_delay(g, after3, before[i - 1], before[i], before[i + 1], at);
}

static void prepare(state *s)
{
    size_t bytes = (size_t)field.blocks * sizeof(bask_delayed *);
    bask_delayed **before = malloc(bytes), **now = malloc(bytes);
    s->graph = bask_graph_new(s->client);
    for (int64_t step = 0; step < STENCIL_BATCH; step++) {
        for (int64_t block = 0; block < field.blocks; block++)
            now[block] = node(s->graph, before, (place){block, step});
        memcpy(before, now, bytes);
    }
    bask_check(bask_plan_new(s->client, before, (size_t)field.blocks, &s->plan));
    free(before);
    free(now);
}

static void *start(const bench_config *config)
{
    state *s = malloc(sizeof *s);
    s->client = bench_open(config);
    stencil_new(&field, config);
    double begin = bench_now();
    prepare(s);
    s->prepared = (bench_now() - begin) / 1e3;
    return s;
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    stencil_reset(&field);
    double begin = bench_now();
    for (int batch = 0; batch < STENCIL_BATCHES; batch++)
        bask_check(bask_plan_run(s->plan));
    stencil_report(&field, begin, sample);
    sample->values[STENCIL_PREPARE] = s->prepared;
}

static void stop(void *p)
{
    state *s = p;
    bask_plan_free(s->plan);
    bask_graph_free(s->graph);
    bask_close(s->client);
    stencil_free(&field);
    free(s);
}

const bench_peer stencil_bask = {"bask", start, run, stop};

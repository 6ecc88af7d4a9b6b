/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor that other designs are held against: 32-byte nodes, successors in one array (CSR), an
 * atomic counter for each node, a LIFO of ready nodes, one thread. It is planned by one pass against
 * the order of building.
 */
#include "graph.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef struct cell {
    uint64_t value;
    uint32_t deps[3];
    uint8_t ndeps;
    bool wanted;
    _Atomic uint32_t missing; /* dependencies that have not run */
    uint32_t first;           /* of its successors */
} cell;

typedef struct state {
    graph_shape shape;
    double resident;
    cell *cells;
    uint32_t *successors, *stack;
    uint32_t *outputs;
    size_t noutputs;
} state;

static void *start(const bench_config *config)
{
    state *s = calloc(1, sizeof *s);
    s->shape = graph_shape_of(config);
    s->noutputs = graph_outputs(&s->shape, &s->outputs);
    s->resident = bench_resident();
    return s;
}

static void build(state *s)
{
    size_t n = (size_t)s->shape.nodes, edges = 0;
    cell *cells = s->cells = malloc((n + 1) * sizeof *cells);
    uint32_t *place = calloc(n + 1, sizeof *place);
    for (size_t i = 0; i < n; i++) {
        int64_t deps[3];
        cells[i].ndeps = (uint8_t)graph_deps(&s->shape, (int64_t)i, deps);
        for (int d = 0; d < cells[i].ndeps; d++) {
            cells[i].deps[d] = (uint32_t)deps[d];
            place[deps[d]]++;
        }
        edges += cells[i].ndeps;
    }
    uint32_t total = 0;
    for (size_t i = 0; i <= n; i++) {
        uint32_t count = i < n ? place[i] : 0;
        cells[i].first = place[i] = total;
        total += count;
    }
    s->successors = malloc((edges + 1) * sizeof *s->successors);
    for (size_t i = 0; i < n; i++)
        for (int d = 0; d < cells[i].ndeps; d++)
            s->successors[place[cells[i].deps[d]]++] = (uint32_t)i;
    free(place);
    s->stack = malloc((n + 1) * sizeof *s->stack);
}

static void plan(state *s)
{
    cell *cells = s->cells;
    for (int64_t i = 0; i < s->shape.nodes; i++)
        cells[i].wanted = false;
    for (size_t i = 0; i < s->noutputs; i++)
        cells[s->outputs[i]].wanted = true;
    for (int64_t i = s->shape.nodes; i-- > 0;)
        for (int d = 0; cells[i].wanted && d < cells[i].ndeps; d++)
            cells[cells[i].deps[d]].wanted = true;
}

static void evaluate(state *s)
{
    size_t n = (size_t)s->shape.nodes, top = 0;
    cell *cells = s->cells;
    for (size_t i = n; i-- > 0;) {
        /* One more than ever arrive keeps away what is not wanted. */
        uint32_t missing = cells[i].wanted ? cells[i].ndeps : cells[i].ndeps + 1u;
        atomic_store_explicit(&cells[i].missing, missing, memory_order_relaxed);
        if (missing == 0)
            s->stack[top++] = (uint32_t)i;
    }
    while (top) {
        cell *c = &cells[s->stack[--top]];
        c->value = graph_value(c->ndeps > 0 ? cells[c->deps[0]].value : 0,
                               c->ndeps > 1 ? cells[c->deps[1]].value : 0,
                               c->ndeps > 2 ? cells[c->deps[2]].value : 0);
        for (uint32_t e = c[0].first; e < c[1].first; e++)
            if (atomic_fetch_sub_explicit(&cells[s->successors[e]].missing, 1,
                                          memory_order_acq_rel) == 1)
                s->stack[top++] = s->successors[e];
    }
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    double n = (double)s->shape.nodes, t0 = bench_now();
    build(s);
    double t1 = bench_now();
    plan(s);
    double t2 = bench_now();
    evaluate(s);
    double t3 = bench_now();
    evaluate(s);
    double t4 = bench_now();
    sample->values[GRAPH_BUILD] = (t1 - t0) / n;
    sample->values[GRAPH_PLAN] = (t2 - t1) / n;
    sample->values[GRAPH_RUN] = (t3 - t2) / n;
    sample->values[GRAPH_RERUN] = (t4 - t3) / n;
    sample->values[GRAPH_MEMORY] = (bench_resident() - s->resident) / n;
    uint64_t *values = malloc((size_t)s->shape.nodes * sizeof *values);
    for (int64_t i = 0; i < s->shape.nodes; i++)
        values[i] = s->cells[i].value;
    sample->checksum = graph_checksum(&s->shape, values);
    free(values);
    free(s->cells);
    free(s->successors);
    free(s->stack);
}

static void stop(void *p)
{
    free(((state *)p)->outputs);
    free(p);
}

const bench_peer graph_serial = {"serial", start, run, stop};

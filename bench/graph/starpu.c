/* SPDX-License-Identifier: Apache-2.0 */
#include "../starpu_start.h"
#include "graph.h"

#include <starpu.h>
#include <stdlib.h>

typedef struct cell {
    uint64_t value;
    const struct cell *deps[3];
    int ndeps;
} cell;

typedef struct state {
    graph_shape shape;
    double resident;
    cell *cells;
    struct starpu_task **tasks;
    uint64_t *values;
} state;

static void evaluate(void *buffers[], void *argument)
{
    (void)buffers;
    cell *c = argument;
    c->value =
        graph_value(c->ndeps > 0 ? c->deps[0]->value : 0, c->ndeps > 1 ? c->deps[1]->value : 0,
                    c->ndeps > 2 ? c->deps[2]->value : 0);
}

static struct starpu_codelet codelet = {.cpu_funcs = {evaluate}, .where = STARPU_CPU};

static void *start(const bench_config *config)
{
    if (!bench_starpu_start(config->threads))
        return NULL;
    state *s = malloc(sizeof *s);
    s->shape = graph_shape_of(config);
    size_t n = (size_t)s->shape.nodes;
    s->cells = calloc(n, sizeof *s->cells);
    s->tasks = calloc(n, sizeof *s->tasks);
    s->values = calloc(n, sizeof *s->values);
    s->resident = bench_resident();
    return s;
}

static void build(state *s)
{
    for (int64_t i = 0, d[3]; i < s->shape.nodes; i++) {
        struct starpu_task *deps[3], *task = starpu_task_create();
        cell *c = &s->cells[i];
        c->ndeps = graph_deps(&s->shape, i, d);
        for (int k = 0; k < c->ndeps; k++) {
            c->deps[k] = &s->cells[d[k]];
            deps[k] = s->tasks[d[k]];
        }
        task->cl = &codelet;
        task->cl_arg = c;
        task->destroy = 0; /* until all have run, as others name it as their dependency */
        starpu_task_declare_deps_array(task, (unsigned)c->ndeps, deps);
        s->tasks[i] = task;
    }
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    double n = (double)s->shape.nodes, t0 = bench_now();
    build(s);
    double t1 = bench_now();
    for (int64_t i = 0; i < s->shape.nodes; i++)
        if (starpu_task_submit(s->tasks[i]) != 0)
            exit(EXIT_FAILURE);
    starpu_task_wait_for_all();
    double t2 = bench_now();
    sample->values[GRAPH_BUILD] = (t1 - t0) / n;
    sample->values[GRAPH_RUN] = (t2 - t1) / n;
    sample->values[GRAPH_MEMORY] = (bench_resident() - s->resident) / n;
    for (int64_t i = 0; i < s->shape.nodes; i++) {
        starpu_task_destroy(s->tasks[i]);
        s->values[i] = s->cells[i].value;
    }
    sample->checksum = graph_checksum(&s->shape, s->values);
}

static void stop(void *p)
{
    state *s = p;
    starpu_shutdown();
    free(s->cells);
    free(s->tasks);
    free(s->values);
    free(s);
}

const bench_peer graph_starpu = {"starpu", start, run, stop};

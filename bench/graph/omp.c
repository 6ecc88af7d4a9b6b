/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenMP has no graph to build first: tasks with dependences run while they are made, and the
 * runtime holds back the maker once it has too many. So there is one figure, for both.
 */
#include "graph.h"

#include <math.h>
#include <stdlib.h>

typedef struct state {
    graph_shape shape;
    int threads;
    uint64_t *values;
} state;

static void *start(const bench_config *config)
{
    state *s = malloc(sizeof *s);
    s->shape = graph_shape_of(config);
    s->threads = config->threads;
    s->values = calloc((size_t)s->shape.nodes, sizeof *s->values);
    return s;
}

static void make(const graph_shape *shape, uint64_t *v)
{
    for (int64_t i = 0, d[3]; i < shape->nodes; i++) {
        int64_t a, b, c;
        switch (graph_deps(shape, i, d)) {
        case 0:
#pragma omp task firstprivate(i) depend(out : v[i])
            v[i] = graph_value(0, 0, 0);
            break;
        case 1:
            a = d[0];
#pragma omp task firstprivate(i, a) depend(in : v[a]) depend(out : v[i])
            v[i] = graph_value(v[a], 0, 0);
            break;
        case 2:
            a = d[0], b = d[1];
#pragma omp task firstprivate(i, a, b) depend(in : v[a], v[b]) depend(out : v[i])
            v[i] = graph_value(v[a], v[b], 0);
            break;
        default:
            a = d[0], b = d[1], c = d[2];
#pragma omp task firstprivate(i, a, b, c) depend(in : v[a], v[b], v[c]) depend(out : v[i])
            v[i] = graph_value(v[a], v[b], v[c]);
        }
    }
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    uint64_t *values = s->values;
    double begin = bench_now();
#pragma omp parallel num_threads(s->threads)
#pragma omp single
    make(&s->shape, values);
    sample->values[GRAPH_RUN] = (bench_now() - begin) / (double)s->shape.nodes;
    sample->checksum = graph_checksum(&s->shape, values);
}

static void stop(void *p)
{
    state *s = p;
    free(s->values);
    free(s);
}

const bench_peer graph_omp = {"omp", start, run, stop};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph: many nodes with next to no work, to see what a node and an edge cost. Size: nodes.
 * Node i of a shape depends on up to three earlier nodes; its value is graph_value of theirs.
 * Measured: building the graph, choosing and preparing what the outputs need, running that, and
 * running it again. Wanted is all, but for the shape half: two trees whose nodes alternate, and only
 * one of which is wanted; its figures are per node of both.
 * With a size of 10,000,000 bask's process stays below 1 GiB for every shape, of which 8 to 20
 * bytes a node are the harness's own.
 */
#ifndef BENCH_GRAPH_H
#define BENCH_GRAPH_H

#include "../bench.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const bench_peer graph_serial, graph_bask, graph_omp, graph_tbb, graph_starpu,
    graph_taskflow;

/* The metrics' order. */
enum { GRAPH_BUILD, GRAPH_PLAN, GRAPH_RUN, GRAPH_RERUN, GRAPH_MEMORY };

typedef struct graph_shape {
    char letter; /* the first of the shape's name */
    int64_t nodes, width;
} graph_shape;

/* Nodes are rounded down to what the shape needs. */
graph_shape graph_shape_of(const bench_config *config);

/* The dependencies of node I, in DEPS; returns how many. */
int graph_deps(const graph_shape *shape, int64_t i, int64_t deps[3]);

/* The nodes whose values are wanted: those on which no node depends, of the wanted tree. Returns how
 * many, their positions in OUTPUTS, which the caller frees. */
size_t graph_outputs(const graph_shape *shape, uint32_t **outputs);

/* The sum over the outputs. */
uint64_t graph_checksum(const graph_shape *shape, const uint64_t *values);

static inline uint64_t graph_value(uint64_t a, uint64_t b, uint64_t c)
{
    return a + 3 * b + 5 * c + 1;
}

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uts: counts the nodes of an unbalanced tree that nobody knows before (Olivier et al., "UTS: An
 * Unbalanced Tree Search Benchmark", LCPC 2006): a node's hash says how many children it has, and
 * gives them theirs. The hash is a 64-bit mix, not SHA-1, so that a node is next to no work. The
 * children of a node are visited by recursive halving, so there is one fork and join for each but
 * the first.
 * Shapes: geometric, a node has 4 children on average, down to a fixed depth; binomial, a node has 8
 * children or, mostly, none, and its subtree is long and thin or ends at once.
 * Size: the nodes, roughly.
 */
#ifndef BENCH_UTS_H
#define BENCH_UTS_H

#include "../bench.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const bench_peer uts_serial, uts_bask, uts_omp, uts_tbb;

typedef struct uts_node {
    uint64_t hash;
    int32_t depth, children;
} uts_node;

uts_node uts_root(const bench_config *config, int32_t *deepest);

/* DEEPEST: of the shape geometric the depth of those that have no children; of binomial 0. */
uts_node uts_child(uts_node parent, int32_t i, int32_t deepest);

/* Fills SAMPLE for a run that began at BEGIN and counted so many NODES. */
static inline void uts_report(bench_sample *sample, double begin, int64_t nodes)
{
    double ns = bench_now() - begin;
    sample->values[0] = ns / 1e6;
    sample->values[1] = ns / (double)nodes;
    sample->checksum = (uint64_t)nodes;
}

#ifdef __cplusplus
}
#endif
#endif

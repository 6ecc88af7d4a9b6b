/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Are the kernels as tiny as was thought? For executors that go through nodes in memory order: what
 * stretches of nodes take too much adds up, not more than a part of what is bearable at a time, since
 * it may be that the worker lost its processor; what they take less pays it back.
 */
#ifndef BASK_GRAPH_PACE_H
#define BASK_GRAPH_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PACE_WORD_NS = 50,     /* a word of nodes, of which the smallest node has three */
    PACE_EXCESS_NS = 60000 /* how much more a run may take before it goes on per node: run_rest */
};

/* Is that much too long for WORDS of nodes? */
static inline bool pace_slow(int64_t ns, uint64_t words)
{
    return ns > (int64_t)words * PACE_WORD_NS;
}

/* The SUM after WORDS of nodes took NS; at PACE_EXCESS_NS it is too much. */
static inline int64_t pace_add(int64_t sum, int64_t ns, uint64_t words)
{
    int64_t excess = ns - (int64_t)words * PACE_WORD_NS;
    sum += excess < PACE_EXCESS_NS / 3 ? excess : PACE_EXCESS_NS / 3;
    return sum > 0 ? sum : 0;
}

#endif

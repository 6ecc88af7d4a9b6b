/* SPDX-License-Identifier: Apache-2.0 */
#include "uts.h"

enum { BRANCHES = 4, BINOMIAL_CHILDREN = 8, BINOMIAL_SUBTREE = 1000, MOST_CHILDREN = 100 };

enum { SEED = 26 }; /* chosen: both shapes have about a million nodes at a size of a million */

/* Of the shape binomial: a subtree has 1 / (1 - 8 p) nodes on average, that is BINOMIAL_SUBTREE. */
static const double binomial_chance = 0.124875;

/* The finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* Evenly from 0 to 1, without 1. */
static double chance(uint64_t hash)
{
    return (double)(hash >> 11) * 0x1p-53;
}

/* N with the chance of 0.8^N 0.2, whose mean is BRANCHES. */
static int32_t geometric(double u)
{
    const double more = BRANCHES / (BRANCHES + 1.0);
    int32_t n = 0;
    for (double p = more; u < p && n < MOST_CHILDREN; p *= more)
        n++;
    return n;
}

uts_node uts_root(const bench_config *config, int32_t *deepest)
{
    uts_node root = {.hash = mix(SEED)};
    *deepest = 0;
    if (config->shape[0] == 'b') {
        root.children = (int32_t)(config->size / BINOMIAL_SUBTREE) + 1;
        return root;
    }
    for (int64_t nodes = 1; nodes < config->size; nodes *= BRANCHES)
        ++*deepest;
    root.children = BRANCHES;
    return root;
}

uts_node uts_child(uts_node parent, int32_t i, int32_t deepest)
{
    uts_node child = {.hash = mix(parent.hash + (uint64_t)(i + 1) * 0x9e3779b97f4a7c15u),
                      .depth = parent.depth + 1};
    double u = chance(child.hash);
    if (deepest == 0)
        child.children = u < binomial_chance ? BINOMIAL_CHILDREN : 0;
    else if (child.depth < deepest)
        child.children = geometric(u);
    return child;
}

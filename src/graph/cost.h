/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call of a kernel costs, as measured now and then: the executors differ in what they do well.
 * The kernel itself remembers it, for all graphs and clients. All accesses are relaxed: it is an
 * estimate, and threads may overwrite each other's samples.
 */
#ifndef BASK_GRAPH_COST_H
#define BASK_GRAPH_COST_H

#include <bask/kernel.h>

/*
 * bask_kernel.cost: nanoseconds << 8 | how much is known. 0: nothing ever, for only registered
 * kernels may be written to; 1: nothing yet; then one more for each sample until they are enough.
 */
enum { COST_NEVER = 0, COST_NOTHING = 1, COST_ENOUGH = 17 };

static inline uint64_t cost_load(const bask_kernel *k)
{
    return __atomic_load_n(&k->cost, __ATOMIC_RELAXED);
}

/* Are samples wanted of every call, since there are few? */
static inline bool cost_wanted(const bask_kernel *k)
{
    return (uint8_t)(cost_load(k) - COST_NOTHING) < COST_ENOUGH - COST_NOTHING;
}

/* Nanoseconds, the clock's own 25 or so included; 0: not known. */
static inline uint64_t cost_of(const bask_kernel *k)
{
    return cost_load(k) >> 8;
}

/* One call took NS. */
void cost_note(const bask_kernel *k, int64_t ns);

/* What is known is not true any more. */
void cost_forget(const bask_kernel *k);

#endif

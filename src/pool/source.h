/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources: work that is pulled, not pushed. A graph run registers one source for its roots; a
 * worker that has nothing of its own claims a range of them. A claim happens under the pool's lock
 * and is rare, since ranges grow until one takes some 20 us.
 *
 * Roots that begin more results (`held`) are not claimed while the pool's budget is exceeded. What
 * frees memory, all that is ready or runs, goes on. When nobody works any more one root is let
 * through, which may free some by what it makes ready: sleep.c, claim (e).
 */
#ifndef BASK_POOL_SOURCE_H
#define BASK_POOL_SOURCE_H

#include "pool/sleep.h"

/* A claimed range that was given back. */
typedef struct source_rest {
    struct source_rest *next;
    uint64_t from, to;
} source_rest;

/* Guarded by the pool's lock; in the pool's list while there is something to claim. */
struct source {
    source *next;         /* the list's */
    uint64_t cursor, end; /* positions cursor..end-1 are unclaimed */
    void (*run)(source *s, worker *w, uint64_t from, uint64_t to); /* runs a claimed range */
    bool held;
    source_rest *rests; /* unclaimed as well, newest first, to be claimed before the others */
};

/* Offers S (cursor < end) to the workers. It is taken off the list by the claim that empties it. */
void source_offer(bask_pool *pool, source *s);

/* Takes back a range of S that is claimed but not run, if the budget is exceeded: then true, and S
 * may be gone by now. False also when memory is short. */
bool source_give_back(bask_pool *pool, source *s, uint64_t from, uint64_t to);

/* What a worker has claimed and is to run. */
typedef struct source_range {
    source *source;
    uint64_t from, to;
} source_range;

/* Claims a range of the first source that may be claimed from. False: there is none.
 * LET_THROUGH: sleep_leave_alone has let W through to one root that may be held. */
bool source_claim(bask_pool *pool, worker *w, bool let_through, source_range *range);

static inline void source_run(const source_range *range, worker *w)
{
    range->source->run(range->source, w, range->from, range->to);
}

static inline bool source_held(bask_pool *pool)
{
    return atomic_load_explicit(&pool->nheld, memory_order_seq_cst) != 0;
}

/* Can a worker claim something without being let through? */
static inline bool source_ready(bask_pool *pool)
{
    return atomic_load_explicit(&pool->nsources, memory_order_seq_cst) != 0 ||
           (source_held(pool) && budget_open(pool->budget));
}

/* ... or so? */
static inline bool source_waiting(bask_pool *pool)
{
    return source_ready(pool) || (source_held(pool) && sleep_all_idle(pool));
}

#endif

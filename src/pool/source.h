/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources: work that is pulled, not pushed. A graph run registers one source for its roots; a
 * worker that has nothing of its own claims a range of them. A claim happens under the pool's lock
 * and is rare, since ranges grow until one takes some 20 us.
 */
#ifndef BASK_POOL_SOURCE_H
#define BASK_POOL_SOURCE_H

#include "pool/worker.h"

struct source {
    source *next;         /* the list's */
    uint64_t cursor, end; /* positions cursor..end-1 are unclaimed; guarded by the pool's lock */
    void (*run)(source *s, worker *w, uint64_t from, uint64_t to); /* runs a claimed range */
};

/* Offers S (cursor < end) to the workers. It is taken off the list by the claim that empties it. */
void source_offer(bask_pool *pool, source *s);

/* Claims a range of the first source and runs it. False: there is none. */
bool source_run(bask_pool *pool, worker *w);

static inline bool source_waiting(bask_pool *pool)
{
    return atomic_load_explicit(&pool->nsources, memory_order_seq_cst) != 0;
}

#endif

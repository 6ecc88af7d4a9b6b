/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inbox: jobs from threads that are no workers. A lock-free stack to which anybody pushes and
 * of which a worker always takes everything (so there is no ABA), laying it into its own deque such
 * that it runs, and the others steal, in about the order of submission. Unbounded; allocates
 * nothing.
 */
#ifndef BASK_POOL_INBOX_H
#define BASK_POOL_INBOX_H

#include "pool/sleep.h"
#include "pool/worker.h"

static inline bool inbox_nonempty(bask_pool *pool)
{
    return atomic_load_explicit(&pool->inbox, memory_order_seq_cst) != NULL;
}

/* Any thread. Visible work by a seq_cst CAS, then notify: pairs with a parker's P1, P3. */
static inline bool inbox_push(bask_pool *pool, bask_job *job)
{
    bask_job *newest = atomic_load_explicit(&pool->inbox, memory_order_relaxed);
    do
        job->next = newest;
    while (!atomic_compare_exchange_weak_explicit(&pool->inbox, &newest, job, memory_order_seq_cst,
                                                  memory_order_relaxed));
    return sleep_notify(pool);
}

/* Takes all; returns the oldest, the others are in W's deque, the second oldest on top. */
static inline item inbox_take(worker *w)
{
    bask_pool *pool = w->pool;
    if (!atomic_load_explicit(&pool->inbox, memory_order_relaxed))
        return 0;
    bask_job *job = atomic_exchange_explicit(&pool->inbox, NULL, memory_order_seq_cst);
    while (job && job->next) {
        bask_job *older = job->next;
        worker_push(w, (item)job | ITEM_JOB);
        job = older;
    }
    return (item)job;
}

#endif

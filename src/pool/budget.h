/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool's budget: how many bytes of results are alive, and how many may be before roots are held
 * back (source.h). It lives until the last of its results goes, which may be after the pool.
 *
 * A worker counts in its own ledger, without any atomic read-modify-write, and carries over to the
 * shared count what has come to more than the slack. So the count that roots are held back by is
 * exact to within slack times threads; the slack is a small part of the limit.
 */
#ifndef BASK_POOL_BUDGET_H
#define BASK_POOL_BUDGET_H

#include "base/bins.h"
#include <bask/pool.h>
#include <stdatomic.h>

enum {
    BUDGET_SLACK = 1 << 20, /* bytes; less where there is a limit */
    BUDGET_KEPT = 8 << 20   /* bytes of freed blocks that a worker keeps, and the depot for each */
};

/* Owner's; `bytes` and `high` are read by others as statistics, relaxed. */
typedef struct ledger {
    _Atomic int64_t bytes; /* that are alive and not carried over, may be below 0 */
    _Atomic int64_t high;  /* the most that this was since it was carried over */
    int64_t results;       /* made less gone; read by others when the thread has ended */
} ledger;

typedef struct budget {
    uint32_t process; /* that made it: base/process.h */
    int64_t limit;    /* INT64_MAX: none */
    int64_t slack;
    size_t kept;                          /* bytes of freed blocks that a worker's bins may hold */
    depot depot;                          /* what full bins gave away */
    pthread_mutex_t lock;                 /* guards `pool` */
    bask_pool *pool;                      /* NULL once it has stopped */
    _Alignas(128) _Atomic int64_t bytes;  /* alive and carried over */
    _Atomic int64_t peak;                 /* of the above and a ledger */
    _Alignas(128) _Atomic int64_t others; /* results that threads without a ledger have made less
                                           * gone; and the pool, which counts as very many */
} budget;

/* Of POOL with THREADS workers; LIMIT bytes, 0: none. NULL when memory is short. */
budget *budget_new(bask_pool *pool, int threads, size_t limit);

/* The pool stops: its threads have ended, and their ledgers say RESULTS. */
void budget_close(budget *b, int64_t results);

/* A result of so many bytes is there, or goes. Any thread. */
void budget_charge(budget *b, size_t bytes);
void budget_discharge(budget *b, size_t bytes);

/* Fills in what STATS says of results. */
void budget_stats(const bask_pool *pool, bask_pool_stats *stats);

static inline bool budget_limits(const budget *b)
{
    return b->limit != INT64_MAX;
}

/* May roots be claimed? seq_cst: pairs with the count that a discharge changes before it looks for
 * roots to be claimed. */
static inline bool budget_open(budget *b)
{
    return !budget_limits(b) || atomic_load_explicit(&b->bytes, memory_order_seq_cst) <= b->limit;
}

#endif

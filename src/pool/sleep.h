/* SPDX-License-Identifier: Apache-2.0 */
/* Who searches, who sleeps, and who wakes whom. The protocol is written down in sleep.c. */
#ifndef BASK_POOL_SLEEP_H
#define BASK_POOL_SLEEP_H

#include "pool/worker.h"

/*
 * bask_pool.idle, one word so that "nobody searches and somebody sleeps" is tested and acted on by
 * one CAS:
 *   bits  0..20  searchers: look for work, and will look again before they sleep
 *   bits 21..41  sleepers: parked workers that nobody has undertaken to wake
 *   bits 42..62  helpers: threads that work in the place of a sleeper: hosts on a seat, and those
 *                that OpenMP or BLAS start for a wide task
 */
#define IDLE_SEARCHER ((uint64_t)1)
#define IDLE_SLEEPER ((uint64_t)1 << 21)
#define IDLE_HELPER ((uint64_t)1 << 42)
#define IDLE_FIELD (IDLE_SLEEPER - 1)

static inline uint64_t idle_searchers(uint64_t idle)
{
    return idle & IDLE_FIELD;
}
static inline uint64_t idle_sleepers(uint64_t idle)
{
    return idle / IDLE_SLEEPER & IDLE_FIELD;
}
static inline uint64_t idle_helpers(uint64_t idle)
{
    return idle / IDLE_HELPER & IDLE_FIELD;
}

bool sleep_wake_one(bask_pool *pool);

/*
 * To be called after work was made visible by a seq_cst operation: wakes one sleeper if nobody
 * searches and fewer threads work than the pool has workers. Returns whether it woke one.
 */
static inline bool sleep_notify(bask_pool *pool)
{
    uint64_t idle = atomic_load_explicit(&pool->idle, memory_order_seq_cst);
    if (idle_searchers(idle) != 0 || idle_sleepers(idle) <= idle_helpers(idle))
        return false;
    return sleep_wake_one(pool);
}

void sleep_search(worker *w);                     /* W becomes a searcher */
void sleep_leave(bask_pool *pool, uint64_t what); /* IDLE_SEARCHER or IDLE_HELPER leaves */

/* A searcher leaves if nobody works: true for one searcher at a time, and not again before that one
 * has come back. */
bool sleep_leave_alone(bask_pool *pool);

/* Does nobody work? Threads that wait for other threads (sleep_block) do not. */
bool sleep_all_idle(bask_pool *pool);

/* word_block (word.h) in the midst of tasks, by a thread that is a worker. */
void sleep_block(bask_pool *pool, _Atomic uint32_t *until, int64_t deadline);
/* Around waits of another kind. */
void sleep_block_begin(bask_pool *pool);
void sleep_block_end(bask_pool *pool);

/* A searcher parks until work may be there, *UNTIL is done or the DEADLINE passes; then it is a
 * searcher again. */
void sleep_park(worker *w, _Atomic uint32_t *until, int64_t deadline);

/* Wakes V if it is parked. */
void sleep_wake(worker *v);

/* Asks that N more threads may work, each in the place of a sleeper. Returns for how many there is
 * one; undone by sleep_leave(pool, that many * IDLE_HELPER). */
unsigned sleep_help(bask_pool *pool, unsigned n);

#endif

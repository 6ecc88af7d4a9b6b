/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/word.h"

#include "base/clock.h"
#include "pool/futex.h"
#include "pool/seat.h"
#include "pool/sleep.h"
#include <stdlib.h>

/* A thread looks this long before it blocks, about as long as it then takes to be woken: a hot worker
 * answers within a microsecond. */
enum { BLOCK_SPIN_NS = 20000 };

enum { SEAT_RETRY_NS = 1000000 };

bool word_finish(bask_pool *pool, _Atomic uint32_t *word, uint32_t bits, uint32_t *former)
{
    uint32_t old = atomic_load_explicit(word, memory_order_relaxed);
    do {
        if (old & WORD_DONE)
            return false;
        /* seq_cst: releases the result; pairs with the waiters' fetch_or */
    } while (!atomic_compare_exchange_weak_explicit(word, &old, old | WORD_DONE | bits,
                                                    memory_order_seq_cst, memory_order_relaxed));
    if (former)
        *former = old;
    if (old & WORD_HOST)
        futex_wake(word, INT_MAX);
    if (old & WORD_WORKER)
        for (worker *v = NULL; (v = pool_next(pool, v));)
            if (atomic_load_explicit(&v->waiting_for, memory_order_seq_cst) == word)
                sleep_wake(v);
    return true;
}

/* No looking when this thread had to wake who is to answer: that one has probably been put on this
 * very CPU. */
bool word_look(bask_pool *pool, _Atomic uint32_t *word, int64_t deadline)
{
    int64_t most = pool->spin_ns < BLOCK_SPIN_NS ? pool->spin_ns : BLOCK_SPIN_NS;
    if (seat_just_woke() || most == 0)
        return word_done(word);
    int64_t end = clock_ns() + most;
    for (unsigned i = 0; !word_done(word); i++) {
        if (i % 32 == 31) {
            int64_t now = clock_ns();
            if (now > end || now >= deadline)
                return false;
        }
        cpu_relax();
    }
    return true;
}

bask_pool *word_pool(bask_pool *pool)
{
    return bask_self != &worker_nobody ? ((worker *)bask_self)->pool : pool;
}

bool word_block(bask_pool *pool, _Atomic uint32_t *word, int64_t deadline)
{
    if (word_look(pool, word, deadline))
        return true;
    for (;;) {
        uint32_t old = atomic_fetch_or_explicit(word, WORD_HOST, memory_order_seq_cst);
        if (old & WORD_DONE)
            return true;
        futex_wait(word, old | WORD_HOST, deadline);
        if (word_done(word))
            return true;
        if (deadline != INT64_MAX && clock_ns() >= deadline)
            return false;
    }
}

bool word_wait(bask_pool *pool, _Atomic uint32_t *word, int64_t deadline, bool help)
{
    return word_wait_for(pool, word, deadline, help, NULL);
}

bool word_wait_for(bask_pool *pool, _Atomic uint32_t *word, int64_t deadline, bool help,
                   const wanted *only)
{
    if (word_done(word))
        return true;
    if (deadline != INT64_MAX && clock_ns() >= deadline)
        return false;
    worker *self = worker_self(pool);
    if (self) {
        if (only)
            worker_wait(self, word, deadline, only);
        else
            worker_run(self, word, deadline, 0);
        return word_done(word);
    }
    /* a helper may be caught in a long task, so a thread with a deadline helps only
     * where it must */
    if (pool->nworkers == 0 || (help && deadline == INT64_MAX)) {
        /* without workers somebody must help: where there is no memory for a further seat, who sits on
         * the one that is always there does, until its own wait is over */
        while (!seat_help(pool, word, deadline) && pool->nworkers == 0) {
            int64_t soon = clock_ns() + SEAT_RETRY_NS;
            if (word_block(pool, word, soon < deadline ? soon : deadline) || soon >= deadline)
                break;
        }
        if (word_done(word))
            return true;
    }
    return word_block(pool, word, deadline);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words that are waited for: a latch, a child, a future.
 *
 * Bits: WORD_DONE is set once, by word_finish, together with bits of the caller's own (from bit 8
 * up). WORD_HOST and WORD_WORKER say that somebody sleeps for it: a thread in a futex wait on the
 * word, a worker parked with `waiting_for` at it. Everything written before word_finish is visible
 * to whoever sees WORD_DONE by an acquire load. After word_finish the word may be gone: its owner
 * may free it.
 */
#ifndef BASK_POOL_WORD_H
#define BASK_POOL_WORD_H

#include "pool/worker.h"

enum { WORD_DONE = 1, WORD_HOST = 2, WORD_WORKER = 4, WORD_LISTENERS = 8, WORD_USER = 256 };

static inline bool word_done(const _Atomic uint32_t *word)
{
    return (atomic_load_explicit(word, memory_order_acquire) & WORD_DONE) != 0;
}

/* Sets WORD_DONE and BITS, unless it is done already (then false), and wakes all who wait for it,
 * the workers of POOL among them. *FORMER (may be NULL) receives the bits before. */
bool word_finish(bask_pool *pool, _Atomic uint32_t *word, uint32_t bits, uint32_t *former);

/*
 * The pool to wait with, and to finish the word with: that of which the calling thread is a worker,
 * so that it goes on with that pool's work; POOL for other threads.
 */
bask_pool *word_pool(bask_pool *pool);

/*
 * Waits until WORD is done (true) or DEADLINE has passed (false), helping as bask_latch_wait says.
 * HELP: a host thread helps as well; not where it may wait for less than the task that it would
 * be caught in.
 */
bool word_wait(bask_pool *pool, _Atomic uint32_t *word, int64_t deadline, bool help);

/* The same for waits of which somebody's task may be the cause: a worker then runs only what is
 * WANTED on top of the waiting task, and a spare the rest (worker_wait). */
bool word_wait_for(bask_pool *pool, _Atomic uint32_t *word, int64_t deadline, bool help,
                   const wanted *only);

/* Looks for a moment whether WORD gets done, but not longer than a worker of POOL would. */
bool word_look(bask_pool *pool, _Atomic uint32_t *word, int64_t deadline);

/* Waits without doing any work meanwhile: looks, then sleeps. */
bool word_block(bask_pool *pool, _Atomic uint32_t *word, int64_t deadline);

#endif

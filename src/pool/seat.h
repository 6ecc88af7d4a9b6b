/* SPDX-License-Identifier: Apache-2.0 */
/* Seats: how a host thread becomes a worker for as long as it waits. */
#ifndef BASK_POOL_SEAT_H
#define BASK_POOL_SEAT_H

#include "pool/inner.h"

/* The calling host thread's stay on a seat. */
typedef struct seat {
    bask_pool *pool;
    worker *worker;
    bask_worker *before;
    inner_before own; /* what OpenMP and BLAS could use */
    bool replaces_sleeper;
} seat;

/* Makes seats until POOL has N, so that as many threads can help at once without one being made then;
 * nobody looks at them before. False when memory is short. */
bool seats_provide(bask_pool *pool, int n);
/* When no thread uses the pool any more. */
void seats_free(bask_pool *pool);

/*
 * Makes the calling thread a worker of POOL until seat_leave. False when as many threads work as the
 * pool has workers already, or memory is short.
 */
bool seat_enter(seat *s, bask_pool *pool);
void seat_leave(seat *s);

/* A seat for a thread of the pool's own; NULL when memory is short. */
worker *seat_hold(bask_pool *pool);
void seat_release(worker *w);

/*
 * Works on a seat of POOL until *UNTIL is done, nothing is to be found, or the DEADLINE passes.
 * Does nothing where seat_enter fails, and says so by false.
 */
bool seat_help(bask_pool *pool, _Atomic uint32_t *until, int64_t deadline);

/* Has this thread, by work that it gave to a pool, woken a worker since it last asked? */
bool seat_just_woke(void);
void seat_note_wake(void);

#endif

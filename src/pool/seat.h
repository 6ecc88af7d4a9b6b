/* SPDX-License-Identifier: Apache-2.0 */
/* Seats: how a host thread becomes a worker for as long as it waits. */
#ifndef BASK_POOL_SEAT_H
#define BASK_POOL_SEAT_H

#include "pool/worker.h"

/*
 * Works on a seat of POOL until *UNTIL is done, nothing is to be found, or the DEADLINE passes.
 * Does nothing when as many threads work as the pool has workers already, or memory is short.
 */
void seat_help(bask_pool *pool, _Atomic uint32_t *until, int64_t deadline);

/* Has this host thread woken a worker since it last asked? */
bool seat_just_woke(void);
void seat_note_wake(bool woke);

#endif

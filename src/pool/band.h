/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bands: jobs that are to start before all others, or after them. Band 0 is everything else and passes
 * by here: what it pays is a look at a word that is hardly ever written.
 *
 * A worker looks for urgent jobs (bands above 0) before its own deque where it waits for nothing, else
 * where it looks outside; for leisure jobs (below 0) when a search has found nothing else.
 */
#ifndef BASK_POOL_BAND_H
#define BASK_POOL_BAND_H

#include <bask/pool.h>
#include <pthread.h>
#include <stdatomic.h>

enum { BAND_MOST = 8 };

/* The oldest is the first. */
typedef struct band_queue {
    bask_job *first, *last;
} band_queue;

typedef struct bands {
    /* Jobs in the queues above and below 0. Written under the lock; seq_cst, since a parker's last look
     * (sleep.c, P3) must see what came before its P1. */
    _Atomic uint64_t urgent, leisure;
    pthread_mutex_t lock; /* guards the queues */
    band_queue queue[2 * BAND_MOST + 1];
} bands;

/* A job of the highest band from LOWEST to HIGHEST, both on one side of 0; NULL: there is none. */
bask_job *bands_take(bands *b, int lowest, int highest);

static inline bask_job *bands_urgent(bands *b)
{
    /* relaxed: a hint; whoever goes to sleep looks again */
    return __builtin_expect(atomic_load_explicit(&b->urgent, memory_order_relaxed) != 0, 0)
               ? bands_take(b, 1, BAND_MOST)
               : NULL;
}
static inline bask_job *bands_leisure(bands *b)
{
    return __builtin_expect(atomic_load_explicit(&b->leisure, memory_order_relaxed) != 0, 0)
               ? bands_take(b, -BAND_MOST, -1)
               : NULL;
}

static inline bool bands_nonempty(bands *b)
{
    return atomic_load_explicit(&b->urgent, memory_order_seq_cst) != 0 ||
           atomic_load_explicit(&b->leisure, memory_order_seq_cst) != 0;
}

/* As bask_pool_submit, in a BAND from -BAND_MOST to BAND_MOST. */
void pool_submit_band(bask_pool *pool, bask_job *job, int band);

#endif

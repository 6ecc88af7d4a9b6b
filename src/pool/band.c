/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/band.h"

#include "pool/seat.h"
#include "pool/sleep.h"
#include "pool/worker.h"

static void push(bands *b, bask_job *job, int band)
{
    band_queue *q = &b->queue[band + BAND_MOST];
    job->next = NULL;
    pthread_mutex_lock(&b->lock);
    *(q->last ? &q->last->next : &q->first) = job;
    q->last = job;
    /* seq_cst: visible before the look at the idle word in sleep_notify */
    atomic_fetch_add_explicit(band > 0 ? &b->urgent : &b->leisure, 1, memory_order_seq_cst);
    pthread_mutex_unlock(&b->lock);
}

bask_job *bands_take(bands *b, int lowest, int highest)
{
    bask_job *job = NULL;
    pthread_mutex_lock(&b->lock);
    for (int band = highest; band >= lowest && !job; band--) {
        band_queue *q = &b->queue[band + BAND_MOST];
        job = q->first;
        if (job && !(q->first = job->next))
            q->last = NULL;
    }
    if (job)
        atomic_fetch_sub_explicit(lowest > 0 ? &b->urgent : &b->leisure, 1, memory_order_seq_cst);
    pthread_mutex_unlock(&b->lock);
    return job;
}

void pool_submit_band(bask_pool *pool, bask_job *job, int band)
{
    if (band == 0) {
        bask_pool_submit(pool, job);
        return;
    }
    push(&pool->bands, job, band);
    bool woke = sleep_notify(pool);
    if (woke && !worker_self(pool))
        seat_note_wake();
}

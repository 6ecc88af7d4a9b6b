/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pressure.h"

#include "base/clock.h"
#include "client/core.h"
#include "pool/sleep.h"
#include <errno.h>

enum { PRESSURE_LOOK_NS = 5000000 }; /* how often who waits looks whether anybody works */

void pressure_init(pressure *p, uint64_t limit)
{
    pthread_condattr_t monotonic;
    *p = (pressure){.limit = limit};
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&p->room, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void pressure_destroy(pressure *p)
{
    pthread_cond_destroy(&p->room);
}

void pressure_fell(pressure *p, uint64_t pending)
{
    if (pending < p->limit)
        p->extra = 0;
    if (p->waiting && pending <= p->limit - p->limit / 8)
        pthread_cond_broadcast(&p->room);
}

/* Do all threads of POOL sleep, with nothing to do? Who searches may have in hand what it has found. No
 * activity ends meanwhile, under the client's lock: so who was woken since the first look cannot have
 * come to sleep again. */
static bool nobody_works(bask_pool *pool)
{
    uint64_t idle = atomic_load_explicit(&pool->idle, memory_order_seq_cst);
    return idle_searchers(idle) == 0 && sleep_all_idle(pool) && !pool_has_work(pool) &&
           atomic_load_explicit(&pool->idle, memory_order_seq_cst) == idle;
}

/* Under the client's lock. */
static bool is_full(const pressure *p)
{
    return atomic_load_explicit(&p->pending, memory_order_relaxed) >= p->limit + p->extra;
}

static void wait_for_room(bask_client *c)
{
    pressure *p = &c->pressure;
    pthread_mutex_lock(&c->lock);
    p->waiting++;
    while (is_full(p) && !atomic_load_explicit(&c->closed, memory_order_relaxed)) {
        int64_t look = clock_ns() + PRESSURE_LOOK_NS;
        struct timespec at = {look / 1000000000, look % 1000000000};
        bool in_vain = pthread_cond_timedwait(&p->room, &c->lock, &at) == ETIMEDOUT;
        if (in_vain && is_full(p) && nobody_works(c->pool))
            p->extra += p->limit / 8 + 1;
    }
    p->waiting--;
    pthread_mutex_unlock(&c->lock);
}

void pressure_yield(bask_client *c)
{
    if (bask_self == &worker_nobody)
        wait_for_room(c);
}

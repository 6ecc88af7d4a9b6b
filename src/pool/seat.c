/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/seat.h"

#include "pool/inner.h"
#include "pool/sleep.h"
#include <stdlib.h>

static __thread bool woke __attribute__((tls_model("initial-exec")));

void seat_note_wake(void)
{
    woke = true;
}

bool seat_just_woke(void)
{
    bool was = woke;
    woke = false;
    return was;
}

static worker *seat_new(bask_pool *pool)
{
    worker *w = aligned_alloc(_Alignof(worker), sizeof *w);
    if (!w || !worker_init(w, pool, -1)) {
        free(w);
        return NULL;
    }
    pool->nseats++;
    return w;
}

bool seats_provide(bask_pool *pool, int n)
{
    bool ok = true;
    pthread_mutex_lock(&pool->seats_lock);
    while (ok && pool->nseats < n) {
        worker *w = seat_new(pool);
        if ((ok = w != NULL)) {
            atomic_store_explicit(&w->next, pool->spare_seats, memory_order_relaxed);
            pool->spare_seats = w;
        }
    }
    pthread_mutex_unlock(&pool->seats_lock);
    return ok;
}

static worker *spare_or_new(bask_pool *pool)
{
    pthread_mutex_lock(&pool->seats_lock);
    worker *w = pool->spare_seats;
    if (w)
        pool->spare_seats = atomic_load_explicit(&w->next, memory_order_relaxed);
    else
        w = seat_new(pool);
    pthread_mutex_unlock(&pool->seats_lock);
    return w;
}

static void list_free(worker *seat)
{
    while (seat) {
        worker *next = atomic_load_explicit(&seat->next, memory_order_relaxed);
        worker_free(seat);
        free(seat);
        seat = next;
    }
}

void seats_free(bask_pool *pool)
{
    list_free(atomic_load_explicit(&pool->seats, memory_order_acquire));
    list_free(pool->spare_seats);
    pthread_mutex_destroy(&pool->seats_lock);
}

/* A free seat, or a further one; seats are never taken off the list, since thieves walk it. */
worker *seat_hold(bask_pool *pool)
{
    for (worker *w = atomic_load_explicit(&pool->seats, memory_order_acquire); w;
         w = atomic_load_explicit(&w->next, memory_order_acquire)) {
        bool is_free = false;
        /* acquire: the owner's fields pass from host to host; pairs with the release
         * in seat_release */
        if (!atomic_load_explicit(&w->taken, memory_order_relaxed) &&
            atomic_compare_exchange_strong_explicit(&w->taken, &is_free, true, memory_order_acquire,
                                                    memory_order_relaxed))
            return w;
    }
    worker *w = spare_or_new(pool);
    if (!w)
        return NULL;
    atomic_store_explicit(&w->taken, true, memory_order_relaxed);
    /* on behalf of those who parked before they could ask this seat (sleep.c, P2) */
    atomic_store_explicit(&w->face.request, 1, memory_order_relaxed);
    worker *first = atomic_load_explicit(&pool->seats, memory_order_relaxed);
    do
        atomic_store_explicit(&w->next, first, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&pool->seats, &first, w, memory_order_seq_cst,
                                                  memory_order_relaxed));
    return w;
}

void seat_release(worker *w)
{
    atomic_store_explicit(&w->taken, false, memory_order_release);
}

bool seat_enter(seat *s, bask_pool *pool)
{
    *s = (seat){.pool = pool, .before = bask_self, .replaces_sleeper = pool->nworkers > 0};
    if (s->replaces_sleeper && !sleep_help(pool, 1))
        return false;
    s->worker = seat_hold(pool);
    if (!s->worker) {
        if (s->replaces_sleeper)
            sleep_leave(pool, IDLE_HELPER);
        return false;
    }
    s->own = inner_enter(s->worker);
    bask_self = &s->worker->face;
    return true;
}

void seat_leave(seat *s)
{
    bask_self = s->before;
    inner_leave(s->worker, s->own);
    seat_release(s->worker);
    if (s->replaces_sleeper)
        sleep_leave(s->pool, IDLE_HELPER);
}

bool seat_help(bask_pool *pool, _Atomic uint32_t *until, int64_t deadline)
{
    seat s;
    if (!seat_enter(&s, pool))
        return false;
    worker_run(s.worker, until, deadline, s.replaces_sleeper ? WORKER_HELPER : 0);
    seat_leave(&s);
    return true;
}

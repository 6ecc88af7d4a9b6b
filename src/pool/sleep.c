/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sleep and wake protocol. Modelled in tests/model/park.pml.
 *
 * All accesses named here are seq_cst; S is their single total order.
 *   publish  make work visible (deque bottom, inbox, nsources), then notify.
 *   notify   load idle. If somebody searches, or nobody (net of helpers) sleeps, do nothing; else
 *            one CAS turns a sleeper into a searcher. That reserves one parked worker, which is
 *            then found by turning its `parked` from 1 to 2, placed, and woken by parked = 0.
 *   park     P1  one RMW: searcher -> sleeper; then parked = 1; then WORD_WORKER into the awaited
 *                word
 *            P2  request = 1 at every other worker: a standing wish for private work
 *            P3  look at all public work, the awaited word and `stopping` once more; if there is
 *                something, take the sleeper back by the same reservation, else sleep until
 *                parked == 0
 *   leave    RMW searchers - 1, with what was found taken already. The last searcher, if somebody
 *            sleeps, asks every worker again and notifies if anything is public (the baton).
 *
 * Claim: nobody sleeps for ever beside work.
 *  (a) Public work: the publisher stores work, then loads idle; the parker writes idle (P1), then
 *      loads work (P3). Whichever idle access is first in S, the other side sees the store before
 *      it.
 *  (b) notify did nothing because of a searcher: he leaves by a later RMW on idle and then looks
 *      again, or parks, P3. Because of helpers: as many threads work as the pool has workers; the
 *      helper that leaves looks again as a searcher does.
 *  (c) Private work: the request of P2 stands until its owner exchanges it and publishes, and that
 *      exchange sees the P1 of the request's writer. The last searcher asks again, since a
 *      publisher may have counted on him. A new seat starts with a request, for those who parked
 *      before it was there. Nobody parks with private work: worker_run runs it first.
 *  (d) Parked workers that have done P1 = sleepers + reservations not yet carried out. So a
 *      reserver always finds one (maybe a moment later, when its `parked` is stored). Which one is
 *      not settled before: a reservation made while V was parked may go to a worker that parked
 *      after it. So who must wake V and finds no sleeper to reserve waits for either: V is woken,
 *      or another reservation was carried out on a later parker, who is a sleeper now.
 *  (e) Held roots (source.h) are public work while the budget is open, and while nobody works: all
 *      threads search, sleep or are in sleep_block. Both begin with a step that somebody follows by
 *      a look. The budget: by the discharge that brings its count below the limit, which then
 *      notifies; that is (a). Nobody works: by the last worker's RMW searchers + 1, which looks
 *      before it parks; by a helper that leaves, which looks as in (b); by the count `blocked`,
 *      whose writer then notifies: either it sees the others' entries in idle, or they see it.
 *      A searcher that finds that nobody works leaves by a CAS that has seen that, and then works:
 *      so one is let through at a time. Who wrongly sees nobody work, since idle and blocked are two
 *      words, lets one root more through.
 *  (f) Spares (spare.c) do all this as workers do, on seats of their own, which others see as they see a
 *      new seat of a host's, (c). One counts among `spares` before it looks for work the first time, and
 *      until it leaves, as a searcher, for the last time: so what was left to it is looked at once more,
 *      (b). Who blocks makes public what it holds before it calls one.
 *
 * How long a searcher looks before it parks, its patience: spin_ns is about what a sleep costs, in
 * the waker and until the wakee runs. So it looks that long while work is known to come at such
 * intervals: at the start, after it took part in the work of others (a steal, a claim of roots), and
 * after a sleep no longer than that. After a longer sleep it parks as soon as it finds nothing: who
 * gives it single jobs now and then must not wait for the result behind a search on the same CPU.
 */
#include "pool/sleep.h"

#include "base/clock.h"
#include "pool/futex.h"
#include "pool/place.h"
#include "pool/source.h"
#include "pool/word.h"
#include <sched.h>

/* Carries out a reservation: wakes PREFER if it is parked, else any parked worker. */
static void wake_reserved(bask_pool *pool, worker *prefer)
{
    for (;;) {
        worker *v = prefer;
        do {
            uint32_t one = 1;
            if (v && atomic_load_explicit(&v->parked, memory_order_relaxed) == 1 &&
                atomic_compare_exchange_strong_explicit(&v->parked, &one, 2, memory_order_seq_cst,
                                                        memory_order_relaxed)) {
                if (bask_self != &worker_nobody && bask_self != &v->face)
                    place_elsewhere(v);
                /* release: pairs with the load in sleep_park; what it waits for may be gone then */
                atomic_store_explicit(&v->parked, 0, memory_order_release);
                futex_wake(&v->parked, 1);
                return;
            }
            v = v == prefer ? pool_next(pool, NULL) : pool_next(pool, v);
            if (v && v == prefer)
                v = pool_next(pool, v);
        } while (v);
        sched_yield(); /* a worker is between P1 and parked = 1 */
    }
}

static bool reserve_sleeper(bask_pool *pool, uint64_t idle)
{
    return atomic_compare_exchange_weak_explicit(&pool->idle, &idle,
                                                 idle - IDLE_SLEEPER + IDLE_SEARCHER,
                                                 memory_order_seq_cst, memory_order_relaxed);
}

bool sleep_wake_one(bask_pool *pool)
{
    for (;;) {
        uint64_t idle = atomic_load_explicit(&pool->idle, memory_order_seq_cst);
        if (idle_searchers(idle) != 0 || idle_sleepers(idle) <= idle_helpers(idle))
            return false;
        if (reserve_sleeper(pool, idle)) {
            wake_reserved(pool, NULL);
            return true;
        }
    }
}

void sleep_wake(worker *v)
{
    bask_pool *pool = v->pool;
    while (atomic_load_explicit(&v->parked, memory_order_seq_cst) == 1) {
        uint64_t idle = atomic_load_explicit(&pool->idle, memory_order_seq_cst);
        if (idle_sleepers(idle) == 0) {
            sched_yield(); /* (d): somebody is about to wake it, or another in its place */
        } else if (reserve_sleeper(pool, idle)) {
            wake_reserved(pool, v); /* if this wakes another, V has been woken meanwhile */
            return;
        }
    }
}

void sleep_search(worker *w)
{
    atomic_fetch_add_explicit(&w->pool->idle, IDLE_SEARCHER, memory_order_seq_cst);
}

static void ask_everybody(bask_pool *pool, const worker *but)
{
    for (worker *v = NULL; (v = pool_next(pool, v));)
        if (v != but && atomic_load_explicit(&v->face.request, memory_order_seq_cst) == 0)
            atomic_store_explicit(&v->face.request, 1, memory_order_seq_cst);
}

/* The idle word was left as IDLE by a searcher or helper. */
static void pass_baton(bask_pool *pool, uint64_t idle)
{
    if (idle_searchers(idle) != 0 || idle_sleepers(idle) <= idle_helpers(idle))
        return;
    ask_everybody(pool, NULL);
    if (pool_has_work(pool))
        sleep_notify(pool);
}

void sleep_leave(bask_pool *pool, uint64_t what)
{
    pass_baton(pool, atomic_fetch_sub_explicit(&pool->idle, what, memory_order_seq_cst) - what);
}

static bool all_idle(bask_pool *pool, uint64_t idle)
{
    uint64_t blocked = atomic_load_explicit(&pool->blocked, memory_order_seq_cst);
    uint64_t spares = atomic_load_explicit(&pool->spares, memory_order_seq_cst);
    return (uint64_t)pool->nworkers + spares + idle_helpers(idle) ==
           idle_searchers(idle) + idle_sleepers(idle) + blocked;
}

bool sleep_all_idle(bask_pool *pool)
{
    return all_idle(pool, atomic_load_explicit(&pool->idle, memory_order_seq_cst));
}

bool sleep_leave_alone(bask_pool *pool)
{
    uint64_t idle = atomic_load_explicit(&pool->idle, memory_order_seq_cst);
    do
        if (!all_idle(pool, idle))
            return false;
    while (!atomic_compare_exchange_weak_explicit(&pool->idle, &idle, idle - IDLE_SEARCHER,
                                                  memory_order_seq_cst, memory_order_seq_cst));
    pass_baton(pool, idle - IDLE_SEARCHER);
    return true;
}

void sleep_block(bask_pool *pool, _Atomic uint32_t *until, int64_t deadline)
{
    sleep_block_begin(pool);
    word_block(pool, until, deadline);
    sleep_block_end(pool);
}

void sleep_block_begin(bask_pool *pool)
{
    atomic_fetch_add_explicit(&pool->blocked, 1, memory_order_seq_cst);
    if (source_waiting(pool))
        sleep_notify(pool);
}

void sleep_block_end(bask_pool *pool)
{
    atomic_fetch_sub_explicit(&pool->blocked, 1, memory_order_seq_cst);
}

unsigned sleep_help(bask_pool *pool, unsigned n)
{
    uint64_t idle = atomic_load_explicit(&pool->idle, memory_order_seq_cst);
    while (idle_helpers(idle) < idle_sleepers(idle)) {
        uint64_t spare = idle_sleepers(idle) - idle_helpers(idle), taken = spare < n ? spare : n;
        if (atomic_compare_exchange_weak_explicit(&pool->idle, &idle, idle + taken * IDLE_HELPER,
                                                  memory_order_seq_cst, memory_order_seq_cst))
            return (unsigned)taken;
    }
    return 0;
}

void sleep_park(worker *w, _Atomic uint32_t *until, int64_t deadline)
{
    bask_pool *pool = w->pool;
    counter_add(&w->parks, 1);
    int64_t start = clock_ns();
    atomic_store_explicit(&w->waiting_for, until, memory_order_seq_cst);
    atomic_fetch_add_explicit(&pool->idle, IDLE_SLEEPER - IDLE_SEARCHER,
                              memory_order_seq_cst); /* P1 */
    atomic_store_explicit(&w->parked, 1, memory_order_seq_cst);
    bool found = until && (atomic_fetch_or_explicit(until, WORD_WORKER, memory_order_seq_cst) &
                           WORD_DONE) != 0;
    for (worker *v = NULL; (v = pool_next(pool, v));) /* P2 */
        if (v != w)
            atomic_store_explicit(&v->face.request, 1, memory_order_seq_cst);
    found = found || pool_has_work(pool) || /* P3 */
            (!until && atomic_load_explicit(&pool->stopping, memory_order_seq_cst));
    if (found)
        sleep_wake(w);
    /* acquire: pairs with the store in wake_reserved */
    for (uint32_t state; (state = atomic_load_explicit(&w->parked, memory_order_acquire)) != 0;) {
        futex_wait(&w->parked, state, state == 1 ? deadline : INT64_MAX);
        if (deadline != INT64_MAX && clock_ns() >= deadline)
            sleep_wake(w);
    }
    place_anywhere(w);
    if (!found)
        counter_add(&w->wakes, 1);
    w->patience = clock_ns() - start < pool->spin_ns ? pool->spin_ns : 0;
    atomic_store_explicit(&w->waiting_for, NULL, memory_order_relaxed);
}

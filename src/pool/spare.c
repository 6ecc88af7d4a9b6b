/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/spare.h"

#include "base/service.h"
#include "pool/futex.h"
#include "pool/inner.h"
#include "pool/seat.h"
#include "pool/sleep.h"
#include "pool/stack.h"
#include "pool/topology.h"
#include "pool/word.h"
#include <stdlib.h>

/* The word of a spare, on which it sleeps. CALLED is set by who needs it and cleared by itself;
 * DISMISSED is set by spares_stop. */
enum { SPARE_CALLED = 1, SPARE_DISMISSED = 2 };

struct spare {
    spare *next;         /* of all spares of the pool; guarded by its spares_lock */
    spare *next_resting; /* ... of those that nobody has called */
    bask_pool *pool;
    service thread;
    _Atomic uint32_t word;
    /* what it is called for: written before CALLED is set with release, read by the spare */
    worker *seat;
    int cpu;                /* to be bound to, -1: none */
    item first;             /* to begin with, 0: nothing */
    _Atomic uint32_t *done; /* finished when that has run */
};

/* ---- the thread ---- */

static void serve(spare *s)
{
    bask_pool *pool = s->pool;
    worker *w = s->seat;
    bask_self = &w->face;
    if (s->cpu >= 0)
        topology_bind(s->cpu);
    inner_apply(w);
    if (s->first) {
        worker_execute(w, s->first);
        word_finish(pool, s->done, 0, NULL);
    }
    worker_run(w, NULL, INT64_MAX, WORKER_SPARE);
    bask_self = &worker_nobody;
    /* as a searcher that leaves, so that what lies in the deque, or was counted on this thread for, is
     * looked at once more: sleep.c (b), (e) */
    sleep_search(w);
    seat_release(w);
    atomic_fetch_sub_explicit(&pool->spares, 1, memory_order_seq_cst);
    sleep_leave(pool, IDLE_SEARCHER);
}

/* Before it can be called again the word says so. */
static void rest(spare *s)
{
    pthread_mutex_lock(&s->pool->spares_lock);
    uint32_t old =
        atomic_fetch_and_explicit(&s->word, ~(uint32_t)SPARE_CALLED, memory_order_relaxed);
    if (!(old & SPARE_DISMISSED)) {
        s->next_resting = s->pool->resting;
        s->pool->resting = s;
    }
    pthread_mutex_unlock(&s->pool->spares_lock);
}

static void spare_main(void *data)
{
    spare *s = data;
    stack_measure();
    for (;;) {
        /* acquire: pairs with the release in call */
        uint32_t word = atomic_load_explicit(&s->word, memory_order_acquire);
        if (word & SPARE_CALLED) {
            serve(s);
            rest(s);
        } else if (word & SPARE_DISMISSED) {
            return;
        } else {
            futex_wait(&s->word, word, INT64_MAX);
        }
    }
}

/* ---- calling ---- */

static spare *spare_new(bask_pool *pool)
{
    spare *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    char name[32];
    snprintf(name, sizeof name, "%.9s-spare", pool->name);
    s->pool = pool;
    pthread_mutex_lock(&pool->spares_lock);
    if (service_start(&s->thread, name, pool->stack_size, spare_main, s) == BASK_OK) {
        s->next = pool->all_spares;
        pool->all_spares = s;
    } else {
        free(s);
        s = NULL;
    }
    pthread_mutex_unlock(&pool->spares_lock);
    return s;
}

static spare *take_resting(bask_pool *pool)
{
    pthread_mutex_lock(&pool->spares_lock);
    spare *s = pool->resting;
    if (s)
        pool->resting = s->next_resting;
    pthread_mutex_unlock(&pool->spares_lock);
    return s;
}

/* Calls a spare, which begins with FIRST and then finishes DONE. */
static bool call(bask_pool *pool, item first, _Atomic uint32_t *done)
{
    worker *seat = seat_hold(pool);
    if (!seat)
        return false;
    spare *s = take_resting(pool);
    if (!s)
        s = spare_new(pool);
    if (!s) {
        seat_release(seat);
        return false;
    }
    s->seat = seat;
    s->cpu = bask_self != &worker_nobody ? ((worker *)bask_self)->cpu : -1;
    seat->cpu = s->cpu; /* those that it calls in turn inherit the place */
    s->first = first;
    s->done = done;
    atomic_fetch_add_explicit(&pool->spares, 1, memory_order_seq_cst);
    atomic_fetch_or_explicit(&s->word, SPARE_CALLED, memory_order_release);
    futex_wake(&s->word, 1);
    return true;
}

/* ---- too many ---- */

/* Takes one of the surplus away. */
static bool take_surplus(bask_pool *pool)
{
    uint64_t n = atomic_load_explicit(&pool->surplus, memory_order_relaxed);
    while (n > 0)
        if (atomic_compare_exchange_weak_explicit(&pool->surplus, &n, n - 1, memory_order_relaxed,
                                                  memory_order_relaxed))
            return true;
    return false;
}

bool spare_retires(bask_pool *pool)
{
    /* Where the workers have ended nobody else would run what is left. seq_cst: who does not see that
     * the pool is stopping retires before the last look of a worker at what it leaves. */
    if (atomic_load_explicit(&pool->stopping, memory_order_seq_cst) && pool_has_work(pool))
        return false;
    return take_surplus(pool);
}

bool spare_lend(bask_pool *pool)
{
    return take_surplus(pool) || call(pool, 0, NULL);
}

void spare_return(bask_pool *pool)
{
    /* relaxed: it only counts; a spare that sees it late works a little longer */
    atomic_fetch_add_explicit(&pool->surplus, 1, memory_order_relaxed);
}

/* ---- waiting ---- */

bool spare_block(bask_pool *pool, _Atomic uint32_t *until, int64_t deadline)
{
    if (!spare_lend(pool))
        return false;
    sleep_block(pool, until, deadline);
    spare_return(pool);
    return true;
}

void spare_execute(worker *w, item x)
{
    _Atomic uint32_t done = 0;
    bool called = false;
    if (stack_short() && w->pool->nworkers > 0) {
        worker_let_go(w);
        called = call(w->pool, x, &done);
    }
    if (!called) {
        worker_execute(w, x);
        return;
    }
    sleep_block(w->pool, &done, INT64_MAX);
    spare_return(w->pool);
}

typedef struct errand {
    void (*run)(void *arg);
    void *arg;
    struct bask_task *task;
} errand;

static void errand_main(void *data)
{
    const errand *e = data;
    stack_measure();
    task_current = e->task;
    e->run(e->arg);
}

bool spare_call(size_t stack_size, void (*run)(void *arg), void *arg)
{
    errand e = {run, arg, task_current};
    service thread;
    if (service_start(&thread, "bask-deep", stack_size, errand_main, &e) != BASK_OK)
        return false;
    service_join(&thread);
    return true;
}

/* ---- the end ---- */

static void dismiss(bask_pool *pool, spare *s)
{
    atomic_fetch_or_explicit(&s->word, SPARE_DISMISSED, memory_order_relaxed);
    spare **link = &pool->resting;
    while (*link && *link != s)
        link = &(*link)->next_resting;
    if (*link)
        *link = s->next_resting;
}

void spares_stop(bask_pool *pool)
{
    for (;;) {
        pthread_mutex_lock(&pool->spares_lock);
        spare *s = pool->all_spares;
        if (s) {
            pool->all_spares = s->next;
            dismiss(pool, s);
        }
        pthread_mutex_unlock(&pool->spares_lock);
        if (!s)
            return;
        futex_wake(&s->word, 1);
        /* those that parked before the pool was stopping */
        for (worker *v = NULL; (v = pool_next(pool, v));)
            sleep_wake(v);
        service_join(&s->thread);
        free(s);
    }
}

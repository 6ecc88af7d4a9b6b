/* SPDX-License-Identifier: Apache-2.0 */
/* Futures as they become done. Entries go from a list of pending ones to a queue of done ones. */
#include <bask/as_completed.h>

#include "base/clock.h"
#include "base/status.h"
#include "client/core.h"

/* A future that has not been handed out. */
typedef struct entry {
    listener listener;
    bask_as_completed *owner;
    bask_future *future; /* retained */
    struct entry *next, **link;
} entry;

/* A thread that waits for the next one; on its stack. */
typedef struct waiter {
    struct waiter *next, **link;
    bask_pool *pool; /* with which to finish WORD */
    _Atomic uint32_t word;
} waiter;

struct bask_as_completed {
    pthread_mutex_t lock; /* guards the rest; taken while no other one is held */
    entry *pending;
    entry *done, **last; /* in the order in which they came */
    waiter *waiters;
    size_t left;
};

static void link_pending(bask_as_completed *a, entry *e)
{
    e->next = a->pending;
    e->link = &a->pending;
    if (e->next)
        e->next->link = &e->next;
    a->pending = e;
}

static void unlink_pending(entry *e)
{
    *e->link = e->next;
    if (e->next)
        e->next->link = e->link;
    e->link = NULL;
}

/* All of them: one may be a worker that is busy on top of its wait, and others look at the queue too. */
static void wake_waiters(bask_as_completed *a)
{
    while (a->waiters) {
        waiter *w = a->waiters;
        a->waiters = w->next;
        w->link = NULL;
        word_finish(w->pool, &w->word, 0, NULL); /* it takes the lock before it goes on */
    }
}

static void become_done(listener *l)
{
    entry *e = (entry *)l;
    bask_as_completed *a = e->owner;
    pthread_mutex_lock(&a->lock);
    unlink_pending(e);
    e->next = NULL;
    *a->last = e;
    a->last = &e->next;
    wake_waiters(a);
    pthread_mutex_unlock(&a->lock);
}

bask_status bask_as_completed_add(bask_as_completed *a, bask_future *f)
{
    if (!a || !f)
        return status_set(BASK_EINVAL, "bask_as_completed: the %s is NULL",
                          a ? "future" : "iterator");
    entry *e = malloc(sizeof *e);
    if (!e)
        return status_set(BASK_ENOMEM, "bask_as_completed: no memory for the future of %s",
                          bask_future_name(f));
    *e = (entry){.listener.done = become_done, .owner = a, .future = bask_future_retain(f)};
    pthread_mutex_lock(&a->lock);
    link_pending(a, e);
    a->left++;
    pthread_mutex_unlock(&a->lock);
    if (!promise_listen(&f->promise, &e->listener))
        become_done(&e->listener);
    return BASK_OK;
}

bask_status bask_as_completed_new(bask_future *const *futures, size_t n,
                                  bask_as_completed **iterator)
{
    if (!iterator)
        return status_set(BASK_EINVAL, "bask_as_completed: iterator is NULL");
    *iterator = NULL;
    for (size_t i = 0; i < n; i++)
        if (!futures || !futures[i])
            return status_set(BASK_EINVAL, "bask_as_completed: future %zu is NULL", i);
    bask_as_completed *a = calloc(1, sizeof *a);
    if (!a)
        return status_set(BASK_ENOMEM, "no memory for a bask_as_completed");
    pthread_mutex_init(&a->lock, NULL);
    a->last = &a->done;
    bask_status status = BASK_OK;
    for (size_t i = 0; i < n && status == BASK_OK; i++)
        status = bask_as_completed_add(a, futures[i]);
    if (status == BASK_OK)
        *iterator = a;
    else
        bask_as_completed_free(a);
    return status;
}

/* Under the lock: the next one that is done, as a handle of the caller's. */
static bask_future *take(bask_as_completed *a)
{
    entry *e = a->done;
    if (!e)
        return NULL;
    if (!(a->done = e->next))
        a->last = &a->done;
    bask_future *f = e->future;
    free(e);
    a->left--;
    return f;
}

/* Under the lock, which is given up meanwhile. Some are left, all of them pending: so the last one that
 * becomes done wakes all who wait. */
static void wait_for_one(bask_as_completed *a, int64_t deadline)
{
    waiter me = {.pool = word_pool(a->pending->future->promise.home->pool)};
    me.next = a->waiters;
    me.link = &a->waiters;
    if (me.next)
        me.next->link = &me.next;
    a->waiters = &me;
    pthread_mutex_unlock(&a->lock);
    word_wait_for(me.pool, &me.word, deadline, false, &wanted_nothing);
    pthread_mutex_lock(&a->lock);
    if (word_done(&me.word))
        return;
    *me.link = me.next;
    if (me.next)
        me.next->link = me.link;
}

bask_status bask_as_completed_next_timeout(bask_as_completed *a, bask_future **future,
                                           int64_t timeout_ms)
{
    if (!a || !future)
        return status_set(BASK_EINVAL, "bask_as_completed: the %s is NULL",
                          a ? "place of the future" : "iterator");
    int64_t deadline = clock_deadline(timeout_ms);
    bool late = false;
    pthread_mutex_lock(&a->lock);
    while (!(*future = take(a)) && a->left && !late) {
        wait_for_one(a, deadline);
        late = deadline != INT64_MAX && clock_ns() >= deadline;
    }
    if (!*future)
        *future = take(a);
    size_t left = a->left;
    pthread_mutex_unlock(&a->lock);
    if (!*future && left)
        return status_set(BASK_ETIMEDOUT,
                          "bask_as_completed: none of %zu futures was done after %lld ms", left,
                          (long long)timeout_ms);
    return BASK_OK;
}

size_t bask_as_completed_left(bask_as_completed *a)
{
    if (!a)
        return 0;
    pthread_mutex_lock(&a->lock);
    size_t left = a->left;
    pthread_mutex_unlock(&a->lock);
    return left;
}

void bask_as_completed_free(bask_as_completed *a)
{
    if (!a)
        return;
    pthread_mutex_lock(&a->lock);
    while (a->pending) {
        entry *e = a->pending;
        bask_future *f = bask_future_retain(e->future);
        pthread_mutex_unlock(&a->lock);
        promise_forget(&f->promise, &e->listener); /* also waits for become_done */
        pthread_mutex_lock(&a->lock);
        if (a->pending == e) {
            unlink_pending(e);
            bask_future_free(e->future);
            free(e);
        }
        bask_future_free(f);
    }
    for (entry *e; (e = a->done);) {
        a->done = e->next;
        bask_future_free(e->future);
        free(e);
    }
    pthread_mutex_unlock(&a->lock);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

bask_progress bask_future_progress(bask_future *const *futures, size_t n)
{
    size_t count[4] = {0};
    for (size_t i = 0; i < n; i++)
        count[futures[i] ? bask_future_state(futures[i]) : BASK_FINISHED]++;
    return (bask_progress){n, count[BASK_PENDING], count[BASK_FINISHED], count[BASK_ERROR],
                           count[BASK_CANCELLED]};
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The line of those who wait; events, semaphores and locks. */
#include "client/coordinate.h"

#include "base/clock.h"
#include "base/status.h"
#include <string.h>

void *coordinated_new(bask_client *c, size_t size, const char *kind, const char *call)
{
    if (client_check(c, call) != BASK_OK)
        return NULL;
    coordinated *o = calloc(1, size);
    if (!o) {
        status_set(BASK_ENOMEM, "%s: no memory for a %s", call, kind);
        return NULL;
    }
    client_retain(c);
    o->client = c;
    o->kind = kind;
    o->last = &o->first;
    pthread_mutex_init(&o->lock, NULL);
    return o;
}

void coordinated_free(coordinated *o)
{
    if (!o)
        return;
    client_release(o->client);
    pthread_mutex_destroy(&o->lock);
    free(o);
}

bask_status coordinated_check(const coordinated *o, const char *call)
{
    if (!o)
        return status_set(BASK_EINVAL, "%s: what it is about is NULL", call);
    return client_check(o->client, call);
}

/* ---- the line ---- */

/* Under the lock. */
static void leave_line(waiting *w)
{
    coordinated *o = w->object;
    waiting **link = &o->first;
    while (*link != w)
        link = &(*link)->next;
    *link = w->next;
    if (!w->next)
        o->last = link;
    w->in_line = false;
}

/* Under the lock, with which the waiter is held until this is done with its pool and its word. */
static void wake(waiting *w, bask_status status)
{
    leave_line(w);
    w->status = status;
    word_finish(w->pool, &w->word, 0, NULL);
}

void coordinated_grant(coordinated *o, bask_status status)
{
    wake(o->first, status);
}

static void give_up(waiting *w, bask_status status)
{
    pthread_mutex_lock(&w->object->lock);
    if (w->in_line)
        wake(w, status);
    pthread_mutex_unlock(&w->object->lock);
}

static void client_closes(activity *a)
{
    give_up((waiting *)((char *)a - offsetof(waiting, activity)), BASK_ECLOSED);
}

static void task_cancelled(listener *l)
{
    give_up((waiting *)((char *)l - offsetof(waiting, listener)), BASK_ECANCELLED);
}

static bask_status failed(const coordinated *o, bask_status status, int64_t timeout_ms,
                          const char *call)
{
    if (status == BASK_ETIMEDOUT)
        return status_set(status, "%s: the %s was not to be had within %lld ms", call, o->kind,
                          (long long)timeout_ms);
    if (status == BASK_ECANCELLED)
        return status_set(status, "%s: the task that waited for the %s was cancelled", call,
                          o->kind);
    return status_set(status, "%s: the client of %s was closed while the %s was waited for", call,
                      o->client->address, o->kind);
}

bask_status coordinated_wait(coordinated *o, void *wish, int64_t timeout_ms, const char *call)
{
    waiting w = {.object = o, .wish = wish, .in_line = true};
    w.pool = word_pool(o->client->pool);
    w.activity.cancel = client_closes;
    w.listener.done = task_cancelled;
    *o->last = &w;
    o->last = &w.next;
    pthread_mutex_unlock(&o->lock);
    promise *own = task_promise(task_current);
    client_begin(o->client, &w.activity);
    if (own && !promise_listen(own, &w.listener)) {
        give_up(&w, BASK_ECANCELLED);
        own = NULL;
    }
    word_wait_for(w.pool, &w.word, clock_deadline(timeout_ms), false, &wanted_nothing);
    if (own)
        promise_forget(own, &w.listener);
    client_end(o->client, &w.activity);
    pthread_mutex_lock(&o->lock);
    if (w.in_line) {
        leave_line(&w);
        w.status = BASK_ETIMEDOUT;
    }
    pthread_mutex_unlock(&o->lock);
    bool refused =
        w.status == BASK_ETIMEDOUT || w.status == BASK_ECANCELLED || w.status == BASK_ECLOSED;
    return refused ? failed(o, w.status, timeout_ms, call) : w.status;
}

/* ---- event ---- */

struct bask_event {
    coordinated base;
    atomic_bool
        set; /* written under the lock; seq_cst, so that it can stand for what came before */
};

bask_event *bask_event_new(bask_client *c)
{
    return coordinated_new(c, sizeof(bask_event), "event", "bask_event_new");
}

void bask_event_free(bask_event *e)
{
    coordinated_free((coordinated *)e);
}

bask_status bask_event_set(bask_event *e)
{
    if (!e)
        return status_set(BASK_EINVAL, "bask_event_set: the event is NULL");
    pthread_mutex_lock(&e->base.lock);
    atomic_store_explicit(&e->set, true, memory_order_seq_cst);
    while (e->base.first)
        coordinated_grant(&e->base, BASK_OK);
    pthread_mutex_unlock(&e->base.lock);
    return BASK_OK;
}

bask_status bask_event_clear(bask_event *e)
{
    if (!e)
        return status_set(BASK_EINVAL, "bask_event_clear: the event is NULL");
    pthread_mutex_lock(&e->base.lock);
    atomic_store_explicit(&e->set, false, memory_order_seq_cst);
    pthread_mutex_unlock(&e->base.lock);
    return BASK_OK;
}

bool bask_event_is_set(const bask_event *e)
{
    return e && atomic_load_explicit(&e->set, memory_order_seq_cst);
}

bask_status bask_event_wait(bask_event *e, int64_t timeout_ms)
{
    bask_status status = coordinated_check((coordinated *)e, "bask_event_wait");
    if (status != BASK_OK)
        return status;
    pthread_mutex_lock(&e->base.lock);
    if (!atomic_load_explicit(&e->set, memory_order_relaxed))
        return coordinated_wait(&e->base, NULL, timeout_ms, "bask_event_wait");
    pthread_mutex_unlock(&e->base.lock);
    return BASK_OK;
}

/* ---- semaphore ---- */

struct bask_semaphore {
    coordinated base;
    int64_t max;
    _Atomic int64_t taken; /* written under the lock; relaxed, others read it as a number only */
};

static bask_semaphore *leases_new(bask_client *c, int64_t max, const char *kind, const char *call)
{
    bask_semaphore *s = coordinated_new(c, sizeof *s, kind, call);
    if (s)
        s->max = max;
    return s;
}

static bask_status acquire(bask_semaphore *s, int64_t timeout_ms, const char *call)
{
    bask_status status = coordinated_check((coordinated *)s, call);
    if (status != BASK_OK)
        return status;
    pthread_mutex_lock(&s->base.lock);
    int64_t taken = atomic_load_explicit(&s->taken, memory_order_relaxed);
    if (taken == s->max) /* a lease that comes back is handed over, and stays taken */
        return coordinated_wait(&s->base, NULL, timeout_ms, call);
    atomic_store_explicit(&s->taken, taken + 1, memory_order_relaxed);
    pthread_mutex_unlock(&s->base.lock);
    return BASK_OK;
}

static bask_status give_back(bask_semaphore *s, const char *call)
{
    if (!s)
        return status_set(BASK_EINVAL, "%s: what it is about is NULL", call);
    bask_status status = BASK_OK;
    pthread_mutex_lock(&s->base.lock);
    int64_t taken = atomic_load_explicit(&s->taken, memory_order_relaxed);
    if (taken == 0)
        status = BASK_EINVAL;
    else if (s->base.first)
        coordinated_grant(&s->base, BASK_OK);
    else
        atomic_store_explicit(&s->taken, taken - 1, memory_order_relaxed);
    pthread_mutex_unlock(&s->base.lock);
    return status == BASK_OK ? status
                             : status_set(status, "%s: the %s is not held", call, s->base.kind);
}

bask_semaphore *bask_semaphore_new(bask_client *c, int64_t max_leases)
{
    if (max_leases > 0)
        return leases_new(c, max_leases, "semaphore", "bask_semaphore_new");
    status_set(BASK_EINVAL, "bask_semaphore_new: %lld leases are asked for, not one or more",
               (long long)max_leases);
    return NULL;
}

void bask_semaphore_free(bask_semaphore *s)
{
    coordinated_free((coordinated *)s);
}

bask_status bask_semaphore_acquire(bask_semaphore *s, int64_t timeout_ms)
{
    return acquire(s, timeout_ms, "bask_semaphore_acquire");
}

bask_status bask_semaphore_release(bask_semaphore *s)
{
    return give_back(s, "bask_semaphore_release");
}

int64_t bask_semaphore_leases(const bask_semaphore *s)
{
    return s ? atomic_load_explicit(&s->taken, memory_order_relaxed) : 0;
}

/* ---- lock: never anything but a semaphore of one lease ---- */

bask_lock *bask_lock_new(bask_client *c)
{
    return (bask_lock *)leases_new(c, 1, "lock", "bask_lock_new");
}

void bask_lock_free(bask_lock *l)
{
    coordinated_free((coordinated *)l);
}

bask_status bask_lock_acquire(bask_lock *l, int64_t timeout_ms)
{
    return acquire((bask_semaphore *)l, timeout_ms, "bask_lock_acquire");
}

bask_status bask_lock_release(bask_lock *l)
{
    return give_back((bask_semaphore *)l, "bask_lock_release");
}

bool bask_lock_locked(const bask_lock *l)
{
    return bask_semaphore_leases((const bask_semaphore *)l) != 0;
}

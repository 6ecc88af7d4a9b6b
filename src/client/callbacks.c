/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callbacks are early listeners: one takes its place in the queue just before its future is done. So
 * whatever comes of that future, on whatever thread, has a later place, and the thread that calls may
 * have to wait for a moment until the future is done indeed.
 */
#include "client/callbacks.h"

#include "base/status.h"
#include "client/core.h"

typedef struct callback {
    listener listener;   /* `next` is the queue's once it is due */
    bask_future *future; /* retained */
    bask_done_fn *fn;
    void *data;
} callback;

void callbacks_init(callbacks *c)
{
    *c = (callbacks){.first = NULL};
    c->last = &c->first;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->more, NULL);
}

void callbacks_destroy(callbacks *c)
{
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->more);
}

/* ---- the thread ---- */

static callback *next_due(callbacks *c)
{
    pthread_mutex_lock(&c->lock);
    while (!c->first && !c->stopping)
        pthread_cond_wait(&c->more, &c->lock);
    listener *due = c->first;
    if (due && !(c->first = due->next))
        c->last = &c->first;
    pthread_mutex_unlock(&c->lock);
    return (callback *)due;
}

static void make_calls(void *data)
{
    for (callback *due; (due = next_due(data));) {
        (void)future_wait_until(due->future, INT64_MAX, false);
        due->fn(due->future, due->data);
        bask_future_free(due->future);
        free(due);
    }
}

static bask_status start(callbacks *c)
{
    bask_status status = BASK_OK;
    pthread_mutex_lock(&c->lock);
    if (!c->started) {
        status = service_start(&c->thread, "bask-callbacks", 0, make_calls, c);
        c->started = status == BASK_OK;
    }
    pthread_mutex_unlock(&c->lock);
    return status;
}

void callbacks_stop(callbacks *c)
{
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_signal(&c->more);
    bool started = c->started;
    pthread_mutex_unlock(&c->lock);
    if (started)
        service_join(&c->thread);
}

/* ---- asking for one ---- */

static void become_due(listener *l)
{
    callbacks *c = &((callback *)l)->future->block->client->callbacks;
    pthread_mutex_lock(&c->lock);
    l->next = NULL;
    *c->last = l;
    c->last = &l->next;
    pthread_cond_signal(&c->more);
    pthread_mutex_unlock(&c->lock);
}

bask_status bask_future_on_done(bask_future *f, bask_done_fn *fn, void *data)
{
    if (!f || !fn)
        return status_set(BASK_EINVAL, "bask_future_on_done: the %s is NULL",
                          f ? "function" : "future");
    bask_client *c = f->block->client;
    bask_status status = client_check(c, "bask_future_on_done");
    if (status == BASK_OK)
        status = start(&c->callbacks);
    if (status != BASK_OK)
        return status;
    callback *due = malloc(sizeof *due);
    if (!due)
        return status_set(BASK_ENOMEM, "bask_future_on_done: no memory for a callback of %s",
                          bask_future_name(f));
    *due = (callback){{NULL, become_due, true}, bask_future_retain(f), fn, data};
    if (!promise_listen(&f->promise, &due->listener))
        become_due(&due->listener);
    return BASK_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slow paths of fork and join. A child is private (on its worker's list, plain memory) until a
 * thief sets `request`; then the older half of the list goes into the deque. So the fast paths need
 * neither a fence nor an atomic read-modify-write.
 */
#include "pool/sleep.h"
#include "pool/word.h"
#include "pool/worker.h"

/* CHILD is off the private list: from now on its word says whether it has run. */
static item joined_by_word(worker *w, bask_child *child)
{
    child->owner = &w->face;
    child->task = task_current;
    child->older = NULL;
    atomic_store_explicit(&child->word, 0, memory_order_relaxed);
    return (item)child | ITEM_CHILD;
}

static int64_t count_private(const worker *w)
{
    int64_t n = 0;
    for (const bask_child *c = w->face.newest; c; c = c->older)
        n++;
    return n;
}

/* Publishes the oldest COUNT of the N private children, the oldest nearest to the thieves; false when
 * memory is short. */
static bool publish_oldest(worker *w, int64_t n, int64_t count)
{
    if (!deque_reserve(&w->deque, count))
        return false;
    bask_child *c = w->face.newest, *keep = NULL;
    for (int64_t i = 0; i < n - count; i++) {
        keep = c;
        c = c->older;
    }
    if (keep)
        keep->older = NULL;
    else
        w->face.newest = NULL;
    for (int64_t i = count - 1; i >= 0; i--) {
        bask_child *older = c->older;
        deque_lay(&w->deque, i, joined_by_word(w, c)); /* released by deque_publish */
        c = older;
    }
    deque_publish(&w->deque, count);
    sleep_notify(w->pool);
    return true;
}

/* Publishes the older half of the private list when somebody asked; where there is none the request
 * stands until there is something. */
static void publish(worker *w)
{
    int64_t n = count_private(w);
    if (n == 0 || !worker_asked(w))
        return;
    if (!publish_oldest(w, n,
                        (n + 1) / 2)) /* they stay private; who asked finds the request again */
        atomic_store_explicit(&w->face.request, 1, memory_order_relaxed);
}

item fork_take(worker *w)
{
    if (atomic_load_explicit(&w->face.request, memory_order_relaxed) != 0)
        publish(w);
    bask_child *child = w->face.newest;
    if (!child)
        return 0;
    w->face.newest = child->older;
    return joined_by_word(w, child);
}

void fork_release(worker *w)
{
    int64_t n = count_private(w);
    if (n > 0 && !publish_oldest(w, n, n))
        for (item x; (x = fork_take(w));)
            worker_execute(w, x);
}

void bask_fork_slow(bask_worker *self, bask_child *child)
{
    if (self == &worker_nobody)
        return; /* no worker: bask_join runs it in place */
    self->newest = child;
    publish((worker *)self);
}

void bask_poll_slow(bask_worker *self)
{
    publish((worker *)self);
}

bool fork_take_back(bask_worker *self, const bask_child *child)
{
    if (self == &worker_nobody)
        return true;
    for (bask_child **link = &self->newest; *link; link = &(*link)->older) {
        if (*link == child) {
            *link = child->older;
            return true;
        }
    }
    return false;
}

bool bask_join_slow(bask_worker *self, bask_child *child)
{
    if (fork_take_back(self, child))
        return false;
    worker_run((worker *)self, &child->word, INT64_MAX, WORKER_JOIN);
    return true;
}

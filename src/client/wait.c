/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for one future, and for several. */
#include "base/clock.h"
#include "base/status.h"
#include "client/core.h"
#include "graph/run.h"

/* Finishes a word of the waiter's when a future is done. */
typedef struct bell {
    listener listener;
    bask_pool *pool; /* the waiter's: the future's may be another one */
    _Atomic uint32_t *word;
} bell;

static void ring_bell(listener *l)
{
    bell *b = (bell *)l;
    word_finish(b->pool, b->word, 0, NULL);
}

/* For who waits for tasks of a map. */
typedef struct wanted_map {
    wanted wanted;
    const future_block *block;
} wanted_map;

static bool map_is_wanted(const wanted *self, item x)
{
    return map_part_of(((const wanted_map *)self)->block, x);
}

typedef union wanted_work {
    wanted wanted; /* each begins with one */
    wanted_run run;
    wanted_map map;
} wanted_work;

/* What may run on top of a task that waits for F. */
static wanted_work wanted_for(const bask_future *f)
{
    const future_block *b = f->block;
    if (!task_current || b->starter != task_current)
        return (wanted_work){.wanted = wanted_nothing};
    if (b->mapped)
        return (wanted_work){.map = {{map_is_wanted}, b}};
    const plan *p = atomic_load_explicit(&b->plan, memory_order_relaxed);
    return (wanted_work){.run = {{run_is_wanted}, p}};
}

/* A future's own word is for workers of its own pool. */
bool future_wait_until(bask_future *f, int64_t deadline, bool help)
{
    if (bask_future_done(f))
        return true; /* its client may be closed: there is no pool any more */
    bask_pool *home = f->promise.home->pool, *pool = word_pool(home);
    if (word_done(&f->promise.word) || (deadline == INT64_MAX && future_run_here(f)))
        return true;
    wanted_work only = wanted_for(f);
    if (pool == home)
        return word_wait_for(home, &f->promise.word, deadline, help, &only.wanted);
    _Atomic uint32_t word = 0;
    bell b = {{.done = ring_bell}, pool, &word};
    if (promise_listen(&f->promise, &b.listener)) {
        word_wait_for(pool, &word, deadline, help, &wanted_nothing);
        promise_forget(&f->promise, &b.listener); /* also waits for a bell that is ringing */
    }
    return bask_future_done(f);
}

static bask_status check(bask_future *const *futures, size_t n, bask_wait_mode mode)
{
    if ((!futures && n) || (n == 0 && mode == BASK_ANY))
        return status_set(BASK_EINVAL, "bask_wait: there is no future to wait for");
    for (size_t i = 0; i < n; i++) {
        if (!futures[i])
            return status_set(BASK_EINVAL, "bask_wait: future %zu is NULL", i);
        bask_status status = future_check(futures[i], "bask_wait");
        if (status != BASK_OK)
            return status;
    }
    return BASK_OK;
}

static bask_status timed_out(size_t n, int64_t timeout_ms)
{
    return status_set(BASK_ETIMEDOUT, "bask_wait: %zu futures were not done after %lld ms", n,
                      (long long)timeout_ms);
}

static size_t first_done(bask_future *const *futures, size_t n)
{
    size_t i = 0;
    while (i < n && !bask_future_done(futures[i]))
        i++;
    return i;
}

/* ... or the first of which the calling worker could run the task, and did. */
static size_t first_run(bask_future *const *futures, size_t n)
{
    size_t i = first_done(futures, n);
    if (i < n || bask_self == &worker_nobody)
        return i;
    for (i = 0; i < n && !future_run_here(futures[i]);)
        i++;
    return i;
}

static bask_status wait_any(bask_future *const *futures, size_t n, int64_t timeout_ms,
                            size_t *which)
{
    _Atomic uint32_t word = 0;
    bask_pool *pool = word_pool(futures[0]->promise.home->pool);
    size_t at = timeout_ms == BASK_FOREVER ? first_run(futures, n) : first_done(futures, n),
           listening = 0;
    if (at == n) {
        bell *bells = malloc(n * sizeof *bells);
        if (!bells)
            return status_set(BASK_ENOMEM, "bask_wait: no memory to wait for any of %zu futures",
                              n);
        for (; listening < n; listening++) {
            bells[listening] = (bell){{.done = ring_bell}, pool, &word};
            if (!promise_listen(&futures[listening]->promise, &bells[listening].listener))
                break;
        }
        if (listening == n)
            word_wait_for(pool, &word, clock_deadline(timeout_ms), false, &wanted_nothing);
        for (size_t i = 0; i < listening; i++)
            promise_forget(&futures[i]->promise, &bells[i].listener);
        free(bells);
        at = first_done(futures, n);
    }
    if (at == n)
        return timed_out(n, timeout_ms);
    if (which)
        *which = at;
    return BASK_OK;
}

bask_status bask_wait(bask_future *const *futures, size_t n, bask_wait_mode mode,
                      int64_t timeout_ms, size_t *which)
{
    bask_status status = check(futures, n, mode);
    if (status != BASK_OK)
        return status;
    if (mode == BASK_ANY)
        return wait_any(futures, n, timeout_ms, which);
    int64_t deadline = clock_deadline(timeout_ms);
    for (size_t i = 0; i < n; i++)
        if (!future_wait_until(futures[i], deadline, false))
            return timed_out(n, timeout_ms);
    return BASK_OK;
}

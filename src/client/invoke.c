/* SPDX-License-Identifier: Apache-2.0 */
/* Calling a kernel whose spawns may run on all workers. */
#include "base/status.h"
#include "client/core.h"
#include "pool/seat.h"
#include "pool/word.h"

typedef struct invocation {
    bask_job job;
    bask_task task;
    bask_strand *strand;
    bask_strand_fn *compute;
    bask_client *client;
    failure *failure;
    const bask_task *caller; /* what called it, NULL: no task; it waits, maybe on another thread */
    bask_pool *waiter;       /* with which to finish `word` */
    _Atomic uint32_t word;
} invocation;

/* Nobody wants it when nobody wants the task that it was called from. */
static bool unwanted(const bask_task *whole)
{
    const bask_task *caller =
        ((const invocation *)((const char *)whole - offsetof(invocation, task)))->caller;
    if (!caller)
        return false;
    return atomic_load_explicit(&caller->whole->failed, memory_order_relaxed) ||
           (caller->whole->cancelled && caller->whole->cancelled(caller->whole));
}

static void call(invocation *v)
{
    if (bask_self != &worker_nobody)
        worker_share_first((worker *)bask_self);
    task_begin(&v->task);
    v->compute(v->strand);
    task_end(&v->task);
    v->failure = task_settle(&v->task);
}

static void run(bask_job *job)
{
    invocation *v = (invocation *)job;
    bask_client *c = v->client;
    call(v);
    /* the waiter's pool may be another one, which may be stopped as soon as the waiter's task is over:
     * the lock, which the waiter takes as well, holds it until we have done with that pool */
    pthread_mutex_lock(&c->lock);
    word_finish(v->waiter, &v->word, 0, NULL);
    pthread_mutex_unlock(&c->lock);
}

/* On a worker of another pool, or a host thread for which no worker can sleep. */
static void call_elsewhere(invocation *v)
{
    v->job.run = run;
    v->waiter = word_pool(v->client->pool);
    bask_pool_submit(v->client->pool, &v->job);
    word_wait_for(v->waiter, &v->word, INT64_MAX, false, &wanted_nothing);
    pthread_mutex_lock(&v->client->lock);
    pthread_mutex_unlock(&v->client->lock);
}

static bask_status outcome(failure *why)
{
    if (!why)
        return BASK_OK;
    bask_status status = why == &failure_cancelled
                             ? status_set(BASK_ECANCELLED, "%s", why->message)
                             : status_set(why->status, "%s failed: %s", why->kernel, why->message);
    failure_free(why);
    return status;
}

bask_status strand_invoke(bask_client *c, const bask_kernel *kernel, bask_strand *strand,
                          bask_strand_fn *compute)
{
    bask_status status = c ? client_check(c, kernel->name) : BASK_OK;
    if (status != BASK_OK)
        return status;
    invocation v = {.strand = strand, .compute = compute, .client = c, .caller = task_current};
    v.task.whole = &v.task;
    v.task.kernel = kernel;
    v.task.cancelled = unwanted;
    v.task.pool = c ? c->pool : word_pool(NULL);
    seat seat;
    if (!c) {
        call(&v);
    } else if (c->sync) {
        call(&v);
        atomic_fetch_add_explicit(&c->tasks, 1, memory_order_relaxed);
    } else if (worker_self(c->pool)) {
        counter_add(&worker_self(c->pool)->tasks, 1);
        call(&v);
    } else if (bask_self == &worker_nobody && seat_enter(&seat, c->pool)) {
        counter_add(&seat.worker->tasks, 1);
        call(&v);
        seat_leave(&seat);
    } else {
        call_elsewhere(&v);
    }
    return outcome(v.failure);
}

bask_status bask_strand_invoke(bask_client *c, const bask_kernel *kernel, bask_strand *strand,
                               bask_strand_fn *compute)
{
    bask_status status = client_check(c, "bask_invoke");
    return status == BASK_OK ? strand_invoke(c, kernel, strand, compute) : status;
}

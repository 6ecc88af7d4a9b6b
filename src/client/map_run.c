/* SPDX-License-Identifier: Apache-2.0 */
/* Running the tasks of a batch: ranges, single ones, and those that were parked. */
#include "base/status.h"
#include "client/batch.h"
#include "pool/word.h"
#include <string.h>

/* Long lists of arguments, of untyped kernels, do not fit. */
enum { RUN_ARGUMENTS = 8 };

typedef struct literal {
    uint64_t dtype;
    unsigned char bytes[BASK_MAX_VALUE];
} literal;

/* What runs a range: one node, whose arguments are set for one task after the other. */
typedef struct map_run {
    bask_task task; /* first */
    batch *batch;
    bask_future *future;
    slot result;
    node *node;
    literal *literals; /* of untyped kernels, whose values follow their dtype */
} map_run;

static bool unwanted(const batch *b, const bask_future *f)
{
    return atomic_load_explicit(&b->closing, memory_order_relaxed) || bask_future_done(f);
}

static bool task_unwanted(const bask_task *task)
{
    const map_run *r = (const map_run *)task;
    return unwanted(r->batch, r->future);
}

/* ---- the end ---- */

static void release_common(batch *b)
{
    for (uint32_t i = 0; i < b->nargs; i++)
        if (b->args[i].promise)
            promise_release(b->args[i].promise);
}

static void completed(batch *b, int64_t tasks)
{
    if (atomic_fetch_sub_explicit(&b->left, tasks, memory_order_acq_rel) != tasks)
        return;
    future_block *block = b->block;
    bask_client *c = block->client;
    _Atomic uint32_t *ended = block->ended;
    if (!atomic_load_explicit(&b->some_failed, memory_order_relaxed))
        release_common(b);
    client_retain(c); /* the last reference may be a future's */
    client_end(c, &block->activity);
    block_release(block);
    if (ended)
        word_finish(c->pool, ended, 0, NULL);
    client_release(c);
}

static void release_own(batch *b, size_t task)
{
    for (uint32_t i = 0; b->nown && i < b->nargs; i++)
        if (b->args[i].promises && b->args[i].promises[task]) {
            promise_release(b->args[i].promises[task]);
            b->args[i].promises[task] = NULL;
        }
}

/* F is done, its state final: drops what bask_retry will not need. */
static void release_arguments(batch *b, const bask_future *f)
{
    if (promise_state(&f->promise) == BASK_FINISHED)
        release_own(b, (size_t)(f - b->block->futures));
    else
        atomic_store_explicit(&b->some_failed, true, memory_order_relaxed);
}

void map_release(future_block *block)
{
    batch *b = block_batch(block);
    if (!atomic_load_explicit(&b->some_failed, memory_order_relaxed))
        return;
    release_common(b);
    for (size_t task = 0; b->nown && task < block->n; task++)
        release_own(b, task);
}

/* ---- one task ---- */

static size_t run_room(const batch *b)
{
    return node_size(b->nargs) + b->nargs * sizeof(literal);
}

static void run_begin(map_run *r, batch *b, void *room)
{
    *r = (map_run){.batch = b};
    r->node = room;
    r->literals = (literal *)(void *)((char *)room + node_size(b->nargs));
    node_init(r->node, b->block->futures[0].promise.kernel, b->nargs, 0);
    r->node->flags |= NODE_SPECIAL;
    for (uint32_t i = 0; i < b->nargs; i++) {
        mapped *m = &b->args[i];
        bool future = m->kind == BASK_ARG_FUTURE || m->kind == BASK_ARG_EACH_FUTURE;
        node_set_kind(r->node, i, future ? ARG_PROMISE : ARG_PLACE);
        if (m->kind == BASK_ARG_FUTURE) {
            node_arg(r->node, i)->promise = m->promise;
        } else if (m->kind == BASK_ARG_LITERAL) {
            node_arg(r->node, i)->place = m->bytes;
        } else if (m->kind == BASK_ARG_EACH && !b->typed) {
            r->literals[i].dtype = m->dtype;
            node_arg(r->node, i)->place = r->literals[i].bytes;
        }
    }
    r->task.node = r->node;
    r->task.result = &r->result;
    r->task.cancelled = task_unwanted;
    r->task.pool = client_of(b)->pool;
    r->task.whole = &r->task;
}

static void set_arguments(map_run *r, size_t task)
{
    batch *b = r->batch;
    for (uint32_t i = 0; i < b->nargs; i++) {
        const mapped *m = &b->args[i];
        if (m->kind == BASK_ARG_EACH_FUTURE)
            node_arg(r->node, i)->promise = m->promises[task];
        else if (m->kind == BASK_ARG_EACH && b->typed)
            node_arg(r->node, i)->place = m->values + task * m->size;
        else if (m->kind == BASK_ARG_EACH)
            memcpy(r->literals[i].bytes, m->values + task * m->size, m->size);
    }
}

/* The failure of the first argument that has failed, NULL if none has. */
static failure *failed_argument(const batch *b, size_t task)
{
    for (uint32_t i = 0; b->gated && i < b->nargs; i++) {
        const mapped *m = &b->args[i];
        const promise *p = m->promises ? m->promises[task] : m->promise;
        if (p && promise_state(p) != BASK_FINISHED)
            return failure_of_promise(p);
    }
    return NULL;
}

static failure *call(map_run *r, size_t task)
{
    set_arguments(r, task);
    atomic_store_explicit(&r->task.failed, false, memory_order_relaxed);
    task_begin(&r->task);
    task_call(&r->task);
    failure *why = r->task.noted ? task_settle(&r->task) : NULL;
    task_end(&r->task);
    return why;
}

/* Counted before the future is done: who has its result has the count. */
static void count_task(bask_client *c)
{
    if (bask_self != &worker_nobody && ((worker *)bask_self)->pool == c->pool)
        counter_add(&((worker *)bask_self)->tasks, 1);
    else
        atomic_fetch_add_explicit(&c->tasks, 1, memory_order_relaxed);
}

/* Runs the kernel, unless an argument failed or nobody wants the result, and finishes the future.
 * LAST: nothing else of the batch runs before what that makes ready. */
static void run_task(map_run *r, size_t task, bool last)
{
    batch *b = r->batch;
    bask_future *f = r->future = &b->block->futures[task];
    failure *passed_on = failed_argument(b, task);
    if (!passed_on && unwanted(b, f))
        passed_on = &failure_cancelled;
    failure *why = passed_on;
    if (!passed_on) {
        count_task(client_of(b));
        why = call(r, task);
    }
    if (last)
        client_finishing(client_of(b), true);
    if (why)
        future_fail(f, why, why != passed_on);
    else
        future_finish(f, &r->result);
    if (last)
        client_finishing(client_of(b), false);
    failure_free(why);
    if (!passed_on && node_yields_buffer(r->node))
        bask_buffer_release(r->result.buffer); /* the future holds a reference of its own */
    release_arguments(b, f);
    bask_future_free(f);
}

/* ---- tasks whose own futures are pending ---- */

static void run_range(batch *b, size_t from, size_t to, worker *w);

static void run_parked(bask_job *job)
{
    parked *p = (parked *)job;
    if (!client_of(p->owner)->sync)
        worker_uncount_job((worker *)bask_self);
    run_range(p->owner, p->task, p->task + 1, NULL);
}

static bool parked_arrive(parked *p)
{
    return atomic_fetch_sub_explicit(&p->missing, 1, memory_order_acq_rel) == 1;
}

static void own_done(listener *l)
{
    parked *p = ((own_awaited *)l)->owner;
    if (!parked_arrive(p))
        return;
    bask_client *c = client_of(p->owner);
    if (c->sync)
        client_job_here(&p->job);
    else
        bask_pool_submit(c->pool, &p->job);
}

/* True: one of its futures is pending; it will run as a job when that is done, or has run by now. */
static bool park(batch *b, size_t task)
{
    if (!b->nown || !has_pending(b, task))
        return false;
    parked *p = &b->parked[task];
    own_awaited *own = &b->own[task * b->nown];
    *p = (parked){.job.run = run_parked, .owner = b, .task = task};
    atomic_store_explicit(&p->missing, (uint32_t)b->nown + 1, memory_order_relaxed);
    for (uint32_t i = 0; i < b->nargs; i++) {
        if (!b->args[i].promises)
            continue;
        *own = (own_awaited){.listener.done = own_done, .owner = p};
        if (!promise_listen(b->args[i].promises[task], &own->listener))
            (void)parked_arrive(p); /* done already; our own share keeps it from the last */
        own++;
    }
    return !parked_arrive(p);
}

/* ---- ranges ---- */

/*
 * A part of a range that others may have is a job, which lies where its first task will have its result:
 * nobody else touches that before the task runs. Its length lies in that future's link to equal ones,
 * for which a batch has no use.
 */
_Static_assert(sizeof(bask_job) <= sizeof(slot), "a job lies in a result");

static bask_future *share_future(const bask_job *job)
{
    return (bask_future *)(uintptr_t)((const char *)job - offsetof(bask_future, promise.result));
}

static void run_share(bask_job *job)
{
    bask_future *f = share_future(job);
    future_block *block = f->block;
    size_t from = (size_t)(f - block->futures);
    worker_uncount_job((worker *)bask_self);
    run_range(block_batch(block), from, from + f->same_as, (worker *)bask_self);
}

static void share_range(worker *w, batch *b, size_t from, size_t to)
{
    for (size_t end; from < to; from = end) {
        bask_future *f = &b->block->futures[from];
        bask_job *job = (bask_job *)(void *)&f->promise.result;
        end = to - from > UINT32_MAX ? from + UINT32_MAX : to;
        f->same_as = (uint32_t)(end - from);
        job->run = run_share;
        worker_push(w, (item)job | ITEM_JOB);
    }
}

/* What run_range has not begun. */
typedef struct range_held {
    held held;
    batch *batch;
    size_t from, to;
} range_held;

static void range_let_go(held *h, worker *w)
{
    range_held *range = (range_held *)h;
    if (range->from < range->to)
        share_range(w, range->batch, range->from, range->to);
    range->to = range->from;
}

/* Without memory for what a range needs. */
static void fail_range(batch *b, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        future_fail(&b->block->futures[i], &failure_no_memory, true);
        release_arguments(b, &b->block->futures[i]);
        bask_future_free(&b->block->futures[i]);
    }
    completed(b, (int64_t)(to - from));
}

/* Returns how many have completed: those that are parked will later. */
static int64_t run_tasks(map_run *r, range_held *range, worker *w)
{
    int64_t done = 0;
    while (range->from < range->to) {
        if (w && range->to - range->from > 1 && worker_asked(w)) {
            size_t middle = range->from + (range->to - range->from) / 2;
            share_range(w, r->batch, middle, range->to);
            range->to = middle;
        }
        size_t task = range->from++;
        if (park(r->batch, task))
            continue;
        run_task(r, task, range->from == range->to);
        done++;
    }
    return done;
}

static int64_t run_held(map_run *r, range_held *range, worker *w)
{
    worker_hold(w, &range->held);
    int64_t done = run_tasks(r, range, w);
    worker_drop(w, &range->held);
    return done;
}

/* W: the calling worker, of which others may have what it has not begun, or NULL. */
static void run_range(batch *b, size_t from, size_t to, worker *w)
{
    union {
        uint64_t align;
        char bytes[sizeof(node) + RUN_ARGUMENTS * (sizeof(wide_arg) + sizeof(literal)) + 64];
    } here;
    void *room = run_room(b) <= sizeof here ? here.bytes : malloc(run_room(b));
    if (!room) {
        fail_range(b, from, to);
        return;
    }
    map_run r;
    range_held range = {{.let_go = range_let_go}, b, from, to};
    run_begin(&r, b, room);
    int64_t done = w ? run_held(&r, &range, w) : run_tasks(&r, &range, NULL);
    if (room != here.bytes)
        free(room);
    if (done)
        completed(b, done); /* last: it may be gone afterwards */
}

void batch_run_source(source *s, worker *w, uint64_t from, uint64_t to)
{
    run_range((batch *)s, from, to, w);
}

bool map_part_of(const future_block *block, item x)
{
    const bask_job *job = (const bask_job *)(x & ~(item)ITEM_TAG);
    const batch *b = block_batch(block);
    if ((x & ITEM_TAG) != ITEM_JOB)
        return false;
    return job == &b->job || (job->run == run_share && share_future(job)->block == block) ||
           (job->run == run_parked && ((const parked *)job)->owner == b);
}

static void run_all(bask_job *job)
{
    batch *b = (batch *)(void *)((char *)job - offsetof(batch, job));
    worker_uncount_job((worker *)bask_self);
    run_range(b, 0, b->block->n, (worker *)bask_self);
}

static void run_here(bask_job *job)
{
    batch *b = (batch *)(void *)((char *)job - offsetof(batch, job));
    run_range(b, 0, b->block->n, NULL);
}

void batch_start(batch *b)
{
    bask_client *c = client_of(b);
    worker *self = worker_self(c->pool);
    if (c->sync) {
        b->job.run = run_here;
        client_job_here(&b->job);
    } else if (self) {
        /* for the newest piece of its own deque, as the roots of a run: run.c */
        b->job.run = run_all;
        worker_push(self, (item)&b->job | ITEM_JOB);
    } else {
        source_offer(c->pool, &b->source);
    }
}

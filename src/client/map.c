/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many tasks of one kernel: a batch. It lies behind its futures in one block of memory; what a task
 * needs beside its future is made by whoever runs it, for a whole range of tasks at a time. A batch is
 * a source, so ranges are claimed as those of roots are, and halves of them go to thieves that ask.
 *
 * Futures that are common to all tasks are waited for by the batch. A task with futures of its own
 * looks at them when its turn comes, and is parked where one is pending: only then it needs listeners.
 */
#include "base/status.h"
#include "client/core.h"
#include "pool/team.h"
#include "pool/word.h"
#include <string.h>

typedef struct batch batch;

/* A future that the batch waits for. */
typedef struct awaited {
    listener listener;
    batch *owner;
} awaited;

/* A task with futures of its own, and such a future. */
typedef struct parked {
    bask_job job;
    batch *owner;
    size_t task;
    _Atomic uint32_t missing; /* as that of a batch */
} parked;
typedef struct own_awaited {
    listener listener;
    parked *owner;
} own_awaited;

/* One argument. */
typedef struct mapped {
    bask_arg_kind kind;
    uint16_t size;
    uint64_t dtype; /* before the value, as in a graph: ARG_PLACE */
    unsigned char bytes[BASK_MAX_VALUE];
    promise *promise;   /* common to all; retained, as are the next */
    promise **promises; /* each task's; NULL once that task has run */
    const char *values; /* each task's */
    awaited awaited;
} mapped;

struct batch {
    source source;
    bask_job job; /* all tasks, as one piece of a worker's deque */
    future_block *block;
    /* Common futures that are not done, and one for the submitter; acq_rel, so that the last one sees
     * their results. */
    _Atomic uint32_t missing;
    atomic_bool closing;  /* the client closes: do not start; relaxed, a hint */
    _Atomic int64_t left; /* tasks that have not completed; acq_rel: the last one frees */
    size_t nown;          /* arguments that are each task's own future */
    parked *parked;       /* of each task, where there are such; untouched till one is parked */
    own_awaited *own;     /* NOWN for each task */
    bool typed, gated;
    uint32_t nargs;
    mapped args[];
};

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

static bask_client *client_of(const batch *b)
{
    return b->block->client;
}

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

static void completed(batch *b, int64_t tasks)
{
    if (atomic_fetch_sub_explicit(&b->left, tasks, memory_order_acq_rel) != tasks)
        return;
    future_block *block = b->block;
    bask_client *c = block->client;
    _Atomic uint32_t *ended = block->ended;
    for (uint32_t i = 0; i < b->nargs; i++)
        if (b->args[i].promise)
            promise_release(b->args[i].promise);
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
        if (b->args[i].promises) {
            promise_release(b->args[i].promises[task]);
            b->args[i].promises[task] = NULL;
        }
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
    release_own(b, task);
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

static bool has_pending(const batch *b, size_t task)
{
    for (uint32_t i = 0; i < b->nargs; i++)
        if (b->args[i].promises && promise_state(b->args[i].promises[task]) == BASK_PENDING)
            return true;
    return false;
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
    run_range((batch *)(void *)&block->futures[block->n], from, from + f->same_as,
              (worker *)bask_self);
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
        release_own(b, i);
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

static void run_source(source *s, worker *w, uint64_t from, uint64_t to)
{
    run_range((batch *)s, from, to, w);
}

bool map_part_of(const future_block *block, item x)
{
    const bask_job *job = (const bask_job *)(x & ~(item)ITEM_TAG);
    const batch *b = (const batch *)(const void *)&block->futures[block->n];
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

/* ---- starting ---- */

static void run_here(bask_job *job)
{
    batch *b = (batch *)(void *)((char *)job - offsetof(batch, job));
    run_range(b, 0, b->block->n, NULL);
}

static void start(batch *b)
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

static void arrive(batch *b)
{
    if (atomic_fetch_sub_explicit(&b->missing, 1, memory_order_acq_rel) == 1)
        start(b);
}

static void common_done(listener *l)
{
    arrive(((awaited *)l)->owner);
}

static void close_batch(activity *a)
{
    future_block *block = (future_block *)((char *)a - offsetof(future_block, activity));
    batch *b = (batch *)(void *)&block->futures[block->n];
    atomic_store_explicit(&b->closing, true, memory_order_relaxed);
}

/* Can a team of the calling thread run it all? Not where that might wait for what this thread does. */
static bool for_team(const batch *b)
{
    const bask_client *c = client_of(b);
    if (!c->team || word_pool(c->pool) != c->pool)
        return false;
    for (uint32_t i = 0; i < b->nargs; i++)
        if (b->args[i].promise && promise_state(b->args[i].promise) == BASK_PENDING)
            return false;
    for (size_t task = 0; b->nown && task < b->block->n; task++)
        if (has_pending(b, task))
            return false;
    return true;
}

static void submit(batch *b)
{
    bask_client *c = client_of(b);
    client_begin(c, &b->block->activity);
    if (for_team(b)) {
        _Atomic uint32_t ended = 0;
        b->block->ended = &ended;
        source_offer(c->pool, &b->source);
        team_run(c->pool, c->team, &ended);
        return;
    }
    for (uint32_t i = 0; i < b->nargs; i++) {
        mapped *m = &b->args[i];
        if (!m->promise)
            continue;
        m->awaited = (awaited){.listener.done = common_done, .owner = b};
        if (!promise_listen(m->promise, &m->awaited.listener))
            arrive(b); /* done already; the submitter's own share keeps B */
    }
    arrive(b);
}

/* ---- making ---- */

/* Where the parts of a batch lie, behind its arguments. */
typedef struct layout {
    size_t nown, parked, own, size;
    bool fits;
} layout;

/* Room for N times SIZE bytes more; returns where. */
static size_t lay(layout *l, size_t n, size_t size)
{
    size_t at = l->size, bytes;
    l->fits = l->fits && !__builtin_mul_overflow(n, size, &bytes) &&
              !__builtin_add_overflow(bytes, BASK_MAX_VALUE - 1, &bytes) &&
              !__builtin_add_overflow(at, bytes / BASK_MAX_VALUE * BASK_MAX_VALUE, &l->size);
    return at;
}

/* AT: where each argument's values or promises will be. */
static layout lay_out(size_t n, const bask_arg *args, size_t nargs, size_t *at)
{
    layout l = {.fits = true};
    l.size = sizeof(batch);
    (void)lay(&l, nargs, sizeof(mapped));
    for (size_t i = 0; i < nargs; i++) {
        bool own = args[i].kind == BASK_ARG_EACH_FUTURE;
        l.nown += own;
        at[i] = own                             ? lay(&l, n, sizeof(promise *))
                : args[i].kind == BASK_ARG_EACH ? lay(&l, n, args[i].size)
                                                : 0;
    }
    l.parked = l.nown ? lay(&l, n, sizeof(parked)) : 0;
    l.own = l.nown ? lay(&l, n, l.nown * sizeof(own_awaited)) : 0;
    return l;
}

static void fill(mapped *m, char *at, size_t n, const bask_arg *a)
{
    const void *array = arg_pointer(a);
    m->kind = a->kind;
    m->size = a->size;
    m->dtype = a->dtype;
    if (a->kind == BASK_ARG_LITERAL) {
        memcpy(m->bytes, a->words, BASK_MAX_VALUE);
    } else if (a->kind == BASK_ARG_EACH) {
        m->values = memcpy(at, array, n * a->size);
    } else if (a->kind == BASK_ARG_FUTURE) {
        m->promise = arg_pointer(a);
        promise_retain(m->promise);
    } else {
        m->promises = memcpy(at, array, n * sizeof(promise *));
        for (size_t i = 0; i < n; i++)
            promise_retain(m->promises[i]);
    }
}

/* The futures, with SIZE zero bytes behind them. */
static future_block *block_with(bask_client *c, size_t n, size_t size)
{
    size_t futures, all;
    if (__builtin_mul_overflow(n, sizeof(bask_future), &futures) ||
        __builtin_add_overflow(futures, size, &all) ||
        __builtin_add_overflow(all, sizeof(future_block), &all))
        return NULL;
    future_block *block = calloc(1, all);
    if (block)
        block_init(block, c, n);
    return block;
}

static batch *batch_new(bask_client *c, const bask_kernel *kernel, size_t n, const bask_arg *args,
                        size_t nargs)
{
    size_t *at = malloc((nargs + 1) * sizeof *at);
    if (!at)
        return NULL;
    layout l = lay_out(n, args, nargs, at);
    future_block *block = l.fits ? block_with(c, n, l.size) : NULL;
    batch *b = NULL;
    if (block) {
        char *place = (char *)&block->futures[n];
        b = (batch *)(void *)place;
        b->block = block;
        block->mapped = true;
        block->starter = task_current;
        b->source.end = n;
        b->source.run = run_source;
        b->typed = kernel->call != NULL;
        b->nargs = (uint32_t)nargs;
        b->nown = l.nown;
        b->parked = (parked *)(void *)(place + l.parked);
        b->own = (own_awaited *)(void *)(place + l.own);
        atomic_store_explicit(&b->left, (int64_t)n, memory_order_relaxed);
        block->activity.cancel = close_batch;
        uint32_t common = 0;
        for (size_t i = 0; i < nargs; i++) {
            fill(&b->args[i], place + at[i], n, &args[i]);
            common += b->args[i].promise != NULL;
        }
        b->gated = common || l.nown;
        atomic_store_explicit(&b->missing, common + 1, memory_order_relaxed);
        for (size_t i = 0; i < n; i++)
            block->futures[i].promise.kernel = kernel;
    }
    free(at);
    return b;
}

/* ---- checks ---- */

/* The arguments of the first task, or of one of the others, as a single task would get them. */
static bask_status check_task(bask_client *c, const bask_kernel *kernel, size_t task,
                              const bask_arg *args, bask_arg *single, size_t nargs)
{
    for (size_t i = 0; i < nargs; i++) {
        single[i] = args[i];
        if (args[i].kind == BASK_ARG_EACH)
            single[i].kind = BASK_ARG_LITERAL;
        else if (args[i].kind == BASK_ARG_EACH_FUTURE)
            single[i] = bask_arg_future(((bask_future *const *)arg_pointer(&args[i]))[task]);
    }
    bask_status status = args_check(kernel, single, nargs, &c->home, NULL);
    if (status != BASK_OK)
        return status_set(status, "bask_map: task %zu: %s", task, bask_last_error());
    return BASK_OK;
}

static bask_status check_arguments(bask_client *c, const bask_kernel *kernel, size_t n,
                                   const bask_arg *args, size_t nargs)
{
    bool futures = false;
    for (size_t i = 0; i < nargs; i++) {
        bool own = args[i].kind == BASK_ARG_EACH_FUTURE;
        if ((own || args[i].kind == BASK_ARG_EACH) && !arg_pointer(&args[i]))
            return status_set(BASK_EINVAL, "bask_map: argument %zu of %s is an array that is NULL",
                              i + 1, kernel->name);
        futures = futures || own;
    }
    bask_arg *single = malloc((nargs + 1) * sizeof *single);
    if (!single)
        return status_set(BASK_ENOMEM, "bask_map: no memory for %zu arguments", nargs);
    bask_status status = check_task(c, kernel, 0, args, single, nargs);
    for (size_t task = 1; status == BASK_OK && futures && task < n; task++)
        status = check_task(c, kernel, task, args, single, nargs);
    free(single);
    return status;
}

bask_status bask_map_array(bask_client *c, const bask_kernel *kernel, size_t n,
                           bask_future **futures, const bask_arg *args, size_t nargs)
{
    if (futures && n)
        memset(futures, 0, n * sizeof *futures);
    bask_status status = client_check(c, "bask_map");
    if (status != BASK_OK || (n == 0 && kernel))
        return status;
    if (!kernel || !futures || (!args && nargs))
        return status_set(BASK_EINVAL, "bask_map: the %s is NULL",
                          !kernel    ? "kernel"
                          : !futures ? "array of futures"
                                     : "array of arguments");
    status = check_arguments(c, kernel, n, args, nargs);
    if (status != BASK_OK)
        return status;
    batch *b = nargs < UINT32_MAX / 64 ? batch_new(c, kernel, n, args, nargs) : NULL;
    if (!b)
        return status_set(BASK_ENOMEM, "bask_map: no memory for %zu tasks of %s", n, kernel->name);
    for (size_t i = 0; i < n; i++)
        futures[i] = &b->block->futures[i];
    submit(b);
    return BASK_OK;
}

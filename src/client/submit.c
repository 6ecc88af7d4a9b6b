/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single tasks: one kernel, arguments that are literals or futures. A node without a graph, run by
 * a job of the pool once the futures among its arguments are done, or before that job comes to its turn
 * by a worker that waits for the task (future_run_here). Then the job, when it does come, finds the
 * task claimed; until then it keeps the memory.
 */
#include "base/status.h"
#include "client/core.h"
#include "pool/spare.h"
#include <string.h>

typedef struct single single;

/* A future that the task waits for. */
typedef struct awaited {
    listener listener;
    single *owner;
    promise *promise; /* retained */
} awaited;

/* One allocation: the block with its one future, this struct behind it, the awaited futures, literals,
 * the node. The block is freed with the last of the future's handles and the job. */
struct single {
    bask_job job;
    _Atomic uint32_t missing; /* awaited futures that are not done, and one for the submitter;
                               * acq_rel, so that the last one sees their results */
    atomic_bool claimed;      /* somebody runs the task, or has; whoever sets it does. Relaxed: it
                               * orders nothing, what the task reads comes by `missing` or the job */
    atomic_bool closing;      /* the client closes: do not start; relaxed, a hint */
    slot result;
    node *node;
    size_t nawaited;
    awaited awaited[];
};

typedef struct single_task {
    bask_task base;
    const single *single;
} single_task;

static single *block_single(const future_block *b)
{
    return (single *)(uintptr_t)&b->futures[1];
}
static future_block *single_block(const single *s)
{
    return (future_block *)((uintptr_t)s - sizeof(bask_future) - sizeof(future_block));
}
static bask_future *single_future(const single *s)
{
    return &single_block(s)->futures[0];
}

typedef struct literal {
    uint64_t dtype; /* before the value, as in a graph: ARG_PLACE */
    unsigned char bytes[BASK_MAX_VALUE];
} literal;

static bool unwanted(const single *s)
{
    return atomic_load_explicit(&s->closing, memory_order_relaxed) ||
           bask_future_done(single_future(s));
}

static bool task_unwanted(const bask_task *task)
{
    return unwanted(((const single_task *)task)->single);
}

/* ---- making ---- */

static void fill(single *s, literal *room, const bask_arg *args, uint32_t nargs)
{
    node *n = s->node;
    for (uint32_t i = 0; i < nargs; i++) {
        unsigned kind = ARG_PLACE;
        if (args[i].kind == BASK_ARG_FUTURE) {
            promise *p = (promise *)arg_pointer(&args[i]);
            promise_retain(p);
            s->awaited[s->nawaited++] = (awaited){.owner = s, .promise = p};
            node_arg(n, i)->promise = p;
            kind = ARG_PROMISE;
        } else {
            room->dtype = args[i].dtype;
            memcpy(room->bytes, args[i].words, BASK_MAX_VALUE);
            node_arg(n, i)->place = room++->bytes;
        }
        node_set_kind(n, i, kind);
    }
}

static single *single_new(bask_client *c, const bask_kernel *kernel, const bask_arg *args,
                          uint32_t nargs)
{
    size_t futures = 0;
    for (uint32_t i = 0; i < nargs; i++)
        futures += args[i].kind == BASK_ARG_FUTURE;
    size_t head = sizeof(future_block) + sizeof(bask_future) + sizeof(single);
    size_t literals = head + futures * sizeof(awaited);
    size_t node_at = literals + (nargs - futures) * sizeof(literal);
    future_block *block = malloc(node_at + node_size(nargs));
    if (!block)
        return NULL;
    memset(block, 0, head);
    block_init(block, c, 1);
    block->alone = true;
    block->futures[0].promise.kernel = kernel;
    single *s = block_single(block);
    s->node = (node *)(void *)((char *)block + node_at);
    node_init(s->node, kernel, nargs, (uint32_t)futures);
    s->node->flags |= NODE_SPECIAL;
    fill(s, (literal *)(void *)((char *)block + literals), args, nargs);
    atomic_store_explicit(&s->missing, (uint32_t)futures + 1, memory_order_relaxed);
    return s;
}

/* ---- running ---- */

/* The failure of the first argument that has failed, NULL if none has. */
static failure *failed_argument(const single *s)
{
    for (size_t i = 0; i < s->nawaited; i++)
        if (promise_state(s->awaited[i].promise) != BASK_FINISHED)
            return failure_of_promise(s->awaited[i].promise);
    return NULL;
}

static failure *call(single *s)
{
    single_task task = {.base = {.node = s->node,
                                 .result = &s->result,
                                 .cancelled = task_unwanted,
                                 .pool = single_block(s)->client->pool},
                        .single = s};
    task.base.whole = &task.base;
    task_begin(&task.base);
    task_call(&task.base);
    failure *why = task_settle(&task.base);
    task_end(&task.base);
    return why;
}

/* Only kernels that are called count; the pool has counted the job already. */
static void count_task(bask_client *c, bool called)
{
    if (c->sync && called)
        atomic_fetch_add_explicit(&c->tasks, 1, memory_order_relaxed);
    else if (!c->sync && !called)
        worker_uncount_job((worker *)bask_self);
}

/* Runs the kernel, unless an argument failed or nobody wants the result, and finishes the future. */
static void complete(single *s)
{
    bask_future *f = single_future(s);
    failure *passed_on = failed_argument(s);
    if (!passed_on && unwanted(s))
        passed_on = &failure_cancelled;
    count_task(f->block->client, !passed_on);
    failure *why = passed_on ? passed_on : call(s);
    if (why)
        future_fail(f, why, why != passed_on);
    else
        future_finish(f, &s->result);
    failure_free(why);
    if (node_yields_buffer(s->node))
        bask_buffer_release(s->result.buffer); /* the future holds a reference of its own */
}

/* May the caller run it? Of the job and those who wait one may. */
static bool claim(single *s)
{
    return !atomic_load_explicit(&s->claimed, memory_order_relaxed) &&
           !atomic_exchange_explicit(&s->claimed, true, memory_order_relaxed);
}

/* All that is to be done by who has claimed it. */
static void run_claimed(single *s)
{
    complete(s);
    for (size_t i = 0; i < s->nawaited; i++)
        promise_release(s->awaited[i].promise);
    future_block *block = single_block(s);
    client_end(block->client, &block->activity);
    bask_future_free(&block->futures[0]);
}

static void run(bask_job *job)
{
    single *s = (single *)job;
    future_block *block = single_block(s);
    if (claim(s))
        run_claimed(s);
    else
        worker_uncount_job((worker *)bask_self);
    block_release(block);
}

static void run_inline(void *s)
{
    run(&((single *)s)->job);
}

static void arrive(single *s)
{
    bask_client *c = single_block(s)->client;
    if (atomic_fetch_sub_explicit(&s->missing, 1, memory_order_acq_rel) != 1)
        return;
    if (c->sync)
        client_call_here(run_inline, s);
    else
        bask_pool_submit(c->pool, &s->job);
}

static void awaited_done(listener *l)
{
    arrive(((awaited *)l)->owner);
}

static void close_single(activity *a)
{
    future_block *block = (future_block *)((char *)a - offsetof(future_block, activity));
    atomic_store_explicit(&block_single(block)->closing, true, memory_order_relaxed);
}

/* ---- running where it is waited for ---- */

/* Tasks that this thread has claimed while they lay in its worker's deque, where they are still, as far
 * as it knows. */
static __thread unsigned claimed_below __attribute__((tls_model("initial-exec")));

typedef struct here {
    bask_job job;
    single *single;
} here;

static void run_here(bask_job *job)
{
    run_claimed(((here *)job)->single);
}

/* The newest of the deque, if that is JOB: so it does not stay there. */
static bool take_job(worker *w, const bask_job *job)
{
    item x = (item)job | ITEM_JOB;
    return deque_newest(&w->deque) == x && deque_take(&w->deque) == x;
}

/* Claimed tasks on top of the deque need not lie there until everything above has ended. */
static void drop_claimed(worker *w)
{
    while (claimed_below) {
        item x = deque_take(&w->deque);
        bask_job *job = (bask_job *)x;
        if (!x)
            claimed_below = 0; /* others have stolen them */
        else if ((x & ITEM_TAG) == ITEM_JOB && job->run == run &&
                 atomic_load_explicit(&((single *)job)->claimed, memory_order_relaxed)) {
            block_release(single_block((single *)job));
            claimed_below--;
        } else {
            worker_push(w, x);
            break;
        }
    }
}

bool future_run_here(bask_future *f)
{
    worker *w = worker_self(f->block->client->pool);
    if (!w || w->guarded || !f->block->alone)
        return false;
    single *s = block_single(f->block);
    /* acquire: pairs with the arrivals, so that the arguments' results are seen */
    if (atomic_load_explicit(&s->missing, memory_order_acquire) != 0 || !claim(s))
        return false;
    bool taken = take_job(w, &s->job);
    here here = {.job.run = run_here, .single = s};
    spare_execute(w, (item)&here.job | ITEM_JOB);
    if (!taken) {
        claimed_below++;
        return true;
    }
    block_release(f->block);
    drop_claimed(w);
    return true;
}

/* ---- submitting ---- */

bask_future *bask_submit_array(bask_client *c, const bask_kernel *kernel, const bask_arg *args,
                               size_t nargs)
{
    if (client_check(c, "bask_submit") != BASK_OK)
        return NULL;
    if (!kernel || (!args && nargs)) {
        status_set(BASK_EINVAL, "bask_submit: the %s is NULL",
                   kernel ? "array of arguments" : "kernel");
        return NULL;
    }
    if (args_check(kernel, args, nargs, &c->home, NULL) != BASK_OK)
        return NULL;
    pressure_meet(c, &c->pressure);
    single *s = nargs < UINT32_MAX / 64 ? single_new(c, kernel, args, (uint32_t)nargs) : NULL;
    if (!s) {
        status_set(BASK_ENOMEM, "%s: no memory for a task of %zu arguments", kernel->name, nargs);
        return NULL;
    }
    bask_future *f = single_future(s);
    s->job.run = run;
    f->block->activity.cancel = close_single;
    f->block->activity.weight = 1;
    client_begin(c, &f->block->activity);
    for (size_t i = 0, nawaited = s->nawaited; i < nawaited; i++) {
        s->awaited[i].listener.done = awaited_done;
        if (!promise_listen(s->awaited[i].promise, &s->awaited[i].listener))
            arrive(s); /* done already; the submitter's own share keeps S */
    }
    arrive(s);
    return f;
}

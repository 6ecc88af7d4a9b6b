/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single tasks: one kernel, arguments that are literals or futures. A node without a graph, run by
 * a job of the pool once the futures among its arguments are done.
 */
#include "base/status.h"
#include "client/core.h"
#include <string.h>

typedef struct single single;

/* A future that the task waits for. */
typedef struct awaited {
    listener listener;
    single *owner;
    promise *promise; /* retained */
} awaited;

/* One allocation: the struct, the awaited futures, long literals, the node. */
struct single {
    bask_job job;
    activity activity;
    future_block *block;      /* with one future */
    _Atomic uint32_t missing; /* awaited futures that are not done, and one for the submitter;
                               * acq_rel, so that the last one sees their results */
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

typedef struct literal {
    uint64_t dtype; /* before the value, as in a graph: ARG_PLACE */
    unsigned char bytes[BASK_MAX_VALUE];
} literal;

static bool unwanted(const single *s)
{
    return atomic_load_explicit(&s->closing, memory_order_relaxed) ||
           bask_future_done(&s->block->futures[0]);
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
    size_t head = sizeof(single) + futures * sizeof(awaited);
    size_t literals = (nargs - futures) * sizeof(literal);
    single *s = malloc(head + literals + node_size(nargs));
    future_block *block = s ? block_new(c, 1) : NULL;
    if (!block) {
        free(s);
        return NULL;
    }
    block->futures[0].promise.kernel = kernel;
    memset(s, 0, sizeof *s);
    s->block = block;
    s->node = (node *)(void *)((char *)s + head + literals);
    node_init(s->node, kernel, nargs, (uint32_t)futures);
    s->node->flags |= NODE_SPECIAL;
    fill(s, (literal *)(void *)((char *)s + head), args, nargs);
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
                                 .pool = s->block->client->pool},
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
    bask_future *f = &s->block->futures[0];
    failure *passed_on = failed_argument(s);
    if (!passed_on && unwanted(s))
        passed_on = &failure_cancelled;
    count_task(s->block->client, !passed_on);
    failure *why = passed_on ? passed_on : call(s);
    if (why)
        future_fail(f, why, why != passed_on);
    else
        future_finish(f, &s->result);
    failure_free(why);
    if (node_yields_buffer(s->node))
        bask_buffer_release(s->result.buffer); /* the future holds a reference of its own */
}

static void run(bask_job *job)
{
    single *s = (single *)job;
    future_block *block = s->block;
    bask_client *c = block->client;
    complete(s);
    for (size_t i = 0; i < s->nawaited; i++)
        promise_release(s->awaited[i].promise);
    client_retain(c); /* the last reference may be the future's */
    client_end(c, &s->activity);
    free(s);
    bask_future_free(&block->futures[0]);
    block_release(block);
    client_release(c);
}

static void arrive(single *s)
{
    bask_client *c = s->block->client;
    if (atomic_fetch_sub_explicit(&s->missing, 1, memory_order_acq_rel) != 1)
        return;
    if (c->sync)
        run(&s->job);
    else
        bask_pool_submit(c->pool, &s->job);
}

static void awaited_done(listener *l)
{
    arrive(((awaited *)l)->owner);
}

static void close_single(activity *a)
{
    single *s = (single *)((char *)a - offsetof(single, activity));
    atomic_store_explicit(&s->closing, true, memory_order_relaxed);
}

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
    single *s = nargs < UINT32_MAX / 64 ? single_new(c, kernel, args, (uint32_t)nargs) : NULL;
    if (!s) {
        status_set(BASK_ENOMEM, "%s: no memory for a task of %zu arguments", kernel->name, nargs);
        return NULL;
    }
    bask_future *f = &s->block->futures[0];
    size_t nawaited = s->nawaited;
    s->job.run = run;
    s->activity.cancel = close_single;
    client_begin(c, &s->activity);
    for (size_t i = 0; i < nawaited; i++) {
        s->awaited[i].listener.done = awaited_done;
        if (!promise_listen(s->awaited[i].promise, &s->awaited[i].listener))
            arrive(s); /* done already; the submitter's own share keeps S */
    }
    arrive(s);
    return f;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single tasks: one kernel, arguments that are literals or futures. A node without a graph, run by
 * a job of the pool once the futures among its arguments are done, or before that job comes to its turn
 * by a worker that waits for the task (future_run_here). Then the job, when it does come, finds the
 * task claimed; until then it keeps the memory.
 */
#include "base/clock.h"
#include "base/status.h"
#include "client/single.h"
#include "pool/spare.h"
#include <string.h>

typedef struct single_task {
    bask_task base;
    const single *single;
} single_task;

static bool needs_resources(const single *s)
{
    return s->extras && s->extras->claimant.nshares;
}

static bool unwanted(const single *s)
{
    return atomic_load_explicit(&s->closing, memory_order_relaxed) ||
           bask_future_done(single_future(s));
}

static bool task_unwanted(const bask_task *task)
{
    return unwanted(((const single_task *)task)->single);
}

promise *task_promise(const bask_task *task)
{
    const bask_task *whole = task ? task->whole : NULL;
    if (!whole || whole->cancelled != task_unwanted)
        return NULL;
    return &single_future(((const single_task *)whole)->single)->promise;
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
                          uint32_t nargs, extras *x)
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
    s->extras = x;
    if (x)
        x->single = s;
    s->node = (node *)(void *)((char *)block + node_at);
    node_init(s->node, kernel, nargs, (uint32_t)futures);
    s->node->flags |= NODE_SPECIAL;
    fill(s, (literal *)(void *)((char *)block + literals), args, nargs);
    atomic_store_explicit(&s->missing, (uint32_t)futures + 1 + needs_resources(s),
                          memory_order_relaxed);
    return s;
}

void single_forget(future_block *b)
{
    single *s = block_single(b);
    if (s->extras && s->extras->options.pure)
        pure_remove(&b->client->pure, s);
}

static void release_arguments(single *s)
{
    for (size_t i = 0; i < s->nawaited; i++)
        promise_release(s->awaited[i].promise);
    s->nawaited = 0;
}

void single_release(future_block *b)
{
    single *s = block_single(b);
    release_arguments(s);
    free(s->extras);
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
                                 .pool = single_block(s)->client->pool,
                                 .annotations = s->extras ? s->extras->annotations : NULL},
                        .single = s};
    task.base.whole = &task.base;
    task_begin(&task.base);
    task_call(&task.base);
    failure *why = task_settle(&task.base);
    task_end(&task.base);
    return why;
}

/* Leaves nothing of it in the way of the next call. */
static void drop_result(single *s)
{
    if (node_yields_buffer(s->node))
        bask_buffer_release(s->result.buffer);
    memset(&s->result, 0, sizeof s->result);
}

/* ... and again, as long as it fails and the options say so. */
static failure *call_repeatedly(single *s)
{
    uint32_t left = s->extras ? s->extras->options.retries : 0;
    for (;;) {
        failure *why = call(s);
        if (!why || why == &failure_cancelled || left-- == 0 || unwanted(s))
            return why;
        failure_free(why);
        drop_result(s);
    }
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
    failure *why = passed_on ? passed_on : call_repeatedly(s);
    client_finishing(f->block->client, true);
    if (why)
        future_fail(f, why, why != passed_on);
    else
        future_finish(f, &s->result);
    client_finishing(f->block->client, false);
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

/* Before the task ends: then nobody may have anything to do with it any more. */
static void end_extras(extras *x)
{
    bask_client *c = single_block(x->single)->client;
    if (x->options.timeout_ms)
        timers_clear(&c->timers, &x->timer);
    client_finishing(c, true);
    if (x->claimant.nshares)
        resources_give_back(&c->resources, &x->claimant);
    client_finishing(c, false);
}

/* All that is to be done by who has claimed it. */
static void run_claimed(single *s)
{
    complete(s);
    future_block *block = single_block(s);
    if (s->extras)
        end_extras(s->extras);
    if (promise_state(&block->futures[0].promise) == BASK_FINISHED &&
        !(s->extras && s->extras->options.pure))
        release_arguments(s);
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
        count_task(block->client, false);
    block_release(block);
}

static void arrive(single *s)
{
    bask_client *c = single_block(s)->client;
    extras *x = s->extras; /* S may be gone after this, unless somebody still has to arrive */
    bool asks = needs_resources(s);
    uint32_t left = atomic_fetch_sub_explicit(&s->missing, 1, memory_order_acq_rel) - 1;
    if (left == 1 && asks)
        resources_ask(&c->resources, &x->claimant);
    if (left != 0)
        return;
    if (c->sync)
        client_job_here(&s->job);
    else if (!x)
        bask_pool_submit(c->pool, &s->job);
    else
        pool_submit_band(c->pool, &s->job, x->options.priority);
}

static void resources_granted(claimant *c)
{
    arrive(((extras *)((char *)c - offsetof(extras, claimant)))->single);
}

/* On the client's thread for that. */
static void time_is_up(timer *t)
{
    const extras *x = (extras *)((char *)t - offsetof(extras, timer));
    char text[64];
    snprintf(text, sizeof text, "it was not done %lld ms after it was submitted",
             (long long)x->options.timeout_ms);
    failure why = {.status = BASK_ETIMEDOUT, .message = text};
    future_fail(single_future(x->single), &why, true);
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
    if (!w || w->guarded || w->blocking || !f->block->alone)
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

void single_start(single *s)
{
    bask_future *f = single_future(s);
    bask_client *c = f->block->client;
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
}

void single_undo(single *s)
{
    future_block *block = single_block(s);
    bask_client *c = block->client;
    if (s->extras)
        timers_clear(&c->timers, &s->extras->timer);
    single_release(block);
    free(block->futures[0].promise.error); /* time may have been up already */
    free(block);
    client_release(c);
}

/* On failure X is gone. */
static bask_status make(bask_client *c, const bask_kernel *kernel, const bask_arg *args,
                        uint32_t nargs, extras *x, single **result)
{
    single *s = single_new(c, kernel, args, nargs, x);
    if (!s) {
        free(x);
        return status_set(BASK_ENOMEM, "%s: no memory for a task of %u arguments", kernel->name,
                          (unsigned)nargs);
    }
    *result = s;
    if (!x)
        return BASK_OK;
    x->claimant.granted = resources_granted;
    x->timer.ring = time_is_up;
    x->timer.at = clock_deadline(x->options.timeout_ms);
    bask_status status = x->options.timeout_ms ? timers_set(&c->timers, &x->timer) : BASK_OK;
    if (status != BASK_OK) {
        single_undo(s);
        *result = NULL;
    }
    return status;
}

/* Under the lock of pure tasks. *KNOWN: one that is there already. */
static bask_status make_pure(bask_client *c, const bask_kernel *kernel, const bask_arg *args,
                             uint32_t nargs, extras *x, single **result, bask_future **known)
{
    uint64_t hash = args_hash(kernel, args, nargs);
    *known = pure_find(&c->pure, hash, kernel, args, nargs);
    if (*known) {
        free(x);
        return BASK_OK;
    }
    bask_status status = make(c, kernel, args, nargs, x, result);
    if (status == BASK_OK && !pure_add(&c->pure, *result, hash)) {
        single_undo(*result);
        *result = NULL;
        status = status_set(BASK_ENOMEM, "%s: no memory for a pure task", kernel->name);
    }
    return status;
}

bask_status single_make(bask_client *c, const bask_task_options *options, const bask_kernel *kernel,
                        const bask_arg *args, uint32_t nargs, single **result, bask_future **known)
{
    extras *x = NULL;
    bask_status status = BASK_OK;
    *result = NULL;
    *known = NULL;
    if (options || kernel->flags & BASK_KERNEL_PURE)
        status = extras_new(c, options, kernel, &x);
    if (status != BASK_OK)
        return status;
    return x && x->options.pure ? make_pure(c, kernel, args, nargs, x, result, known)
                                : make(c, kernel, args, nargs, x, result);
}

bask_future *single_submit(bask_client *c, const bask_task_options *options,
                           const bask_kernel *kernel, const bask_arg *args, uint32_t nargs)
{
    single *s;
    bask_future *known;
    bool pure = single_is_pure(options, kernel);
    if (pure)
        pthread_mutex_lock(&c->pure.lock);
    bask_status status = single_make(c, options, kernel, args, nargs, &s, &known);
    if (pure)
        pthread_mutex_unlock(&c->pure.lock);
    if (status != BASK_OK || known)
        return known;
    bask_future *f = single_future(s);
    single_start(s);
    return f;
}

bask_future *bask_submit_array_with(bask_client *c, const bask_task_options *options,
                                    const bask_kernel *kernel, const bask_arg *args, size_t nargs)
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
    if (nargs >= UINT32_MAX / 64) {
        status_set(BASK_ENOMEM, "%s: no memory for a task of %zu arguments", kernel->name, nargs);
        return NULL;
    }
    pressure_meet(c, &c->pressure);
    return single_submit(c, options, kernel, args, (uint32_t)nargs);
}

bask_future *bask_submit_array(bask_client *c, const bask_kernel *kernel, const bask_arg *args,
                               size_t nargs)
{
    return bask_submit_array_with(c, NULL, kernel, args, nargs);
}

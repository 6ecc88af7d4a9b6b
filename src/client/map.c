/* SPDX-License-Identifier: Apache-2.0 */
/* bask_map: checks, making a batch, starting it when its common futures are done. */
#include "base/status.h"
#include "client/batch.h"
#include "client/single.h"
#include "pool/team.h"
#include "pool/word.h"
#include <string.h>

/* ---- arguments ---- */

void map_arguments_of(size_t task, const bask_arg *args, size_t nargs, bask_arg *single)
{
    for (size_t i = 0; i < nargs; i++) {
        const char *values = arg_pointer(&args[i]);
        if (args[i].kind == BASK_ARG_EACH)
            single[i] = bask_arg_literal(values + task * args[i].size, args[i].size,
                                         (bask_dtype)args[i].dtype);
        else if (args[i].kind == BASK_ARG_EACH_FUTURE)
            single[i] = bask_arg_future(((bask_future *const *)arg_pointer(&args[i]))[task]);
        else
            single[i] = args[i];
    }
}

bask_arg map_argument(const batch *b, size_t task, uint32_t i)
{
    const mapped *m = &b->args[i];
    if (m->kind == BASK_ARG_EACH_FUTURE || m->kind == BASK_ARG_FUTURE)
        return bask_arg_future((bask_future *)(m->promises ? m->promises[task] : m->promise));
    const void *value =
        m->kind == BASK_ARG_EACH ? m->values + task * m->size : (const char *)m->bytes;
    return bask_arg_literal(value, m->size, (bask_dtype)m->dtype);
}

/* ---- starting ---- */

static void arrive(batch *b)
{
    if (atomic_fetch_sub_explicit(&b->missing, 1, memory_order_acq_rel) == 1)
        batch_start(b);
}

static void common_done(listener *l)
{
    arrive(((common_awaited *)l)->owner);
}

static void close_batch(activity *a)
{
    future_block *block = (future_block *)((char *)a - offsetof(future_block, activity));
    batch *b = block_batch(block);
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
        m->awaited = (common_awaited){.listener.done = common_done, .owner = b};
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
        b = block_batch(block);
        char *place = (char *)b;
        b->block = block;
        block->mapped = true;
        block->starter = task_current;
        b->source.end = n;
        b->source.run = batch_run_source;
        b->typed = kernel->call != NULL;
        b->nargs = (uint32_t)nargs;
        b->nown = l.nown;
        b->parked = (parked *)(void *)(place + l.parked);
        b->own = (own_awaited *)(void *)(place + l.own);
        atomic_store_explicit(&b->left, (int64_t)n, memory_order_relaxed);
        block->activity.cancel = close_batch;
        block->activity.weight = pressure_of_many(&c->pressure, n);
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
    map_arguments_of(task, args, nargs, single);
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

/* Do they ask for what a batch has no room for? */
static bask_status need_options(bask_client *c, const bask_task_options *options,
                                const bask_kernel *kernel, bool *needed)
{
    extras *x = NULL;
    bask_status status = BASK_OK;
    if (options || kernel->flags & BASK_KERNEL_PURE)
        status = extras_new(c, options, kernel, &x);
    *needed = x != NULL;
    free(x);
    return status;
}

bask_status bask_map_array_with(bask_client *c, const bask_task_options *options,
                                const bask_kernel *kernel, size_t n, bask_future **futures,
                                const bask_arg *args, size_t nargs)
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
    bool singly = false;
    if (status == BASK_OK)
        status = need_options(c, options, kernel, &singly);
    if (status != BASK_OK)
        return status;
    pressure_meet(c, &c->pressure);
    if (singly)
        return map_singly(c, options, kernel, n, futures, args, nargs);
    batch *b = nargs < UINT32_MAX / 64 ? batch_new(c, kernel, n, args, nargs) : NULL;
    if (!b)
        return status_set(BASK_ENOMEM, "bask_map: no memory for %zu tasks of %s", n, kernel->name);
    for (size_t i = 0; i < n; i++)
        futures[i] = &b->block->futures[i];
    submit(b);
    return BASK_OK;
}

bask_status bask_map_array(bask_client *c, const bask_kernel *kernel, size_t n,
                           bask_future **futures, const bask_arg *args, size_t nargs)
{
    return bask_map_array_with(c, NULL, kernel, n, futures, args, nargs);
}

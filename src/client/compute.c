/* SPDX-License-Identifier: Apache-2.0 */
/* Computing outputs of a graph into futures, and plans that are run again and again. */
#include "base/status.h"
#include "client/core.h"
#include <string.h>

static bask_status check_outputs(bask_client *c, bask_delayed *const *outputs, size_t n,
                                 const char *call)
{
    bask_status status = client_check(c, call);
    if (status != BASK_OK)
        return status;
    if (!outputs || n == 0)
        return status_set(BASK_EINVAL, "%s: there are no outputs", call);
    if (n >= MARK_OUTPUT)
        return status_set(BASK_EINVAL, "%s: %zu outputs are too many for one call", call, n);
    for (size_t i = 0; i < n; i++) {
        if (!outputs[i])
            return status_set(BASK_EINVAL, "%s: output %zu is NULL%s%s", call, i,
                              bask_last_error()[0] ? "; the last error was: " : "",
                              bask_last_error());
        const bask_graph *g = graph_of(outputs[i]);
        if (g->home != &c->home)
            return status_set(BASK_ECLIENT, "%s: output %zu belongs to a graph of another client",
                              call, i);
        if (g != graph_of(outputs[0]))
            return status_set(BASK_ECLIENT, "%s: output %zu belongs to another graph than output 0",
                              call, i);
    }
    const bask_graph *g = graph_of(outputs[0]);
    if (g->status != BASK_OK)
        return status_set(g->status, "%s: a bask_delay on this graph failed: %s", call, g->error);
    return BASK_OK;
}

/* ---- futures ---- */

static bool output_done(plan *p, size_t output, const state *s)
{
    future_block *b = p->user;
    bool taken = false;
    size_t i = output;
    do {
        bask_future *f = &b->futures[i];
        bool first = s->mark & MARK_FAILED ? future_fail(f, s->result.failure, s->mark & MARK_OWN)
                                           : future_finish(f, &s->result);
        if (first)
            atomic_fetch_sub_explicit(&b->live, 1, memory_order_relaxed);
        taken = taken || first;
        i = f->same_as;
    } while (i != output);
    return taken;
}

static void compute_ended(plan *p)
{
    future_block *b = p->user;
    bask_client *c = b->client;
    pthread_mutex_lock(&c->lock); /* bask_cancel looks at b->plan under this lock */
    atomic_store_explicit(&b->plan, NULL, memory_order_relaxed);
    pthread_mutex_unlock(&c->lock);
    void *owner = plan_free(p);
    for (size_t i = 0; i < b->n; i++)
        bask_future_free(&b->futures[i]);
    client_retain(c);
    client_end(c, &b->activity);
    block_release(b);
    if (owner)
        client_release(owner);
    client_release(c);
}

static void compute_cancel(activity *a)
{
    future_block *b = (future_block *)((char *)a - offsetof(future_block, activity));
    plan *p = atomic_load_explicit(&b->plan, memory_order_relaxed);
    if (p)
        plan_cancel(p);
}

/* Futures of the same node form a ring. */
static void link_same(future_block *b, plan *p)
{
    for (size_t i = 0; i < b->n; i++) {
        uint32_t first = (plan_state(p, p->outputs[i])->mark & MARK_OUTPUT) - 1;
        b->futures[i].same_as = (uint32_t)i;
        if (first != i) {
            b->futures[i].same_as = b->futures[first].same_as;
            b->futures[first].same_as = (uint32_t)i;
        }
    }
}

bask_status bask_compute_with(bask_client *c, bask_delayed *const *outputs, size_t n,
                              bask_future **futures, const bask_compute_options *options)
{
    if (futures && n)
        memset(futures, 0, n * sizeof *futures);
    bask_status status = check_outputs(c, outputs, n, "bask_compute");
    if (status != BASK_OK)
        return status;
    if (!futures || (options && options->size != sizeof *options))
        return status_set(BASK_EINVAL, "bask_compute: %s",
                          futures ? "options.size is not sizeof(bask_compute_options)"
                                  : "futures is NULL");
    plan *p;
    status = plan_new(graph_of(outputs[0]), outputs, n, &p);
    if (status != BASK_OK)
        return status;
    future_block *b = block_new(c, n);
    if (!b) {
        plan_free(p);
        return status_set(BASK_ENOMEM, "no memory for %zu futures", n);
    }
    for (size_t i = 0; i < n; i++) {
        b->futures[i].promise.kernel = ((const node *)outputs[i])->kernel;
        futures[i] = &b->futures[i];
    }
    link_same(b, p);
    atomic_store_explicit(&b->plan, p, memory_order_relaxed);
    b->activity.cancel = compute_cancel;
    p->user = b;
    p->pool = c->pool;
    p->fail_fast = options && options->on_error == BASK_FAIL_FAST;
    p->on_output = output_done;
    p->on_end = compute_ended;
    client_begin(c, &b->activity);
    if (c->sync)
        client_run_here(c, p);
    else
        plan_start(p);
    return BASK_OK;
}

bask_status bask_compute(bask_client *c, bask_delayed *const *outputs, size_t n,
                         bask_future **futures)
{
    return bask_compute_with(c, outputs, n, futures, NULL);
}

bask_status bask_compute_sync(bask_client *c, bask_delayed *const *outputs, size_t n,
                              bask_future **futures)
{
    bask_status status = bask_compute_with(c, outputs, n, futures, NULL);
    if (status != BASK_OK)
        return status;
    for (size_t i = 0; i < n; i++) {
        future_wait_until(futures[i], INT64_MAX, true);
        if (status == BASK_OK && futures[i]->promise.status != BASK_OK)
            status = status_set(futures[i]->promise.status, "%s", bask_future_error(futures[i]));
    }
    return status;
}

/* ---- plans ---- */

struct bask_plan {
    bask_client *client; /* retained */
    plan *plan;
    _Atomic uint32_t ended; /* a word: the run is over */
    bask_pool *waiter;      /* with which to finish it */
    activity activity;
};

static void plan_ended(plan *p)
{
    bask_plan *b = p->user;
    bask_client *c = b->client;
    if (b->waiter == p->pool) {
        word_finish(p->pool, &b->ended, 0, NULL);
        return;
    }
    /* a worker of another pool, which may be stopped as soon as that worker's task is over: the
     * lock, which it takes in client_end, holds it until we have done with the pool */
    pthread_mutex_lock(&c->lock);
    word_finish(b->waiter, &b->ended, 0, NULL);
    pthread_mutex_unlock(&c->lock);
}

static void plan_cancelled(activity *a)
{
    plan_cancel(((bask_plan *)((char *)a - offsetof(bask_plan, activity)))->plan);
}

bask_status bask_plan_new(bask_client *c, bask_delayed *const *outputs, size_t n,
                          bask_plan **result)
{
    if (!result)
        return status_set(BASK_EINVAL, "bask_plan_new: plan is NULL");
    *result = NULL;
    bask_status status = check_outputs(c, outputs, n, "bask_plan_new");
    if (status != BASK_OK)
        return status;
    bask_plan *b = calloc(1, sizeof *b);
    if (!b)
        return status_set(BASK_ENOMEM, "no memory for a plan");
    status = plan_new(graph_of(outputs[0]), outputs, n, &b->plan);
    if (status != BASK_OK) {
        free(b);
        return status;
    }
    client_retain(c);
    b->client = c;
    b->activity.cancel = plan_cancelled;
    b->plan->user = b;
    b->plan->pool = c->pool;
    b->plan->keep_outputs = true;
    b->plan->on_end = plan_ended;
    *result = b;
    return BASK_OK;
}

static bask_status output_status(const plan *p, size_t i)
{
    const state *s = plan_state(p, p->outputs[i]);
    if (!(s->mark & MARK_FAILED))
        return BASK_OK;
    const failure *f = s->result.failure;
    const char *name = plan_node(p, p->outputs[i])->kernel->name;
    if (f == &failure_cancelled)
        return status_set(BASK_ECANCELLED, "%s was cancelled", name);
    if (s->mark & MARK_OWN)
        return status_set(f->status, "%s failed: %s", name, f->message);
    return status_set(BASK_EUPSTREAM, "upstream task %s failed: %s", f->kernel, f->message);
}

bask_status bask_plan_run(bask_plan *b)
{
    if (!b)
        return status_set(BASK_EINVAL, "bask_plan_run: the plan is NULL");
    bask_status status = client_check(b->client, "bask_plan_run");
    if (status != BASK_OK)
        return status;
    plan *p = b->plan;
    client_begin(b->client, &b->activity);
    if (b->client->sync) {
        client_run_here(b->client, p);
    } else {
        atomic_store_explicit(&b->ended, 0, memory_order_relaxed);
        b->waiter = word_pool(p->pool);
        plan_start(p);
        word_wait(b->waiter, &b->ended, INT64_MAX, true);
    }
    client_end(b->client, &b->activity);
    for (size_t i = 0; i < p->noutputs && atomic_load_explicit(&p->attention, memory_order_relaxed);
         i++)
        if ((status = output_status(p, i)) != BASK_OK)
            break;
    return status;
}

bask_status bask_plan_result_as(bask_plan *b, size_t i, void *place, bask_dtype dtype, size_t size)
{
    if (!b || !place || i >= b->plan->noutputs || b->plan->run == 0)
        return status_set(BASK_EINVAL, "bask_plan_result: %s",
                          !b || !place        ? "an argument is NULL"
                          : b->plan->run == 0 ? "the plan has not been run"
                                              : "there is no such output");
    plan *p = b->plan;
    const bask_kernel *k = plan_node(p, p->outputs[i])->kernel;
    size_t wanted = k->result.dtype == BASK_SPAN ? sizeof(bask_span) : k->result.size;
    if (k->result.dtype != dtype || wanted != size)
        return status_set(BASK_ETYPE, "output %zu, of %s, is %s (%zu bytes), not %s (%zu bytes)", i,
                          k->name, k->result.type, wanted, bask_dtype_name(dtype), size);
    bask_status status = output_status(p, i);
    if (status != BASK_OK)
        return status;
    const slot *s = &plan_state(p, p->outputs[i])->result;
    memcpy(place, dtype == BASK_SPAN ? (const void *)&s->buffer->span : (const void *)s->bytes,
           size);
    return BASK_OK;
}

size_t bask_plan_size(const bask_plan *b)
{
    return b ? b->plan->wanted : 0;
}

void bask_plan_free(bask_plan *b)
{
    if (!b)
        return;
    void *owner = plan_free(b->plan);
    if (owner)
        client_release(owner);
    client_release(b->client);
    free(b);
}

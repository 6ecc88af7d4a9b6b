/* SPDX-License-Identifier: Apache-2.0 */
/* Plans that are run again and again, and hold the results of the last run. */
#include "base/status.h"
#include "client/core.h"
#include "graph/run.h"
#include "pool/seat.h"
#include <string.h>

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
    bask_status status = client_check_outputs(c, outputs, n, "bask_plan_new");
    if (status != BASK_OK)
        return status;
    bask_plan *b = calloc(1, sizeof *b);
    if (!b)
        return status_set(BASK_ENOMEM, "no memory for a plan");
    if (seats_provide(c->pool, c->team ? c->team : c->pool->nworkers)) /* the most that help */
        status = plan_new(graph_of(outputs[0]), outputs, n, &b->plan);
    else
        status = status_set(BASK_ENOMEM, "no memory for a plan's helpers");
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
    if (!plan_failed(p, s))
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
    atomic_store_explicit(&b->ended, 0, memory_order_relaxed);
    b->waiter = b->client->sync ? p->pool : word_pool(p->pool);
    if (b->client->sync) {
        client_run_here(b->client, p, &b->ended);
    } else {
        plan_start(p);
        wanted_run only = {{run_is_wanted}, p};
        word_wait_for(b->waiter, &b->ended, INT64_MAX, true, &only.wanted);
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
    if (!b || client_inherited(b->client))
        return;
    void *owner = plan_free(b->plan);
    if (owner)
        client_release(owner);
    client_release(b->client);
    free(b);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Computing outputs of a graph into futures. */
#include "base/status.h"
#include "client/core.h"
#include "graph/annotation.h"
#include "pool/band.h"
#include <string.h>

bask_status client_check_outputs(bask_client *c, bask_delayed *const *outputs, size_t n,
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
        /* what lies in one slab is of one graph */
        while (n - i > NODE_RUN && node_run_in(node_slab(outputs[i]), &outputs[i + 1]))
            i += NODE_RUN;
    }
    const bask_graph *g = graph_of(outputs[0]);
    if (g->status != BASK_OK)
        return status_set(g->status, "%s: a bask_delay on this graph failed: %s", call, g->error);
    return BASK_OK;
}

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

/* ---- running again what has failed ---- */

/* What bask_retry needs of a run that is over. */
struct kept {
    bask_graph *graph; /* retained */
    ref outputs[];
};

/* NULL when all went well, or memory is short. */
static kept *keep(const future_block *b, const plan *p)
{
    size_t i = 0;
    if (!atomic_load_explicit(&p->attention, memory_order_relaxed))
        return NULL;
    while (i < b->n && bask_future_state(&b->futures[i]) == BASK_FINISHED)
        i++;
    kept *k = i < b->n ? malloc(sizeof *k + b->n * sizeof k->outputs[0]) : NULL;
    if (!k)
        return NULL;
    graph_retain(p->graph);
    k->graph = p->graph;
    memcpy(k->outputs, p->outputs, b->n * sizeof k->outputs[0]);
    return k;
}

static void let_go(bask_graph *g)
{
    void *owner = g->owner;
    if (graph_release(g))
        client_release(owner);
}

void kept_free(kept *k)
{
    let_go(k->graph);
    free(k);
}

static bask_future *compute_retry(bask_future *f)
{
    future_block *b = f->block;
    size_t i = (size_t)(f - b->futures);
    pthread_mutex_lock(&b->client->lock);
    const plan *p = atomic_load_explicit(&b->plan, memory_order_relaxed);
    bask_graph *g = p ? p->graph : b->kept ? b->kept->graph : NULL;
    ref output = p ? p->outputs[i] : b->kept ? b->kept->outputs[i] : 0;
    if (g)
        graph_retain(g);
    pthread_mutex_unlock(&b->client->lock);
    if (!g) {
        status_set(
            BASK_EUNSUPPORTED,
            "bask_retry: the graph of %s is not kept any more: its future was freed, or memory "
            "was short",
            future_name(f));
        return NULL;
    }
    bask_delayed *d = (bask_delayed *)node_at(g, output);
    bask_future *again = NULL;
    if (bask_compute_with(b->client, &d, 1, &again, b->asked ? &b->asked->options : NULL) !=
        BASK_OK)
        again = NULL;
    let_go(g);
    return again;
}

static void compute_ended(plan *p)
{
    future_block *b = p->user;
    bask_client *c = b->client;
    _Atomic uint32_t *ended = b->ended;
    kept *kept = keep(b, p);
    pthread_mutex_lock(&c->lock); /* bask_cancel and bask_retry look at b->plan under this lock */
    b->kept = kept;
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
    if (ended)
        word_finish(c->pool, ended, 0, NULL);
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
    plan_mark_outputs(p);
    for (size_t i = 0; i < b->n; i++) {
        uint32_t first = (plan_state(p, p->outputs[i])->mark & MARK_OUTPUT) - 1;
        b->futures[i].same_as = (uint32_t)i;
        if (first != i) {
            b->futures[i].same_as = b->futures[first].same_as;
            b->futures[first].same_as = (uint32_t)i;
        }
    }
}

/* ---- starting ---- */

/* A copy of OPTIONS; NULL where they ask for nothing. */
static bask_status asked_new(const bask_compute_options *options, asked **result)
{
    *result = NULL;
    if (!options)
        return BASK_OK;
    if (options->size != sizeof *options)
        return status_set(BASK_EINVAL,
                          "bask_compute: options.size is not sizeof(bask_compute_options)");
    if (options->priority < -BAND_MOST || options->priority > BAND_MOST)
        return status_set(BASK_EINVAL, "bask_compute: options.priority is %d, not %d to %d",
                          options->priority, -BAND_MOST, BAND_MOST);
    size_t annotations = annotations_size(options->annotations);
    size_t text = options->annotations ? strlen(options->annotations) + 1 : 0;
    asked *a = malloc(sizeof *a + annotations + text);
    if (!a)
        return status_set(BASK_ENOMEM, "bask_compute: no memory for options");
    a->options = *options;
    if (text)
        a->options.annotations = memcpy(a->annotations + annotations, options->annotations, text);
    bask_status status = annotations_read("bask_compute", options->annotations, a->annotations);
    if (status == BASK_OK)
        *result = a;
    else
        free(a);
    return status;
}

/* The start of a run in a band: what that puts on this worker's deque comes next. */
static void start_plan(bask_job *job)
{
    worker *w = (worker *)bask_self;
    int64_t before = atomic_load_explicit(&w->deque.bottom, memory_order_relaxed);
    worker_uncount_job(w);
    plan_start((plan *)((char *)job - offsetof(plan, job)));
    if (atomic_load_explicit(&w->deque.bottom, memory_order_relaxed) <= before)
        return;
    item x = deque_take(&w->deque); /* 0: a thief was faster */
    if (x)
        worker_execute(w, x);
}

static void start(bask_client *c, plan *p)
{
    p->job.run = start_plan;
    if (p->band)
        pool_submit_band(c->pool, &p->job, p->band);
    else
        plan_start(p);
}

bask_status bask_compute_with(bask_client *c, bask_delayed *const *outputs, size_t n,
                              bask_future **futures, const bask_compute_options *options)
{
    if (futures && n)
        memset(futures, 0, n * sizeof *futures);
    bask_status status = client_check_outputs(c, outputs, n, "bask_compute");
    if (status != BASK_OK)
        return status;
    if (!futures)
        return status_set(BASK_EINVAL, "bask_compute: futures is NULL");
    pressure_meet(c, &c->pressure);
    asked *asked;
    status = asked_new(options, &asked);
    if (status != BASK_OK)
        return status;
    plan *p;
    status = plan_new(graph_of(outputs[0]), outputs, n, &p);
    if (status != BASK_OK) {
        free(asked);
        return status;
    }
    future_block *b = block_new(c, n);
    if (!b) {
        plan_free(p);
        free(asked);
        return status_set(BASK_ENOMEM, "no memory for %zu futures", n);
    }
    for (size_t i = 0; i < n; i++) {
        b->futures[i].promise.kernel = ((const node *)outputs[i])->kernel;
        futures[i] = &b->futures[i];
    }
    link_same(b, p);
    atomic_store_explicit(&b->plan, p, memory_order_relaxed);
    b->activity.cancel = compute_cancel;
    b->starter = task_current;
    b->activity.weight = pressure_of_compute(&c->pressure, p->wanted);
    b->retry = compute_retry;
    b->asked = asked;
    p->user = b;
    p->pool = c->pool;
    p->fail_fast = asked && asked->options.on_error == BASK_FAIL_FAST;
    p->band = asked ? asked->options.priority : 0;
    p->annotations = asked ? asked->annotations : NULL;
    p->on_output = output_done;
    p->on_end = compute_ended;
    _Atomic uint32_t ended = 0;
    if (c->sync)
        b->ended = &ended;
    client_begin(c, &b->activity);
    if (c->sync)
        client_run_here(c, p, &ended);
    else
        start(c, p);
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

/* SPDX-License-Identifier: Apache-2.0 */
/* Futures: handles and results. */
#include "base/clock.h"
#include "base/status.h"
#include "client/core.h"
#include <sched.h>
#include <string.h>

/* ---- life ---- */

void block_init(future_block *b, bask_client *c, size_t n)
{
    client_retain(c);
    b->client = c;
    b->n = n;
    atomic_store_explicit(&b->references, (int64_t)n + 1, memory_order_relaxed);
    atomic_store_explicit(&b->live, (int64_t)n, memory_order_relaxed);
    atomic_store_explicit(&b->held, (int64_t)n, memory_order_relaxed);
    for (size_t i = 0; i < n; i++) {
        b->futures[i].block = b;
        b->futures[i].promise.home = &c->home;
        atomic_store_explicit(&b->futures[i].references, 2 * FUTURE_HANDLE, memory_order_relaxed);
    }
}

future_block *block_new(bask_client *c, size_t n)
{
    if (n > (SIZE_MAX - sizeof(future_block)) / sizeof(bask_future))
        return NULL;
    future_block *b = calloc(1, sizeof *b + n * sizeof b->futures[0]);
    if (b)
        block_init(b, c, n);
    return b;
}

static void block_free(future_block *b)
{
    bask_client *c = b->client;
    if (b->alone)
        single_release(b);
    if (b->mapped)
        map_release(b);
    if (b->kept)
        kept_free(b->kept);
    free(b->asked);
    free(b);
    client_release(c);
}

void block_release(future_block *b)
{
    /* A block may hold the last handle on the next one, and so on for long: no recursion. */
    static __thread future_block *doomed __attribute__((tls_model("initial-exec")));
    static __thread bool freeing __attribute__((tls_model("initial-exec")));
    if (atomic_fetch_sub_explicit(&b->references, 1, memory_order_acq_rel) != 1)
        return;
    if (freeing) {
        b->next = doomed;
        doomed = b;
        return;
    }
    freeing = true;
    block_free(b);
    while ((b = doomed)) {
        doomed = b->next;
        block_free(b);
    }
    freeing = false;
}

/* F has no handle any more. What is kept for running it again holds a graph, and a graph holds futures
 * that are arguments in it: they would hold each other for ever. */
static void drop_kept(future_block *b)
{
    /* acq_rel: the last one sees what the run has kept */
    if (atomic_fetch_sub_explicit(&b->held, 1, memory_order_acq_rel) != 1 || !b->kept)
        return;
    pthread_mutex_lock(
        &b->client->lock); /* another thread may be running it again as an argument */
    kept *k = b->kept;
    b->kept = NULL;
    pthread_mutex_unlock(&b->client->lock);
    kept_free(k);
}

static void future_drop(bask_future *f, uint64_t what)
{
    future_block *b = f->block;
    if (client_inherited(b->client)) /* it is only looked at, and its locks may be held for ever */
        return;
    if (what == FUTURE_HANDLE && !b->alone) {
        /* it turns into an argument's, so that B stays until we have done with it */
        uint64_t before = atomic_fetch_sub_explicit(&f->references, FUTURE_HANDLE - FUTURE_ARGUMENT,
                                                    memory_order_acq_rel);
        if (before / FUTURE_HANDLE == 1)
            drop_kept(b);
        what = FUTURE_ARGUMENT;
    }
    if (atomic_fetch_sub_explicit(&f->references, what, memory_order_acq_rel) != what)
        return;
    if (b->alone)
        single_forget(b);
    promise *p = &f->promise;
    if (promise_state(p) == BASK_FINISHED && p->kernel->result.dtype == BASK_SPAN)
        bask_buffer_release(p->result.buffer);
    free(p->error);
    block_release(b);
}

void bask_future_free(bask_future *f)
{
    if (f)
        future_drop(f, FUTURE_HANDLE);
}

bask_future *bask_future_retain(bask_future *f)
{
    if (f)
        atomic_fetch_add_explicit(&f->references, FUTURE_HANDLE, memory_order_relaxed);
    return f;
}

void promise_retain(promise *p)
{
    atomic_fetch_add_explicit(&((bask_future *)p)->references, FUTURE_ARGUMENT,
                              memory_order_relaxed);
}

void promise_release(promise *p)
{
    future_drop((bask_future *)p, FUTURE_ARGUMENT);
}

/* ---- completion ---- */

bool future_finish(bask_future *f, const slot *result)
{
    promise *p = &f->promise;
    if (!promise_claim(p))
        return false;
    p->status = BASK_OK;
    p->result = *result;
    if (p->kernel->result.dtype == BASK_SPAN)
        bask_buffer_retain(result->buffer);
    promise_finish(p, BASK_FINISHED);
    return true;
}

bool future_fail(bask_future *f, const failure *why, bool own)
{
    promise *p = &f->promise;
    if (!promise_claim(p))
        return false;
    int length;
    if (why == &failure_cancelled) {
        p->status = BASK_ECANCELLED;
        length = asprintf(&p->error, "%s was cancelled", future_name(f));
    } else {
        p->status = own ? why->status : BASK_EUPSTREAM;
        /* the culprit once more behind it, by itself: its task may be gone before this future */
        p->culprit = own ? future_name(f) : why->kernel;
        length = asprintf(&p->error, "%s%s failed: %s%c%s", own ? "" : "upstream task ", p->culprit,
                          why->message, '\0', p->culprit);
    }
    if (length < 0) { /* no memory: the status says what cannot be spelt out */
        p->error = NULL;
        p->message = bask_status_text(why->status);
        p->culprit = p->kernel->name;
    } else if (why != &failure_cancelled) {
        p->culprit = p->error + (size_t)length - strlen(p->culprit);
        p->message = p->culprit - 1 - strlen(why->message);
    }
    promise_finish(p, why == &failure_cancelled ? BASK_CANCELLED : BASK_ERROR);
    return true;
}

/* Are all futures of the node of F done? */
static bool all_same_done(const bask_future *f)
{
    const bask_future *other = f;
    do {
        other = &f->block->futures[other->same_as];
        if (!bask_future_done(other))
            return false;
    } while (other != f);
    return true;
}

bask_status bask_cancel(bask_future *f)
{
    if (!f)
        return status_set(BASK_EINVAL, "bask_cancel: the future is NULL");
    future_block *b = f->block;
    if (client_inherited(b->client))
        return client_check(b->client, "bask_cancel");
    if (future_fail(f, &failure_cancelled, false)) {
        pthread_mutex_lock(&b->client->lock); /* not before: a listener may run a task here */
        plan *p = atomic_load_explicit(&b->plan, memory_order_relaxed);
        if (p && atomic_fetch_sub_explicit(&b->live, 1, memory_order_relaxed) == 1)
            plan_cancel(p);
        else if (p && all_same_done(f))
            plan_give_up(p, (size_t)(f - b->futures));
        pthread_mutex_unlock(&b->client->lock);
    }
    while (!bask_future_done(f))
        sched_yield(); /* its runner was first, and is about to publish the result */
    return BASK_OK;
}

/* ---- looking ---- */

bask_state bask_future_state(const bask_future *f)
{
    return f ? promise_state(&f->promise) : BASK_ERROR;
}

bool bask_future_done(const bask_future *f)
{
    return bask_future_state(f) != BASK_PENDING;
}

bask_status bask_future_status(const bask_future *f)
{
    if (!f)
        return status_set(BASK_EINVAL, "bask_future_status: the future is NULL");
    if (!bask_future_done(f))
        return status_set(BASK_ETIMEDOUT, "%s is not done", future_name(f));
    if (f->promise.status != BASK_OK)
        return status_set(f->promise.status, "%s", bask_future_error(f));
    return BASK_OK;
}

const char *bask_future_error(const bask_future *f)
{
    if (!f)
        return "the future is NULL";
    if (!bask_future_done(f) || f->promise.status == BASK_OK)
        return "";
    return f->promise.error ? f->promise.error : bask_status_text(f->promise.status);
}

const char *bask_future_name(const bask_future *f)
{
    return f ? future_name(f) : "";
}

/* ---- results ---- */

bask_status future_check(const bask_future *f, const char *call)
{
    return bask_future_done(f) ? BASK_OK : client_check(f->block->client, call);
}

bask_status future_check_result(const bask_future *f, const void *place, bask_dtype dtype,
                                size_t size)
{
    if (!f || (!place && dtype != BASK_VOID))
        return status_set(BASK_EINVAL, "bask_result: the %s is NULL", f ? "place" : "future");
    bask_status status = future_check(f, "bask_result");
    if (status != BASK_OK)
        return status;
    const bask_param *r = &f->promise.kernel->result;
    size_t wanted = r->dtype == BASK_SPAN ? sizeof(bask_span) : r->size;
    if (dtype != r->dtype || size != wanted)
        return status_set(BASK_ETYPE, "the result of %s is %s (%zu bytes), not %s (%zu bytes)",
                          future_name(f), r->dtype == BASK_SPAN ? "a bask_span" : r->type, wanted,
                          bask_dtype_name(dtype), size);
    return BASK_OK;
}

bask_status bask_result_as(bask_future *f, void *place, bask_dtype dtype, size_t size,
                           int64_t timeout_ms)
{
    bask_status status = future_check_result(f, place, dtype, size);
    if (status != BASK_OK)
        return status;
    if (!future_wait_until(f, clock_deadline(timeout_ms), false))
        return status_set(BASK_ETIMEDOUT, "%s has no result after %lld ms", future_name(f),
                          (long long)timeout_ms);
    if (f->promise.status != BASK_OK)
        return status_set(f->promise.status, "%s", bask_future_error(f));
    if (dtype == BASK_SPAN)
        memcpy(place, &f->promise.result.buffer->span, sizeof(bask_span));
    else if (dtype != BASK_VOID)
        memcpy(place, f->promise.result.bytes, size);
    return BASK_OK;
}

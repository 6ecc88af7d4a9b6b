/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/outcome.h"

/* ---- failures and cancellation ---- */

bool outcome_unwanted(const bask_task *task)
{
    const plan *p = task->plan;
    uint32_t attention = atomic_load_explicit(&p->attention, memory_order_relaxed);
    return attention & ATTENTION_CANCELLED ||
           (attention & ATTENTION_OUTPUT && !plan_needs(p, node_ref(task->node)));
}

/* The first failure of a plan that only ever walked, in the midst of that: only this thread runs any. */
static void clear_late(plan *p)
{
    for (ref r = plan_first(p); r < p->end; r = plan_after(p, r)) {
        plan_state(p, r)->mark = 0;
        atomic_store_explicit(&plan_state(p, r)->count, 0, memory_order_relaxed);
    }
    p->clear = true;
}

static void keep_failure(plan *p, failure *f)
{
    if (failure_is_static(f))
        return;
    failure *first = atomic_load_explicit(&p->failures, memory_order_relaxed);
    do
        f->next = first;
    while (!atomic_compare_exchange_weak_explicit(&p->failures, &first, f, memory_order_release,
                                                  memory_order_relaxed));
}

/* OWN is MARK_OWN or 0. */
static void set_failed(plan *p, state *s, failure *f, uint32_t own)
{
    bool stop = p->fail_fast && f != &failure_cancelled;
    if (!p->clear)
        clear_late(p);
    s->result.failure = f;
    s->mark |= MARK_FAILED | own;
    atomic_fetch_or_explicit(&p->attention, ATTENTION_FAILED | (stop ? ATTENTION_CANCELLED : 0u),
                             memory_order_relaxed);
}

/* Why node R must not run: the failure of the first argument that failed, or the cancellation. */
static failure *must_skip(plan *p, const node *n)
{
    uint32_t attention = atomic_load_explicit(&p->attention, memory_order_relaxed);
    for (uint32_t i = 0, count = node_nargs(n); i < count; i++) {
        const arg *a = node_arg(n, i);
        if (node_kind(n, i) == ARG_DEP) {
            const state *from = plan_state(p, a->dep.from);
            if (plan_failed(p, from))
                return from->result.failure;
        } else if (node_kind(n, i) == ARG_PROMISE && promise_state(a->promise) != BASK_FINISHED) {
            failure *f = failure_of_promise(a->promise);
            keep_failure(p, f);
            return f;
        }
    }
    if (attention & ATTENTION_CANCELLED ||
        (attention & ATTENTION_OUTPUT && !plan_needs(p, node_ref(n))))
        return &failure_cancelled;
    return NULL;
}

bool outcome_skip(plan *p, const node *n, state *s)
{
    failure *why = must_skip(p, n);
    if (why)
        set_failed(p, s, why, 0);
    return why != NULL;
}

void outcome_failed(plan *p, const node *n, state *s, failure *why)
{
    if (node_yields_buffer(n))
        bask_buffer_release(s->result.buffer);
    keep_failure(p, why);
    set_failed(p, s, why, MARK_OWN);
}

/* ---- buffers ---- */

/* References for every wanted consumer and for the plan; the kernel's own goes last. */
static void share_buffer(plan *p, const node *n, const state *s)
{
    int64_t uses = p->keep_outputs && s->mark & MARK_OUTPUT ? 1 : 0;
    edge e = atomic_load_explicit(&n->consumers, memory_order_acquire);
    while (plan_next_consumer(p, &e))
        uses++;
    buffer_retain_many(s->result.buffer, uses);
}

static void release_inputs(plan *p, const node *n)
{
    for (uint32_t i = 0, count = node_nargs(n); i < count; i++) {
        if (node_kind(n, i) != ARG_DEP)
            continue;
        ref from = node_arg(n, i)->dep.from;
        const state *s = plan_state(p, from);
        if (node_yields_buffer(plan_node(p, from)) && !(s->mark & MARK_FAILED))
            bask_buffer_release(s->result.buffer);
    }
}

void outcome_complete(plan *p, const node *n, state *s)
{
    bool failed = s->mark & MARK_FAILED;
    bask_buffer *made = node_yields_buffer(n) && !failed ? s->result.buffer : NULL;
    if (n->flags & NODE_BUFFERS)
        release_inputs(p, n);
    if (s->mark & MARK_OUTPUT && p->on_output && !p->on_output(p, (s->mark & MARK_OUTPUT) - 1, s) &&
        !failed) {
        set_failed(p, s, &failure_cancelled, 0);
        failed = true;
    }
    if (made && !failed)
        share_buffer(p, n, s);
    bask_buffer_release(made);
}

void outcome_release_outputs(plan *p)
{
    if (!p->keep_outputs || p->run == 0 || !p->yields_buffers)
        return;
    for (size_t i = 0; i < p->noutputs; i++) {
        state *s = plan_state(p, p->outputs[i]);
        if ((s->mark & MARK_OUTPUT) == i + 1 && !(s->mark & MARK_FAILED) &&
            node_yields_buffer(plan_node(p, p->outputs[i])))
            bask_buffer_release(s->result.buffer);
    }
}

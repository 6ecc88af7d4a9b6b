/* SPDX-License-Identifier: Apache-2.0 */
/* What the executors (run.c, walk.c) share: a thread that runs nodes of one plan, one at a time. */
#ifndef BASK_GRAPH_RUNNER_H
#define BASK_GRAPH_RUNNER_H

#include "graph/outcome.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* What one thread needs while it runs nodes. */
typedef struct runner {
    plan *plan;
    worker *worker;    /* NULL: a thread that is none */
    int64_t terminals; /* completed and not yet reported */
    counter *tasks;    /* counts each before it runs, so that whoever has its result sees it */
    counter here;      /* ... where there is no worker to count for */
    bool timed;        /* the next call is a sample of its kernel's cost: run.c */
    bask_task task;
} runner;

static inline void runner_begin(runner *r, plan *p, worker *w)
{
    *r = (runner){.plan = p, .worker = w};
    r->tasks = w ? &w->tasks : &r->here;
    r->task.plan = p;
    r->task.whole = &r->task;
    r->task.cancelled = outcome_unwanted;
    r->task.pool = p->pool;
    task_begin(&r->task);
}

/* The plan may be gone when this returns: after its last terminal the run is over. */
static inline void runner_report(plan *p, int64_t terminals)
{
    /* acq_rel: whoever reports the last terminal sees all that was done */
    if (terminals &&
        atomic_fetch_sub_explicit(&p->remaining, terminals, memory_order_acq_rel) == terminals)
        p->on_end(p);
}

/* Reports the terminals, as above. */
static inline void runner_end(runner *r)
{
    task_end(&r->task);
    runner_report(r->plan, r->terminals);
}

/* N's kernel has returned, and there is more to it than its result. */
static __attribute__((noinline, unused)) void runner_settle(runner *r, const node *n, state *s)
{
    failure *f = task_settle(&r->task);
    if (f)
        outcome_failed(r->plan, n, s, f);
    atomic_store_explicit(&r->task.failed, false, memory_order_relaxed);
}

/* Calls the kernel of N, or passes on why it must not run. */
INLINE void runner_call(runner *r, const node *n, state *s)
{
    plan *p = r->plan;
    if (UNLIKELY(atomic_load_explicit(&p->attention, memory_order_relaxed)) &&
        outcome_skip(p, n, s))
        return;
    r->task.node = n;
    r->task.result = &s->result;
    counter_add(r->tasks, 1);
    if (LIKELY(n->flags == 0)) {
        /* the common node: task_call without its questions */
        const void *arguments[NODE_NARROW];
        unsigned kinds = n->kinds;
        for (uint32_t i = 0; i < n->nargs; i++, kinds >>= 2)
            arguments[i] = kinds & ARG_DEP
                               ? (const void *)&plan_state(p, n->args[i].dep.from)->result
                               : (const void *)&n->args[i];
        n->kernel->call(&r->task, arguments, &s->result);
    } else {
        task_call(&r->task);
    }
    if (UNLIKELY(r->task.noted))
        runner_settle(r, n, s);
}

/* Looks after what N has to do beside handing a number to its consumers. */
INLINE void runner_complete(runner *r, const node *n, state *s)
{
    plan *p = r->plan;
    if (UNLIKELY((n->flags & (NODE_BUFFERS | NODE_YIELDS)) | (s->mark & p->watched)))
        outcome_complete(p, n, s);
}

#endif

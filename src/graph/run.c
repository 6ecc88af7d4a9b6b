/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executor per node, on a pool, and its twin for one thread, which needs neither deque nor
 * atomic read-modify-writes. Where one thread runs all and no result is a buffer, walk.c is faster;
 * and windows.c where several do, and kernels are tiny.
 *
 * The first successor that a node makes ready runs next on the same worker; others go to its deque.
 * After the last arrival that a chain of nodes makes, the runner touches the plan no more, unless
 * it still owes terminals: then the run cannot have ended.
 */
#include "graph/run.h"

#include "base/clock.h"
#include "graph/cost.h"
#include "graph/ready.h"
#include "graph/runner.h"
#include "graph/walk.h"
#include "graph/windows.h"

/* Counts one arrival; true for the last one. */
INLINE bool arrive(_Atomic uint32_t *count, uint32_t last, bool shared)
{
    /* acquire: when all others have arrived nobody else touches the count, and a store will do.
     * Pairs with the release half of the fetch_add of those others. */
    uint32_t seen = atomic_load_explicit(count, memory_order_acquire);
    if (seen == last - 1 || !shared) {
        atomic_store_explicit(count, seen + 1, memory_order_relaxed);
        return seen == last - 1;
    }
    return atomic_fetch_add_explicit(count, 1, memory_order_acq_rel) == last - 1;
}

static __attribute__((noinline)) void call_timed(runner *r, const node *n, state *s)
{
    int64_t start = clock_ns();
    runner_call(r, n, s);
    cost_note(n->kernel, clock_ns() - start);
    r->timed = false;
}

/* Runs one node; returns a successor that became ready, or 0. Further ones go to the deque or, where
 * that is half full and if not SHARED, to OTHERS. */
INLINE ref step(runner *r, ref at, ready_list *others, bool shared)
{
    plan *p = r->plan;
    const node *n = plan_node(p, at);
    state *s = plan_state(p, at);
    if (UNLIKELY(r->timed | cost_wanted(n->kernel)))
        call_timed(r, n, s);
    else
        runner_call(r, n, s);
    runner_complete(r, n, s);
    ref ready = 0;
    edge e = atomic_load_explicit(&n->consumers, memory_order_acquire);
    ref c = plan_next_consumer(p, &e);
    r->terminals += c == 0;
    while (c) {
        /* looked up before the arrival at C, after which the run may end and the plan be gone */
        ref after = plan_next_consumer(p, &e);
        uint32_t deps = node_ndeps(plan_node(p, c));
        if (deps == 1 || arrive(&plan_state(p, c)->count, p->lap * deps, shared)) {
            /* newest consumer first, so the oldest runs next */
            if (ready && shared)
                ready_push(r->worker, others, plan_state(p, ready));
            else if (ready)
                ready_prepend(others, plan_state(p, ready));
            ready = c;
        }
        c = after;
    }
    return ready;
}

static void chain(runner *r, ref at)
{
    ready_list others = {0};
    while (at) {
        at = step(r, at, &others, true);
        if (LIKELY(!others.first))
            continue;
        ready_share(r->worker, &others);
        if (!at)
            at = ready_take(&others);
    }
}

/* ---- on a pool ---- */

enum { SAMPLE_EVERY = 32 }; /* of the ready nodes that come from a deque */

void run_cell(worker *w, void *cell)
{
    runner r;
    const block_head *block = cell_block_of(cell);
    runner_begin(&r, block->plan, w);
    r.timed = atomic_load_explicit(&w->tasks, memory_order_relaxed) % SAMPLE_EVERY == 0;
    chain(&r, state_ref(cell));
    runner_end(&r);
}

static void run_range(worker *w, plan *p, uint64_t from, uint64_t to);

/* Back to where all may claim them from, if the budget is exceeded: true. */
static bool hold_back(plan *p, uint64_t from, uint64_t to)
{
    return p->source.held && source_give_back(p->pool, &p->source, from, to);
}

/* A share of a claimed range, handed to a thief. It lies in the state of its first root. */
static void share_run(bask_job *job)
{
    const state *s = (state *)job;
    plan *p = ((block_head *)cell_block_of(s))->plan;
    uint64_t from = s->share.from, to = s->share.to;
    worker_uncount_job((worker *)bask_self);
    if (!hold_back(p, from, to))
        run_range((worker *)bask_self, p, from, to);
}

static void share(worker *w, plan *p, uint64_t from, uint64_t to)
{
    state *s = plan_state(p, p->roots[from]);
    s->share.run = share_run;
    s->share.from = (uint32_t)from;
    s->share.to = (uint32_t)to;
    worker_push(w, (item)s | ITEM_JOB);
}

/*
 * Ready nodes come before further roots, so that memory stays bounded by depth. Other work that
 * nodes have started does not: it may wait for the end of this run, and starts more work itself, on
 * the stack of this. Returns the new floor, which is above such work.
 */
static int64_t drain_own(worker *w, int64_t floor)
{
    while (atomic_load_explicit(&w->deque.bottom, memory_order_relaxed) > floor) {
        item x = deque_take(&w->deque);
        if (!x)
            break;
        if (!ready_is(x)) {
            worker_push(w, x);
            return atomic_load_explicit(&w->deque.bottom, memory_order_relaxed);
        }
        worker_execute(w, x);
    }
    return floor;
}

/* What run_range has not begun. */
typedef struct range_held {
    held held;
    plan *plan;
    uint64_t from, to;
} range_held;

static void range_let_go(held *h, worker *w)
{
    range_held *range = (range_held *)h;
    if (range->from < range->to)
        share(w, range->plan, range->from, range->to);
    range->to = range->from;
}

static void run_range(worker *w, plan *p, uint64_t from, uint64_t to)
{
    runner r;
    range_held range = {.held = {.let_go = range_let_go}, .plan = p, .from = from, .to = to};
    int64_t floor = atomic_load_explicit(&w->deque.bottom, memory_order_relaxed);
    worker_hold(w, &range.held);
    runner_begin(&r, p, w);
    r.timed = true;
    while (range.from < range.to) {
        /* where the deque is full, thieves find enough there */
        if (range.to - range.from > 1 && worker_asked(w) && deque_fits(&w->deque, 1)) {
            uint64_t middle = range.from + (range.to - range.from) / 2;
            share(w, p, middle, range.to);
            range.to = middle;
            floor = atomic_load_explicit(&w->deque.bottom, memory_order_relaxed);
        }
        chain(&r, p->roots[range.from++]);
        if (range.from < range.to)
            floor = drain_own(w, floor);
        if (range.from < range.to && hold_back(p, range.from, range.to))
            break;
    }
    worker_drop(w, &range.held);
    runner_end(&r);
}

static void run_source(source *s, worker *w, uint64_t from, uint64_t to)
{
    plan *p = (plan *)((char *)s - offsetof(plan, source));
    run_range(w, p, from, to);
}

static void run_roots(bask_job *job)
{
    plan *p = (plan *)((char *)job - offsetof(plan, job));
    worker_uncount_job((worker *)bask_self);
    if (!hold_back(p, 0, p->nroots))
        run_range((worker *)bask_self, p, 0, p->nroots);
}

/*
 * Hands the roots to the workers. A worker that starts a run is about to wait for it, most likely:
 * the newest piece of its own deque is what it takes first then, where the oldest of the sources
 * could be a task that does the same, and so on, each on the stack of the one before.
 */
static void offer_roots(plan *p)
{
    worker *self = worker_self(p->pool);
    bool held = p->yields_buffers && budget_limits(p->pool->budget);
    p->source = (source){.end = p->nroots, .run = run_source, .held = held};
    if (self) {
        p->source.end = 0; /* roots come there only if they are given back */
        p->job.run = run_roots;
        worker_push(self, (item)&p->job | ITEM_JOB);
    } else {
        source_offer(p->pool, &p->source);
    }
}

bool run_part_of(const plan *p, item x)
{
    const void *place = (const void *)(x & ~(item)ITEM_TAG);
    if (ready_is(x))
        return ((const block_head *)cell_block_of(place))->plan == p;
    if ((x & ITEM_TAG) != ITEM_JOB)
        return false;
    const bask_job *job = place;
    if (job->run == run_gate_job)
        return ((const gate *)((const char *)job - offsetof(gate, job)))->plan == p;
    return job == &p->job || windows_part_of(p, job) ||
           (job->run == share_run && ((const block_head *)cell_block_of(job))->plan == p);
}

void run_rest(plan *p, worker *w, int64_t pieces)
{
    uint32_t lap = p->lap;
    int64_t terminals = 0;
    ready_list ready = {0};
    /* Nodes that have not run: the arrivals, behind the lap, so that the two are told apart. */
    for (ref at = plan_first(p); at < p->end; at = plan_after(p, at)) {
        const node *n = plan_node(p, at);
        _Atomic uint32_t *count = &plan_state(p, at)->count;
        uint32_t arrivals = 0;
        if (atomic_load_explicit(count, memory_order_relaxed) == lap)
            continue;
        cost_forget(n->kernel);
        for (uint32_t i = 0, nargs = node_nargs(n); i < nargs; i++)
            arrivals += node_kind(n, i) == ARG_DEP &&
                        atomic_load_explicit(&plan_state(p, node_arg(n, i)->dep.from)->count,
                                             memory_order_relaxed) == lap;
        atomic_store_explicit(count, lap + 1 + arrivals, memory_order_relaxed);
    }
    for (ref at = plan_first(p); at < p->end; at = plan_after(p, at)) {
        const node *n = plan_node(p, at);
        state *s = plan_state(p, at);
        uint32_t deps = node_ndeps(n),
                 count = atomic_load_explicit(&s->count, memory_order_relaxed);
        bool has_run = count == lap, wanted = p->all || s->mark & MARK_WANTED;
        uint32_t arrivals = has_run ? deps : count - (lap + 1);
        atomic_store_explicit(&s->count, arrivals, memory_order_relaxed);
        if (has_run || !wanted)
            continue;
        edge e = atomic_load_explicit(&n->consumers, memory_order_acquire);
        terminals += plan_next_consumer(p, &e) == 0;
        if (arrivals == deps)
            ready_append(&ready, s);
    }
    p->counts = COUNT_ARRIVALS;
    p->lap = 1;
    p->trial.begun = 0;
    if (ready.first)
        ready_share(w, &ready);
    for (ref at; (at = ready_take(&ready));) /* memory is short */
        run_cell(w, plan_state(p, at));
    runner_report(p, pieces - terminals);
}

/* ---- gates ---- */

static bool gate_arrive(gate *g)
{
    plan *p = g->plan;
    if (promise_state(g->promise) != BASK_FINISHED)
        atomic_fetch_or_explicit(&p->attention, ATTENTION_FAILED, memory_order_relaxed);
    /* looked up before the arrival, after which the run may end and the plan be gone */
    uint32_t last = p->lap * node_ndeps(plan_node(p, g->node));
    _Atomic uint32_t *count = &plan_state(p, g->node)->count;
    return atomic_fetch_add_explicit(count, 1, memory_order_acq_rel) == last - 1;
}

void run_gate(listener *l)
{
    gate *g = (gate *)l;
    bask_pool *pool = g->plan->pool; /* the node may be ready, run and gone once it has arrived */
    if (gate_arrive(g))
        bask_pool_submit(pool, &g->job);
}

void run_gate_job(bask_job *job)
{
    gate *g = (gate *)((char *)job - offsetof(gate, job));
    runner r;
    worker_uncount_job((worker *)bask_self);
    runner_begin(&r, g->plan, (worker *)bask_self);
    chain(&r, g->node);
    runner_end(&r);
}

/* ---- starting ---- */

static void prepare(plan *p)
{
    outcome_release_outputs(p);
    if (p->on_output)
        plan_mark_outputs(p);
    p->watched = p->on_output ? MARK_OUTPUT : 0;
    p->run++;
    if (atomic_load_explicit(&p->attention, memory_order_relaxed)) {
        p->trial.begun = 0;
        for (ref r = plan_first(p); r < p->end; r = plan_after(p, r))
            plan_state(p, r)->mark &= ~(MARK_FAILED | MARK_OWN);
        plan_drop_failures(p);
        /* a cancellation stays: it may come between the registration of a run and its start */
        atomic_fetch_and_explicit(&p->attention, ATTENTION_CANCELLED, memory_order_relaxed);
    }
    atomic_store_explicit(&p->remaining, (int64_t)p->terminals, memory_order_relaxed);
}

/* The plan may end, and be freed by on_end, as soon as its last piece is offered: nothing after
 * that. */
void plan_start(plan *p)
{
    bask_pool *pool = p->pool;
    prepare(p);
    size_t ngates = p->ngates;
    if (pool->nworkers == 1 && ngates == 0 && !p->yields_buffers) {
        walk_start(p);
        return;
    }
    if (p->windows && windows_fit(p)) {
        plan_use_counts(p, COUNT_LAPS);
        if (trial_begin(&p->trial))
            walk_start(p);
        else
            windows_start(p);
        return;
    }
    plan_use_counts(p, COUNT_ARRIVALS);
    /* one extra terminal keeps the plan alive until all gates have been visited */
    atomic_fetch_add_explicit(&p->remaining, 1, memory_order_relaxed);
    if (p->nroots)
        offer_roots(p);
    for (size_t i = 0; i < ngates; i++) {
        gate *g = &p->gates[i];
        if (!promise_listen(g->promise, &g->listener) && gate_arrive(g))
            bask_pool_submit(pool, &g->job);
    }
    if (atomic_fetch_sub_explicit(&p->remaining, 1, memory_order_acq_rel) == 1)
        p->on_end(p);
}

uint64_t plan_run_here(plan *p)
{
    runner r;
    prepare(p);
    if (p->yields_buffers || p->ngates)
        plan_use_counts(p, COUNT_ARRIVALS);
    if (!p->yields_buffers) {
        for (size_t i = 0; i < p->ngates; i++)
            (void)gate_arrive(&p->gates[i]);
        return walk_here(p);
    }
    /* buffers: depth first, which holds fewer of them at a time */
    ready_list ready = {0};
    runner_begin(&r, p, NULL);
    for (size_t i = 0; i < p->ngates; i++)
        if (gate_arrive(&p->gates[i]))
            ready_prepend(&ready, plan_state(p, p->gates[i].node));
    for (size_t i = 0; i < p->nroots || ready.first;) {
        ref at = ready_take(&ready);
        for (at = at ? at : p->roots[i++]; at;)
            at = step(&r, at, &ready, false);
    }
    runner_end(&r);
    return atomic_load_explicit(&r.here, memory_order_relaxed);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker takes the next window and runs its nodes one after the other, as walk.c does; each node
 * says in its state, beside the result, that it has run. A node with a dependency of which that is
 * not true stops its window, which then waits at the window that the dependency lies in, while the
 * worker takes another one. Whoever finishes a window goes on with those that wait there.
 *
 * Windows are taken in memory order, and what a node depends on lies before it: so the first window
 * that is not finished never waits. In a graph without parallelism the other workers find all further
 * windows waiting, one behind the other, and sleep, and one worker walks through them.
 *
 * Should kernels turn out longer than was thought, all leave, and the rest is run per node.
 */
#include "graph/windows.h"

#include "base/clock.h"
#include "graph/cost.h"
#include "graph/run.h"
#include "graph/runner.h"
#include "pool/inbox.h"
#include <stdlib.h>

enum {
    WINDOW_WORDS = 2048, /* 16 KB of nodes: the states of some windows fit into a core's cache */
    WINDOW_LEAST = 512,  /* words of every window but the last of a slab */
    WINDOWS_SHORT = 8,   /* of them, in the beginning */
    WINDOWS_NODES = 4096
};
enum {
    TINY_NS = 70,      /* a kernel, by its cost */
    SLOW_NS = 200,     /* a node, in all */
    EXCESS_NS = 60000, /* how much more a run may take before it goes on per node */
    BATCH_MOST = 1024  /* nodes between two looks at the clock */
};

typedef struct window window;
struct window {
    bask_job job; /* resumes it; job.next: the one that waits before it at the same window */
    plan *plan;
    ref begin, end, next;      /* its nodes, and where the next window begins */
    ref at;                    /* the first that has not run */
    _Atomic(window *) waiting; /* newest first; FINISHED: it has run */
};

static window finished;
#define FINISHED (&finished)

/* A worker's share in taking windows. */
typedef struct hand {
    bask_job job;
    plan *plan;
} hand;

struct windows {
    pthread_mutex_t lock; /* guards the next five */
    ref next;             /* where the next window begins; the plan's end: all are taken */
    size_t taken, made;
    int started; /* hands, in this run */
    int nhands;
    atomic_bool left; /* this run goes on per node */
    /* relaxed: any worker's latest */
    _Atomic uint32_t batch;
    _Atomic int64_t excess;
    window *list;
    hand hands[];
};

/*
 * plan.remaining counts, while windows run, the pieces (windows taken and not finished, one for those
 * not taken, hands) and, in its upper bits, the threads that are running some.
 */
#define INSIDE ((int64_t)1 << 40)
#define LEAVING ((int64_t)1 << 60) /* whoever is inside must leave; the last one hands over */

/* ---- making ---- */

windows *windows_new(const plan *p, int nworkers)
{
    if (nworkers < 2 || p->wanted < WINDOWS_NODES)
        return NULL;
    size_t most = WINDOWS_SHORT, hands = (size_t)nworkers * sizeof(hand);
    for (size_t i = 0; i < p->npages; i++)
        most += p->lengths[i] / WINDOW_LEAST + 2;
    windows *all = malloc(sizeof *all + hands);
    window *list = malloc(most * sizeof *list);
    if (!all || !list) {
        free(all);
        free(list);
        return NULL;
    }
    memset(all, 0, sizeof *all + hands);
    pthread_mutex_init(&all->lock, NULL);
    all->list = list;
    all->nhands = nworkers;
    return all;
}

void windows_free(windows *all)
{
    if (!all)
        return;
    pthread_mutex_destroy(&all->lock);
    free(all->list);
    free(all);
}

static void resume(bask_job *job);

/*
 * Cuts window X, which begins at BEGIN. Once it is long enough, it ends before a node with fewer
 * arguments than the one before: often a row or a group of a regular graph begins there, and windows
 * of whole rows wait for each other less. The first windows are shorter, since the kernels may turn
 * out long.
 */
static void cut(plan *p, window *x, ref begin)
{
    size_t slab = begin >> SLAB_SHIFT, number = (size_t)(x - p->windows->list);
    char *first = plan_word(p, (ref)(slab << SLAB_SHIFT)), *place = plan_word(p, begin);
    const char *stop = first + (size_t)p->lengths[slab] * 8;
    const char *least = place + (size_t)WINDOW_LEAST * 8, *most = place + (size_t)WINDOW_WORDS * 8;
    uint32_t before = 0;
    if (most > stop)
        most = stop;
    for (size_t nodes = number < WINDOWS_SHORT ? (size_t)1 << number : SIZE_MAX;
         nodes && place < most; nodes--) {
        uint32_t nargs = node_nargs((const node *)(void *)place);
        if (nargs < before && place >= least)
            break;
        before = nargs;
        place += node_size(nargs);
    }
    if (place > stop)
        place = (char *)(uintptr_t)stop; /* a node longer than a slab */
    x->job = (bask_job){resume, NULL};
    x->plan = p;
    x->begin = begin;
    x->end = (ref)(slab << SLAB_SHIFT) + (ref)((place - first) / 8);
    x->next = place < stop ? x->end : plan_slab_after(p, slab);
}

/* ---- leaving ---- */

static bool enter(runner *r)
{
    /* acquire: pairs with the release in leave, so that who comes too late sees `left` */
    atomic_fetch_add_explicit(&r->plan->remaining, INSIDE, memory_order_acquire);
    return !atomic_load_explicit(&r->plan->windows->left, memory_order_relaxed);
}

/* Asks all to leave. The caller is inside. */
static void call_off(plan *p)
{
    if (atomic_exchange_explicit(&p->windows->left, true, memory_order_relaxed))
        return;
    atomic_fetch_or_explicit(&p->attention, ATTENTION_LEAVING, memory_order_relaxed);
    atomic_fetch_add_explicit(&p->remaining, LEAVING, memory_order_release);
}

/* Nobody is inside, nor will anybody be: what has run is seen in the nodes, and the rest is run per
 * node. The pieces that nobody holds, and INSIDE of the caller, are given back. */
static void hand_over(runner *r)
{
    plan *p = r->plan;
    windows *all = p->windows;
    int64_t pieces = INSIDE + (all->next < p->end);
    for (size_t i = 0; i < all->taken; i++) {
        /* acquire: pairs with the release in wait_at */
        window *x = atomic_load_explicit(&all->list[i].waiting, memory_order_acquire);
        for (; x && x != FINISHED; x = (window *)x->job.next)
            pieces++;
    }
    atomic_fetch_and_explicit(&p->attention, ~(uint32_t)ATTENTION_LEAVING, memory_order_relaxed);
    run_rest(p, r->worker, pieces);
}

/* The plan may be gone when this returns. */
static void leave(runner *r)
{
    plan *p = r->plan;
    int64_t seen = atomic_load_explicit(&p->remaining, memory_order_relaxed), left;
    bool last;
    task_end(&r->task);
    do {
        left = seen - r->terminals - INSIDE;
        last = left >= LEAVING && left < LEAVING + INSIDE;
        if (last)
            left -= LEAVING - INSIDE; /* it stays inside, and so does the plan */
        /* acq_rel: the last one, of the run or of those that leave, sees all that was done */
    } while (!atomic_compare_exchange_weak_explicit(&p->remaining, &seen, left,
                                                    memory_order_acq_rel, memory_order_relaxed));
    if (last)
        hand_over(r);
    else if (left == 0)
        p->on_end(p);
}

/* ---- running ---- */

/* The lock is held for a microsecond at most, but its owner may lose the processor. */
static void lock(windows *all)
{
    for (int i = 0; i < 200; i++) {
        if (pthread_mutex_trylock(&all->lock) == 0)
            return;
        cpu_relax();
    }
    pthread_mutex_lock(&all->lock);
}

/* Takes the next window, and lets another worker do the same if there are more. NULL: there is none
 * any more. */
static window *take(runner *r)
{
    plan *p = r->plan;
    windows *all = p->windows;
    window *x = NULL;
    hand *more = NULL;
    lock(all);
    if (all->next < p->end) {
        x = &all->list[all->taken];
        if (all->taken++ == all->made) {
            cut(p, x, all->next);
            all->made++;
        }
        all->next = x->next;
        x->at = x->begin;
        atomic_store_explicit(&x->waiting, NULL, memory_order_relaxed);
        if (x->next < p->end && all->started < all->nhands)
            more = &all->hands[all->started++];
        int64_t pieces = (x->next < p->end) + (more != NULL);
        atomic_fetch_add_explicit(&p->remaining, pieces, memory_order_relaxed);
    }
    pthread_mutex_unlock(&all->lock);
    if (more)
        worker_push(r->worker, (item)&more->job | ITEM_JOB);
    return x;
}

/* Has the node at FROM run? acquire: pairs with the release of its mark, and shows its result. */
INLINE bool has_run(const plan *p, ref from, uint32_t lap)
{
    return atomic_load_explicit(&plan_state(p, from)->count, memory_order_acquire) == lap;
}

/* A dependency of N that has not run, or 0. */
static ref missing(const plan *p, const node *n, uint32_t lap)
{
    for (uint32_t i = 0, nargs = node_nargs(n); i < nargs; i++)
        if (node_kind(n, i) == ARG_DEP && !has_run(p, node_arg(n, i)->dep.from, lap))
            return node_arg(n, i)->dep.from;
    return 0;
}

/* For plain nodes: the same and the call in one. */
INLINE ref call_plain(runner *r, const node *n, state *s, uint32_t lap)
{
    const plan *p = r->plan;
    const void *arguments[NODE_NARROW];
    unsigned kinds = n->kinds;
    for (uint32_t i = 0; i < n->nargs; i++, kinds >>= 2) {
        arguments[i] = &n->args[i];
        if (kinds & ARG_DEP) {
            ref from = n->args[i].dep.from;
            if (UNLIKELY(!has_run(p, from, lap)))
                return from;
            arguments[i] = &plan_state(p, from)->result;
        }
    }
    r->task.node = n;
    r->task.result = &s->result;
    counter_add(r->tasks, 1);
    if (UNLIKELY(cost_wanted(n->kernel))) {
        int64_t start = clock_ns();
        n->kernel->call(&r->task, arguments, &s->result);
        cost_note(n->kernel, clock_ns() - start);
    } else {
        n->kernel->call(&r->task, arguments, &s->result);
    }
    if (UNLIKELY(r->task.noted))
        runner_settle(r, n, s);
    return 0;
}

static bool called_off(const plan *p)
{
    return atomic_load_explicit(&p->attention, memory_order_relaxed) & ATTENTION_LEAVING;
}

/* Runs up to COUNT nodes of X. Returns a dependency for which it must wait, or 0. */
INLINE ref some(runner *r, window *x, uint32_t count, bool all)
{
    const plan *p = r->plan;
    uint32_t lap = p->lap;
    char *begin = plan_word(p, x->at), *place = begin;
    const char *end = begin + (size_t)(x->end - x->at) * 8;
    ptrdiff_t mirror = (char *)plan_state(p, x->at) - begin;
    ref wait = 0;
    for (; place < end && count; count--) {
        const node *n = (const node *)(void *)place;
        state *s = (state *)(void *)(place + mirror);
        if (all || s->mark & MARK_WANTED) {
            uint32_t attention = atomic_load_explicit(&p->attention, memory_order_relaxed);
            if (LIKELY(n->flags == 0 && attention == 0)) {
                wait = call_plain(r, n, s, lap);
            } else {
                if (attention & ATTENTION_LEAVING)
                    break;
                wait = missing(p, n, lap);
                if (!wait)
                    runner_call(r, n, s);
            }
            if (wait)
                break;
            runner_complete(r, n, s);
            atomic_store_explicit(&s->count, lap, memory_order_release); /* pairs with has_run */
        }
        place += node_size(node_nargs(n));
    }
    x->at = place < end ? x->at + (ref)((place - begin) / 8) : x->end;
    return wait;
}

static __attribute__((noinline)) ref some_of_all(runner *r, window *x, uint32_t count)
{
    return some(r, x, count, true);
}
static __attribute__((noinline)) ref some_wanted(runner *r, window *x, uint32_t count)
{
    return some(r, x, count, false);
}

/* The window of an older node than those of X. */
static window *window_of(const window *x, ref node)
{
    window *list = x->plan->windows->list;
    size_t low = 0, high = (size_t)(x - list);
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (list[middle].begin <= node)
            low = middle;
        else
            high = middle;
    }
    return &list[low];
}

/* Lets X wait at Y, after which it is not the caller's any more. False: Y is finished. */
static bool wait_at(window *x, window *y)
{
    window *newest = atomic_load_explicit(&y->waiting, memory_order_acquire);
    do {
        if (newest == FINISHED) /* acquire: and all its nodes are seen to have run */
            return false;
        x->job.next = (bask_job *)newest;
        /* release: X, to whoever finishes Y */
    } while (!atomic_compare_exchange_weak_explicit(&y->waiting, &newest, x, memory_order_release,
                                                    memory_order_acquire));
    return true;
}

/* X has run: returns the one that has waited longest for it, others go to the deque. */
static window *finish(runner *r, window *x)
{
    /* acq_rel: pairs with wait_at on both sides */
    window *next = atomic_exchange_explicit(&x->waiting, FINISHED, memory_order_acq_rel);
    r->terminals++;
    if (UNLIKELY(called_off(r->plan))) { /* they are found in their nodes: run_rest */
        for (; next; next = (window *)next->job.next)
            r->terminals++;
        return NULL;
    }
    while (next && next->job.next) {
        window *older = (window *)next->job.next;
        worker_push(r->worker, (item)&next->job | ITEM_JOB);
        next = older;
    }
    return next;
}

/* What was known of the kernels in X is not true any more: they are measured again, per node. */
static __attribute__((noinline)) void too_slow(const window *x)
{
    plan *p = x->plan;
    for (ref at = x->begin; at < x->end && at < p->end; at = plan_after(p, at))
        cost_forget(plan_node(p, at)->kernel);
    call_off(p);
}

/*
 * Looks at how long the last COUNT nodes took, and settles how many to run before the next look. What
 * they took too much adds up, not more than a part of what is bearable at a time, since it may be
 * that the worker lost its processor; what they took less pays it back.
 */
static void pace(runner *r, const window *x, int64_t *start, uint32_t count)
{
    windows *all = r->plan->windows;
    int64_t now = clock_ns(), excess = now - *start - (int64_t)count * SLOW_NS;
    int64_t sum = atomic_load_explicit(&all->excess, memory_order_relaxed);
    *start = now;
    if (LIKELY(excess <= 0)) {
        if (count < BATCH_MOST && atomic_load_explicit(&all->batch, memory_order_relaxed) == count)
            atomic_store_explicit(&all->batch, count * 2, memory_order_relaxed);
        if (LIKELY(sum == 0))
            return;
    } else {
        atomic_store_explicit(&all->batch, 1, memory_order_relaxed);
    }
    sum += excess < EXCESS_NS / 3 ? excess : EXCESS_NS / 3;
    atomic_store_explicit(&all->excess, sum > 0 ? sum : 0, memory_order_relaxed);
    if (sum >= EXCESS_NS)
        too_slow(x);
}

/* Runs X; returns one that it has made ready, or NULL. */
static window *run_window(runner *r, window *x, int64_t *start)
{
    plan *p = r->plan;
    for (;;) {
        uint32_t count = atomic_load_explicit(&p->windows->batch, memory_order_relaxed);
        ref wait = p->all ? some_of_all(r, x, count) : some_wanted(r, x, count);
        if (wait) {
            if (wait_at(x, window_of(x, wait)))
                return NULL;
            continue;
        }
        pace(r, x, start, count);
        if (x->at == x->end)
            return finish(r, x);
        if (UNLIKELY(called_off(p))) {
            r->terminals++;
            return NULL;
        }
    }
}

/* Runs X and what it makes ready. Others who have given the pool work come first: as walk.c. */
static void run_from(runner *r, window *x)
{
    int64_t start = clock_ns();
    while (x) {
        x = run_window(r, x, &start);
        if (x && inbox_nonempty(r->worker->pool)) {
            inbox_push(r->worker->pool, &x->job);
            return;
        }
    }
}

static void resume(bask_job *job)
{
    window *x = (window *)job;
    runner r;
    worker_uncount_job((worker *)bask_self);
    runner_begin(&r, x->plan, (worker *)bask_self);
    if (enter(&r))
        run_from(&r, x);
    else
        r.terminals++;
    leave(&r);
}

/* Windows that this worker has made ready come before further ones. Other work does not: run.c. */
static int64_t run_own(runner *r, int64_t floor)
{
    worker *w = r->worker;
    while (atomic_load_explicit(&w->deque.bottom, memory_order_relaxed) > floor) {
        item x = deque_take(&w->deque);
        if (!x)
            break;
        if ((x & ITEM_TAG) != ITEM_JOB || ((bask_job *)x)->run != resume ||
            ((window *)x)->plan != r->plan) {
            worker_push(w, x);
            return atomic_load_explicit(&w->deque.bottom, memory_order_relaxed);
        }
        run_from(r, (window *)x);
    }
    return floor;
}

static void hand_run(bask_job *job)
{
    hand *h = (hand *)job;
    worker *w = (worker *)bask_self;
    int64_t floor = atomic_load_explicit(&w->deque.bottom, memory_order_relaxed);
    runner r;
    worker_uncount_job(w);
    runner_begin(&r, h->plan, w);
    bool go_on = enter(&r);
    while (go_on) {
        window *x = take(&r);
        if (!x)
            break;
        run_from(&r, x);
        floor = run_own(&r, floor);
        if (called_off(h->plan))
            break;
        if (inbox_nonempty(w->pool)) {
            leave(&r);
            inbox_push(w->pool, job);
            return;
        }
    }
    r.terminals++; /* the hand */
    leave(&r);
}

/* ---- starting ---- */

bool windows_fit(const plan *p)
{
    enum { SPOTS = 16, NODES = 4 };
    uint64_t sum = 0, count = 0;
    for (size_t i = 0; i < SPOTS; i++) {
        size_t slab = i * p->npages / SPOTS;
        ref places[] = {p->roots[i * p->nroots / SPOTS], p->outputs[i * p->noutputs / SPOTS],
                        p->lengths[slab] ? (ref)(slab << SLAB_SHIFT) + SLAB_FIRST : p->end};
        for (size_t k = 0; k < sizeof places / sizeof places[0]; k++)
            for (ref at = places[k], n = 0; n < NODES && at < p->end; n++, at = plan_after(p, at)) {
                sum += cost_of(plan_node(p, at)->kernel);
                count++;
            }
    }
    return sum <= count * TINY_NS;
}

void windows_start(plan *p)
{
    windows *all = p->windows;
    all->next = plan_first(p);
    all->taken = 0;
    all->started = 1;
    atomic_store_explicit(&all->left, false, memory_order_relaxed);
    atomic_store_explicit(&all->batch, 1, memory_order_relaxed);
    atomic_store_explicit(&all->excess, 0, memory_order_relaxed);
    for (int i = 0; i < all->nhands; i++)
        all->hands[i] = (hand){{hand_run, NULL}, p};
    atomic_store_explicit(&p->remaining, 2, memory_order_relaxed); /* windows, and the first hand */
    bask_pool_submit(p->pool, &all->hands[0].job);
}

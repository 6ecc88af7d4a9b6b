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
#include "graph/pace.h"
#include "graph/plain.h"
#include "graph/room.h"
#include "graph/run.h"
#include "graph/window.h"
#include "pool/inbox.h"

enum { BATCH_MOST = WINDOW_WORDS }; /* words of nodes between two looks at the clock */

static window finished;
#define FINISHED (&finished)

/*
 * plan.remaining counts, while windows run, the pieces (windows that are not finished, hands that were
 * called) and, in its upper bits, the threads that are running some.
 */
#define INSIDE ((int64_t)1 << 40)
#define LEAVING ((int64_t)1 << 60) /* whoever is inside must leave; the last one hands over */

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
    const windows *all = p->windows;
    size_t taken = atomic_load_explicit(&all->taken, memory_order_relaxed);
    if (taken > all->n)
        taken = all->n;
    int64_t pieces = INSIDE + (int64_t)(all->n - taken);
    for (size_t i = 0; i < taken; i++) {
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

/* Takes the next window. NULL: there is none any more. */
static window *take(windows *all)
{
    size_t i = atomic_fetch_add_explicit(&all->taken, 1, memory_order_relaxed);
    return i < all->n ? &all->list[i] : NULL;
}

/* A dependency of N that has not run, or 0. acquire: pairs with the release of its mark, and shows its
 * result. */
static ref missing(const plan *p, const node *n)
{
    for (uint32_t i = 0, nargs = node_nargs(n); i < nargs; i++)
        if (node_kind(n, i) == ARG_DEP &&
            atomic_load_explicit(&plan_state(p, node_arg(n, i)->dep.from)->count,
                                 memory_order_acquire) != p->lap)
            return node_arg(n, i)->dep.from;
    return 0;
}

static bool called_off(const plan *p)
{
    return atomic_load_explicit(&p->attention, memory_order_relaxed) & ATTENTION_LEAVING;
}

/* Runs one node, of any kind. Returns a dependency for which it must wait, or 0. */
static __attribute__((noinline)) ref one(runner *r, const node *n, state *s)
{
    const plan *p = r->plan;
    ref wait = missing(p, n);
    if (wait)
        return wait;
    if (cost_wanted(n->kernel)) {
        int64_t start = clock_ns();
        runner_call(r, n, s);
        cost_note(n->kernel, clock_ns() - start);
    } else {
        runner_call(r, n, s);
    }
    runner_complete(r, n, s);
    atomic_store_explicit(&s->count, p->lap, memory_order_release); /* pairs with missing */
    return 0;
}

/* Runs the nodes of up to COUNT words of X. Returns a dependency for which it must wait, or 0. */
INLINE ref some(runner *r, window *x, uint32_t count, bool all)
{
    const plan *p = r->plan;
    const uint32_t lap = p->lap;
    char *begin = plan_word(p, x->at), *place = begin;
    const char *end = begin + (size_t)(x->end - x->at) * 8;
    const char *stop = x->end - x->at > count ? begin + (size_t)count * 8 : end;
    ptrdiff_t mirror = (char *)plan_state(p, x->at) - begin;
    ref wait = 0;
    while (place < stop && !wait) {
        const node *n = (const node *)(void *)place;
        state *s = (state *)(void *)(place + mirror);
        if (LIKELY(n->flags == 0 && !(place == begin && cost_wanted(n->kernel)))) {
            plain_stop at = plain_run(r, place, stop, mirror, lap, all);
            wait = at.missing;
            if (LIKELY(at.place != place)) {
                place = at.place;
                continue;
            }
        }
        if (called_off(p))
            break;
        if (!wait && (all || s->mark & MARK_WANTED))
            wait = one(r, n, s);
        if (!wait)
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

static void resume(bask_job *job);
static void resume_list(bask_job *list);

/* Is X, out of a deque, a window of P, or a list of them? */
static bool is_window_of(const plan *p, item x)
{
    const window *list = (const window *)x;
    return (x & ITEM_TAG) == ITEM_JOB &&
           (list->job.run == resume || list->job.run == resume_list) && list->plan == p;
}

static void lay(worker *w, window *x)
{
    x->job.next = NULL;
    worker_push(w, (item)&x->job | ITEM_JOB);
}

/* Lays a LIST in W's deque as one item: on top of another one of the same plan, in its place. */
static void lay_list(worker *w, window *list)
{
    item newest = deque_take(&w->deque);
    if (newest && is_window_of(list->plan, newest) && ((bask_job *)newest)->run == resume_list) {
        window *last = list;
        while (last->job.next)
            last = (window *)last->job.next;
        last->job.next = (bask_job *)newest;
        ((bask_job *)newest)->run = resume;
    } else if (newest) {
        worker_push(w, newest);
    }
    if (deque_reserve(&w->deque, 1)) { /* else worker_push would use job.next */
        list->job.run = resume_list;
        worker_push(w, (item)&list->job | ITEM_JOB);
        return;
    }
    for (window *next; list; list = next) {
        next = (window *)list->job.next;
        lay(w, list);
    }
}

/* Lays all of LIST but one in W's deque, and returns that one, the last where all can lie there singly.
 * Those that find it half full go there as a list, so that it does not grow, as in ready.c. */
static window *share(worker *w, window *list)
{
    for (window *next; (next = (window *)list->job.next); list = next) {
        if (!deque_fits(&w->deque, DEQUE_CAPACITY / 2 + 1)) {
            lay_list(w, next);
            list->job.next = NULL;
            break;
        }
        lay(w, list);
    }
    return list;
}

/* X has run: returns one of those that have waited for it, the one that has waited longest unless there
 * are hundreds; the others go to the deque. */
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
    return next ? share(r->worker, next) : NULL;
}

/* Looks at how long the last WORDS of nodes took, and settles how many to run before the next look. */
static void pace(runner *r, int64_t *start, uint32_t words)
{
    plan *p = r->plan;
    windows *all = p->windows;
    int64_t now = clock_ns(), spent = now - *start;
    int64_t sum = atomic_load_explicit(&all->excess, memory_order_relaxed);
    uint32_t batch = atomic_load_explicit(&all->batch, memory_order_relaxed);
    *start = now;
    trial_note(&p->trial, now);
    if (LIKELY(!pace_slow(spent, words))) {
        if (batch < BATCH_MOST && words >= batch)
            atomic_store_explicit(&all->batch, batch * 2, memory_order_relaxed);
        if (LIKELY(sum == 0))
            return;
    } else {
        atomic_store_explicit(&all->batch, 1, memory_order_relaxed);
    }
    sum = pace_add(sum, spent, words);
    atomic_store_explicit(&all->excess, sum, memory_order_relaxed);
    if (sum >= PACE_EXCESS_NS)
        call_off(p);
}

/* Runs X; returns one that it has made ready, or NULL. */
static window *run_window(runner *r, window *x, int64_t *start)
{
    plan *p = r->plan;
    for (;;) {
        uint32_t count = atomic_load_explicit(&p->windows->batch, memory_order_relaxed);
        ref from = x->at, wait = p->all ? some_of_all(r, x, count) : some_wanted(r, x, count);
        if (wait) {
            if (wait_at(x, window_of(x, wait)))
                return NULL;
            continue;
        }
        pace(r, start, x->at - from);
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

static void resume_list(bask_job *list)
{
    worker *w = (worker *)bask_self;
    window *x = (window *)list;
    runner r;
    worker_uncount_job(w);
    runner_begin(&r, x->plan, w);
    list->run = resume;
    if (enter(&r))
        run_from(&r, share(w, x));
    else
        for (; x; x = (window *)x->job.next)
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
        if (!is_window_of(r->plan, x)) {
            worker_push(w, x);
            return atomic_load_explicit(&w->deque.bottom, memory_order_relaxed);
        }
        ((bask_job *)x)->run = resume;
        run_from(r, share(w, (window *)x));
    }
    return floor;
}

/* Calls the next hand, once, if there is something left for it. */
static void call_next(const runner *r, hand *h)
{
    windows *all = r->plan->windows;
    hand *next = h + 1;
    if (h->called || next == &all->hands[all->nhands] ||
        atomic_load_explicit(&all->taken, memory_order_relaxed) + 1 >= all->n)
        return;
    h->called = true;
    /* relaxed: this hand is a piece as well, and keeps the run from ending */
    atomic_fetch_add_explicit(&r->plan->remaining, 1, memory_order_relaxed);
    worker_push(r->worker, (item)&next->job | ITEM_JOB);
}

static void hand_run(bask_job *job)
{
    hand *h = (hand *)job;
    worker *w = (worker *)bask_self;
    windows *all = h->plan->windows;
    runner r;
    worker_uncount_job(w);
    runner_begin(&r, h->plan, w);
    bool go_on = enter(&r);
    if (go_on)
        call_next(&r, h);
    int64_t floor = atomic_load_explicit(&w->deque.bottom, memory_order_relaxed);
    while (go_on) {
        window *x = take(all);
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

bool windows_part_of(const plan *p, const bask_job *job)
{
    return (job->run == resume && ((const window *)job)->plan == p) ||
           (job->run == hand_run && ((const hand *)job)->plan == p);
}

/* ---- starting ---- */

void windows_start(plan *p)
{
    windows *all = p->windows;
    for (size_t i = 0; i < all->n; i++) {
        all->list[i].job.run = resume;
        all->list[i].at = all->list[i].begin;
        atomic_store_explicit(&all->list[i].waiting, NULL, memory_order_relaxed);
    }
    for (int i = 0; i < all->nhands; i++)
        all->hands[i] = (hand){.job = {hand_run, NULL}, .plan = p};
    atomic_store_explicit(&all->taken, 0, memory_order_relaxed);
    atomic_store_explicit(&all->left, false, memory_order_relaxed);
    atomic_store_explicit(&all->batch, 1, memory_order_relaxed);
    atomic_store_explicit(&all->excess, 0, memory_order_relaxed);
    /* the windows, and the first hand */
    atomic_store_explicit(&p->remaining, (int64_t)all->n + 1, memory_order_relaxed);
    bask_pool_submit(p->pool, &all->hands[0].job);
}

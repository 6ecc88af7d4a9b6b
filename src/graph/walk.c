/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/walk.h"

#include "base/clock.h"
#include "graph/pace.h"
#include "graph/plain.h"
#include "graph/run.h"
#include "pool/inbox.h"

/* A worker looks every so often whether others have given it work, which then comes first; not where a
 * task below on its stack waits for the walk, and so for this worker. */
enum { WALK_NS = 20000, WALK_LEAST = 4, WALK_MOST = 1 << 14 };

/* Runs the nodes of up to COUNT words from AT on; returns the one after them. */
INLINE ref some(runner *r, ref at, uint64_t count, bool all)
{
    const plan *p = r->plan;
    while (at < p->end && count) {
        size_t slab = at >> SLAB_SHIFT;
        char *place = plan_word(p, at), *first = plan_word(p, (ref)(slab << SLAB_SHIFT));
        const char *end = first + (size_t)p->lengths[slab] * 8;
        ptrdiff_t mirror = (char *)plan_state(p, at) - place;
        uint64_t left = (uint64_t)(end - place) / 8;
        const char *stop = left > count ? place + count * 8 : end;
        while (place < stop) {
            const node *n = (const node *)(void *)place;
            state *s = (state *)(void *)(place + mirror);
            if (LIKELY(n->flags == 0)) {
                char *next = plain_run(r, place, stop, mirror, 0, all).place;
                if (LIKELY(next != place)) {
                    place = next;
                    continue;
                }
            }
            place += node_size(node_nargs(n));
            if (!all && !(s->mark & MARK_WANTED))
                continue;
            runner_call(r, n, s);
            runner_complete(r, n, s);
        }
        if (place < end)
            return (ref)(slab << SLAB_SHIFT) + (ref)((place - first) / 8);
        count -= left;
        at = plan_slab_after(p, slab);
    }
    return at;
}

static __attribute__((noinline)) ref some_of_all(runner *r, ref at, uint64_t count)
{
    return some(r, at, count, true);
}
static __attribute__((noinline)) ref some_wanted(runner *r, ref at, uint64_t count)
{
    return some(r, at, count, false);
}

static ref walk_some(runner *r, ref at, uint64_t count)
{
    return r->plan->all ? some_of_all(r, at, count) : some_wanted(r, at, count);
}

uint64_t walk_here(plan *p)
{
    runner r;
    runner_begin(&r, p, NULL);
    (void)walk_some(&r, plan_first(p), UINT64_MAX);
    r.terminals = (int64_t)p->terminals;
    runner_end(&r);
    return atomic_load_explicit(&r.here, memory_order_relaxed);
}

/* Is there work in W's deque below FLOOR, such as what it took from the inbox together with this? What
 * the nodes themselves start is above: it may wait for the end of the run. */
static bool came_before(worker *w, int64_t floor)
{
    return atomic_load_explicit(&w->deque.top, memory_order_relaxed) < floor;
}

/* The kernels are not tiny after all: other workers shall have what is left. */
static void hand_over(runner *r)
{
    plan *p = r->plan;
    task_end(&r->task);
    for (ref at = plan_first(p); at < p->walked; at = plan_after(p, at))
        atomic_store_explicit(&plan_state(p, at)->count, p->lap, memory_order_relaxed);
    run_rest(p, r->worker, (int64_t)p->terminals);
}

static void walk_on(bask_job *job)
{
    plan *p = (plan *)((char *)job - offsetof(plan, job));
    worker *w = (worker *)bask_self;
    runner r;
    uint64_t count = WALK_LEAST;
    int64_t floor = atomic_load_explicit(&w->deque.bottom, memory_order_relaxed), excess = 0;
    worker_uncount_job(w);
    runner_begin(&r, p, w);
    for (int64_t start = clock_ns(), now; p->walked < p->end; start = now) {
        ref from = p->walked;
        p->walked = walk_some(&r, from, count);
        now = clock_ns();
        excess = pace_add(excess, now - start, p->walked - from);
        if (excess >= PACE_EXCESS_NS && p->windows && p->walked < p->end) {
            hand_over(&r);
            return;
        }
        if (now - start < WALK_NS && count < WALK_MOST)
            count *= 2;
        else if (now - start > WALK_NS && count > WALK_LEAST)
            count /= 2;
        if (w->nest == 1 && p->walked < p->end &&
            (inbox_nonempty(w->pool) || came_before(w, floor))) {
            task_end(&r.task);
            if (p->band)
                pool_submit_band(w->pool, job, p->band);
            else
                inbox_push(w->pool, job);
            return;
        }
        trial_note(&p->trial, now);
    }
    r.terminals = (int64_t)p->terminals;
    runner_end(&r);
}

void walk_start(plan *p)
{
    p->walked = plan_first(p);
    p->job.run = walk_on;
    bask_pool_submit(p->pool, &p->job);
}

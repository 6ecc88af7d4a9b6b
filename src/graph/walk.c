/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/walk.h"

#include "base/clock.h"
#include "graph/runner.h"
#include "pool/inbox.h"

/* A worker looks every so often whether others have given it work, which then comes first. */
enum { WALK_NS = 20000, WALK_MOST = 4096 };

/* Runs up to COUNT nodes from AT on; returns the one after them. */
INLINE ref some(runner *r, ref at, uint64_t count, bool all)
{
    const plan *p = r->plan;
    while (at < p->end) {
        size_t slab = at >> SLAB_SHIFT;
        char *place = plan_word(p, at), *first = plan_word(p, (ref)(slab << SLAB_SHIFT));
        const char *end = first + (size_t)p->lengths[slab] * 8;
        ptrdiff_t mirror = (char *)plan_state(p, at) - place;
        for (; place < end && count; count--) {
            const node *n = (const node *)(void *)place;
            state *s = (state *)(void *)(place + mirror);
            place += node_size(node_nargs(n));
            if (!all && !(s->mark & MARK_WANTED))
                continue;
            runner_call(r, n, s);
            runner_complete(r, n, s);
        }
        if (place < end)
            return (ref)(slab << SLAB_SHIFT) + (ref)((place - first) / 8);
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

static void walk_on(bask_job *job)
{
    plan *p = (plan *)((char *)job - offsetof(plan, job));
    worker *w = (worker *)bask_self;
    runner r;
    uint64_t count = 1;
    int64_t floor = atomic_load_explicit(&w->deque.bottom, memory_order_relaxed);
    worker_uncount_job(w);
    runner_begin(&r, p, w);
    for (int64_t start = clock_ns(), now; p->walked < p->end; start = now) {
        p->walked = walk_some(&r, p->walked, count);
        now = clock_ns();
        if (now - start < WALK_NS && count < WALK_MOST)
            count *= 2;
        else if (now - start > WALK_NS && count > 1)
            count /= 2;
        if (p->walked < p->end && (inbox_nonempty(w->pool) || came_before(w, floor))) {
            task_end(&r.task);
            inbox_push(w->pool, job);
            return;
        }
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stretches of plain nodes, for the executors that go through a graph in memory order (walk.c,
 * windows.c). Nodes that follow each other mostly have the same form, so they are run by a loop that
 * was made for it and asks each of them only whether that is still so.
 */
#ifndef BASK_GRAPH_PLAIN_H
#define BASK_GRAPH_PLAIN_H

#include "graph/runner.h"
#include <string.h>

/* Bytes: a processor's own prefetching ends with each page of 4 KiB. */
enum { PLAIN_AHEAD = 2048 };

/* What the nodes of a stretch have in common: nargs, ndeps, kinds and flags, all in one. */
INLINE uint32_t plain_form(const node *n)
{
    uint32_t form;
    _Static_assert(offsetof(node, flags) - offsetof(node, nargs) == sizeof form - 1,
                   "they lie side by side");
    memcpy(&form, &n->nargs, sizeof form);
    return form;
}

/* Where to go on. MISSING: a dependency of the node at PLACE that has not run, 0: none. */
typedef struct plain_stop {
    char *place;
    ref missing;
} plain_stop;

/*
 * Runs the node at PLACE, which is plain and has NARGS arguments, and those of its form behind it, up to
 * END. It stops early before a node of another form, and when the plan wants attention; then maybe at
 * PLACE itself. LAP: 0, or what the count of a node is once it has run, which then is asked of each
 * dependency, and said of each node.
 */
INLINE plain_stop plain_alike(runner *r, char *place, const char *end, ptrdiff_t mirror,
                              uint32_t nargs, uint32_t lap, bool all)
{
    plan *p = r->plan;
    const uint32_t form = plain_form((const node *)(void *)place);
    const unsigned kinds = ((const node *)(void *)place)->kinds;
    ref missing = 0;
    uint64_t ran = 0;
    for (; place < end; place += node_size(nargs)) {
        const node *n = (const node *)(void *)place;
        state *s = (state *)(void *)(place + mirror);
        if (UNLIKELY(plain_form(n) != form ||
                     atomic_load_explicit(&p->attention, memory_order_relaxed)))
            break;
        if (!all && !(s->mark & MARK_WANTED))
            continue;
        if (nargs >= 2 &&
            end - place > PLAIN_AHEAD) { /* shorter nodes come as fast as they can without */
            __builtin_prefetch(place + PLAIN_AHEAD);
            __builtin_prefetch(place + mirror + PLAIN_AHEAD);
        }
        const void *arguments[NODE_NARROW];
        for (uint32_t i = 0; i < nargs; i++) {
            const void *argument = &n->args[i];
            if (kinds >> 2 * i & ARG_DEP) {
                ref from = n->args[i].dep.from;
                const state *other = plan_state(p, from);
                argument = &other->result;
                /* acquire: pairs with the release below, and shows the result */
                if (lap &&
                    UNLIKELY(atomic_load_explicit(&other->count, memory_order_acquire) != lap)) {
                    missing = from;
                    goto out;
                }
            }
            arguments[i] = argument;
        }
        r->task.node = n;
        n->kernel->call(&r->task, arguments, &s->result);
        ran++;
        if (UNLIKELY(r->task.noted))
            runner_settle(r, n, s);
        if (UNLIKELY(s->mark & p->watched)) {
            counter_add(r->tasks, ran); /* whoever is told of the result sees that it was counted */
            ran = 0;
            outcome_complete(p, n, s);
        }
        if (lap)
            atomic_store_explicit(&s->count, lap, memory_order_release);
    }
out:
    counter_add(r->tasks, ran);
    return (plain_stop){place, missing};
}

/* The same for whatever number of arguments the node at PLACE has. */
INLINE plain_stop plain_run(runner *r, char *place, const char *end, ptrdiff_t mirror, uint32_t lap,
                            bool all)
{
    switch (((const node *)(void *)place)->nargs) {
    case 0:
        return plain_alike(r, place, end, mirror, 0, lap, all);
    case 1:
        return plain_alike(r, place, end, mirror, 1, lap, all);
    case 2:
        return plain_alike(r, place, end, mirror, 2, lap, all);
    default:
        return plain_alike(r, place, end, mirror, 3, lap, all);
    }
}

#endif

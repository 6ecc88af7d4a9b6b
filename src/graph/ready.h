/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes that are ready wait in the deque of the worker that made them so. Those that find it half full
 * go there as a list, which takes one place. What links the nodes of a list lies where their results
 * will be: so no deque grows because of a graph, however many nodes become ready at once, and running
 * one allocates nothing. All that waits can be seen by thieves while a kernel runs.
 */
#ifndef BASK_GRAPH_READY_H
#define BASK_GRAPH_READY_H

#include "graph/plan.h"

/* Nodes that their runner has to itself. */
typedef struct ready_list {
    state *first, *last;
} ready_list;

static inline void ready_prepend(ready_list *l, state *s)
{
    s->job.next = l->first ? &l->first->job : NULL;
    if (!l->first)
        l->last = s;
    l->first = s;
}

static inline void ready_append(ready_list *l, state *s)
{
    s->job.next = NULL;
    if (l->first)
        l->last->job.next = &s->job;
    else
        l->first = s;
    l->last = s;
}

/* The first, taken off L, or 0. */
static inline ref ready_take(ready_list *l)
{
    state *s = l->first;
    if (!s)
        return 0;
    l->first = (state *)s->job.next;
    return state_ref(s);
}

/* Lays S in W's deque, or in front of L where that is half full. Owner of W. */
static inline void ready_push(worker *w, ready_list *l, state *s)
{
    if (__builtin_expect(deque_fits(&w->deque, DEQUE_CAPACITY / 2 + 1), 1))
        worker_push(w, (item)s | ITEM_CELL);
    else
        ready_prepend(l, s);
}

/* Lays all of L in W's deque; where memory is short for that it stays as it is. Owner of W. */
void ready_share(worker *w, ready_list *l);

/* Is X, out of a deque, a ready node or a list of them? */
bool ready_is(item x);

#endif

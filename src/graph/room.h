/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room for nodes, of a graph that several threads may build at once.
 *
 * A thread that is alone fills one slab after the other. As soon as there are several, each has a
 * piece of a slab for itself, so that it lays nodes without asking: a small one of a slab that is
 * shared at first, and whole slabs when it builds much. A new piece lies above all others. So a node
 * that names one above its thread's own place gets a new piece, and memory order stays a topological
 * order. What is left of a piece that is given up becomes nodes that nobody can ask for, so that a
 * slab can still be walked; since they are sinks, the graph is culled from then on.
 *
 * Likewise a thread changes only what it made itself: the consumers of a node that another thread
 * may be adding consumers to are linked when the next plan is made.
 */
#ifndef BASK_GRAPH_ROOM_H
#define BASK_GRAPH_ROOM_H

#include "graph/graph.h"

/*
 * Nodes that follow each other are a window, which windows.c lets one worker run. Windows wait for each
 * other less where they end with a row, a layer or a group of a regular graph. So, once it is long
 * enough, a window ends before a node with fewer arguments than the one before, and behind the first
 * node that depends on another one of the window. The first windows of a graph are shorter, since its
 * kernels may turn out long.
 */
enum {
    WINDOW_WORDS = 2048, /* 16 KB of nodes: the states of some windows fit into a core's cache */
    WINDOW_LEAST = 512,
    WINDOW_FIRST = 8
};

/* What a thread knows of itself as a builder. */
typedef struct room_self {
    uint64_t thread; /* 0: it has built nothing yet */
    uint64_t graph;  /* its builder in the graph of that id */
    builder *builder;
} room_self;
extern __thread room_self room_me __attribute__((tls_model("initial-exec")));

/* Is the caller the only thread that ever built here? */
static inline bool room_alone(const bask_graph *g)
{
    return atomic_load_explicit(&g->alone, memory_order_relaxed) == room_me.thread;
}

/* The caller's builder, made if need be; NULL when memory is short. */
builder *room_builder_slow(bask_graph *g);
static inline builder *room_builder(bask_graph *g)
{
    return __builtin_expect(room_me.graph == g->id, 1) ? room_me.builder : room_builder_slow(g);
}

static inline node *room_node(const builder *b, ref r)
{
    return (node *)(b->origin + (uintptr_t)r * 8);
}

/* Can a node of so many words and arguments that names no node above NEWEST (0: none) come next? */
static inline bool room_fits(const builder *b, size_t words, uint32_t nargs, ref newest)
{
    return words <= (size_t)(b->stop - b->next) && newest <= b->next &&
           (nargs >= NODE_NARROW || nargs >= b->nargs || b->next - b->window < WINDOW_LEAST);
}
/* A node was laid, which depends on DEPENDENCY among others. */
static inline void room_note(builder *b, ref dependency)
{
    if (__builtin_expect(dependency >= b->window && !b->inner, 0)) {
        b->inner = true;
        if (b->next - b->window >= WINDOW_LEAST)
            b->stop = b->next;
    }
}
/* Makes it so; false when memory is short. */
bool room_make(bask_graph *g, builder *b, size_t words, ref newest);

/* May B add to the consumers of the node PRODUCER? */
static inline bool room_owns(const builder *b, const node *producer)
{
    const slab_head *head = node_slab(producer);
    return head->owner == b || node_ref(producer) - b->base < b->next - b->base;
}

/* Gathers in g->main what all threads have built, for a plan. Nodes that are made later have refs of at
 * least the END that this returns. 0 when memory is short. */
ref graph_settle(bask_graph *g);

#endif

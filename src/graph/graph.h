/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph: an immutable description. All that changes while it runs is in a plan (plan.h).
 *
 * Nodes are bump-allocated in slabs and named by a 32-bit ref, their offset in 8-byte words. A
 * dependency argument holds its producer and the producer's next consumer, so that the list of
 * consumers exists as soon as the graph is built. Nodes are laid out one after the other, so a slab
 * can be walked; since an argument names only older nodes, memory order is a topological order.
 */
#ifndef BASK_GRAPH_GRAPH_H
#define BASK_GRAPH_GRAPH_H

#include "base/arena.h"
#include "graph/promise.h"
#include "graph/slab.h"
#include <bask/graph.h>

typedef uint32_t ref; /* word offset of a node; 0: none */
/* A place that names its producer; 0: end of the list. Low two bits 0..2: that argument of the node
 * at edge >> 2; 3: the wide_arg at word edge >> 2. */
typedef uint32_t edge;

typedef union arg {
    unsigned char bytes[8]; /* ARG_LITERAL */
    struct {
        ref from;
        edge next;     /* the next consumer of `from`, older than this one */
    } dep;             /* ARG_DEP */
    const void *place; /* ARG_PLACE: bytes in the graph's arena, behind their dtype as a uint64_t:
                        * a literal of more than 8 bytes, or any literal of an untyped kernel */
    promise *promise;  /* ARG_PROMISE */
} arg;

enum { ARG_LITERAL = 0, ARG_DEP = 1, ARG_PLACE = 2, ARG_PROMISE = 3 };

/* Arguments from the fourth on: they say to which node they belong. */
typedef struct wide_arg {
    arg arg;
    ref owner;
    uint32_t kind;
} wide_arg;

enum { NODE_NARROW = 3 }; /* arguments that lie in the node itself */

/* node.flags: what makes a node other than the plain one that runners are made fast for. */
enum {
    NODE_WIDE = 1,    /* has more than NODE_NARROW arguments */
    NODE_BUFFERS = 2, /* some dependency's result is a buffer */
    NODE_SPECIAL = 4, /* some argument is an ARG_PLACE or ARG_PROMISE */
    NODE_GATED = 8,   /* some argument is an ARG_PROMISE, which counts as a dependency */
    NODE_YIELDS = 16, /* its result is a buffer */
    NODE_UNTYPED = 32 /* its kernel has the untyped form */
};

typedef struct node {
    const bask_kernel *kernel;
    _Atomic edge consumers; /* newest first; release by the builder, acquire by runners, since a
                             * graph may grow while it runs */
    uint8_t nargs;          /* of the narrow ones */
    uint8_t ndeps;          /* of a narrow node */
    uint8_t kinds;          /* two bits for each narrow argument */
    uint8_t flags;
    arg args[];
    /* a wide node goes on with: struct wide_head; wide_arg more[nargs - 3] */
} node;

typedef struct wide_head {
    uint32_t nargs, ndeps; /* all of them */
} wide_head;

enum { SLAB_WORDS = CELL_BLOCK / 8, SLAB_SHIFT = 18, SLAB_FIRST = 8 };
_Static_assert(SLAB_WORDS == 1 << SLAB_SHIFT, "a slab has 2^SLAB_SHIFT words");

/* One slab of a graph. A node longer than a slab has several in a row. */
typedef struct slab_page {
    char *slab;
    uint32_t length; /* words used; of a long node's further slabs: 0; of the last: see `next` */
    uint32_t count;  /* slabs in this row; 0 in its further slabs */
} slab_page;

struct bask_graph {
    promise_home *home;
    slab_cache *cache;
    void *owner; /* the client's core, retained */
    _Atomic int64_t references;
    /* by ref >> SLAB_SHIFT. Release by the builder, acquire by runners that meet an edge newer than
     * their plan; outgrown tables live on in `lists` */
    _Atomic(slab_page *) slabs;
    size_t nslabs, capslabs;
    ref next, stop;   /* the next node's place, and the end of its slab */
    uintptr_t origin; /* where word 0 of the graph would be if all of it lay around that slab */
    size_t nodes, sinks;
    /* nodes without dependencies, and nodes with NODE_GATED. Plans read on in what they found, so
     * outgrown arrays live on in `lists` */
    ref *roots, *gated;
    size_t nroots, caproots, ngated, capgated;
    bool yields_buffers; /* some kernel here returns a buffer */
    arena literals, lists;
    bask_status status; /* the first error */
    char error[256];
};

/* The head of a slab. */
typedef struct slab_head {
    bask_graph *graph;
    ref first; /* ref of the slab's word 0 */
} slab_head;

static inline void *graph_word(const bask_graph *g, ref r)
{
    const slab_page *slabs = atomic_load_explicit(&g->slabs, memory_order_acquire);
    return slabs[r >> SLAB_SHIFT].slab + (size_t)(r & (SLAB_WORDS - 1)) * 8;
}
static inline slab_page *graph_pages(const bask_graph *g)
{
    return atomic_load_explicit(&g->slabs, memory_order_relaxed); /* for the builder */
}
/* The node that will lie at the place R, in the slab that is being filled. */
static inline node *graph_node_to_be(const bask_graph *g, ref r)
{
    return (node *)(g->origin + (uintptr_t)r * 8);
}
static inline node *node_at(const bask_graph *g, ref r)
{
    return graph_word(g, r);
}
static inline const slab_head *node_slab(const void *n)
{
    return cell_block_of(n);
}
static inline ref node_ref(const node *n)
{
    return node_slab(n)->first + (ref)(((uintptr_t)n & (CELL_BLOCK - 1)) / 8);
}
static inline wide_head *node_wide(const node *n)
{
    return (wide_head *)(uintptr_t)&n->args[NODE_NARROW];
}
static inline wide_arg *node_more(const node *n)
{
    return (wide_arg *)(void *)(node_wide(n) + 1);
}
static inline uint32_t node_nargs(const node *n)
{
    return n->flags & NODE_WIDE ? node_wide(n)->nargs : n->nargs;
}
static inline uint32_t node_ndeps(const node *n)
{
    return n->flags & NODE_WIDE ? node_wide(n)->ndeps : n->ndeps;
}
static inline arg *node_arg(const node *n, uint32_t i)
{
    return i < NODE_NARROW ? (arg *)&n->args[i] : &node_more(n)[i - NODE_NARROW].arg;
}
static inline unsigned node_kind(const node *n, uint32_t i)
{
    return i < NODE_NARROW ? n->kinds >> 2 * i & 3u : node_more(n)[i - NODE_NARROW].kind;
}
static inline void node_set_kind(node *n, uint32_t i, unsigned kind)
{
    if (i < NODE_NARROW)
        n->kinds = (uint8_t)((n->kinds & ~(3u << 2 * i)) | kind << 2 * i);
    else
        node_more(n)[i - NODE_NARROW].kind = kind;
}
/* Bytes of a node with so many arguments; at least 24, the size of its state. */
static inline size_t node_size(uint32_t nargs)
{
    if (nargs <= NODE_NARROW)
        return sizeof(node) + sizeof(arg) * (nargs ? nargs : 1);
    return sizeof(node) + sizeof(arg) * NODE_NARROW + sizeof(wide_head) +
           sizeof(wide_arg) * (size_t)(nargs - NODE_NARROW);
}
static inline bool node_yields_buffer(const node *n)
{
    return (n->flags & NODE_YIELDS) != 0;
}

/* Room for a node of so many words in one piece: its ref, or 0 when memory is short. */
ref graph_reserve_slow(bask_graph *g, size_t words);
static inline ref graph_reserve(bask_graph *g, size_t words)
{
    ref r = g->next;
    if (words > (size_t)(g->stop - r) || !g->stop)
        return graph_reserve_slow(g, words);
    g->next = r + (ref)words;
    return r;
}

/* Appends R to one of the graph's lists; false when memory is short. */
bool graph_list(bask_graph *g, ref **list, size_t *n, size_t *capacity, ref r);

/* A node without its arguments: all of them literals of undefined value. */
static inline void node_init(node *n, const bask_kernel *kernel, uint32_t nargs, uint32_t ndeps)
{
    bool wide = nargs > NODE_NARROW;
    n->kernel = kernel;
    atomic_store_explicit(&n->consumers, 0, memory_order_relaxed);
    n->nargs = (uint8_t)(wide ? NODE_NARROW : nargs);
    n->ndeps = (uint8_t)(wide ? 0 : ndeps);
    n->kinds = 0;
    n->flags =
        (uint8_t)((wide ? NODE_WIDE : 0) | (kernel->result.dtype == BASK_SPAN ? NODE_YIELDS : 0) |
                  (kernel->run ? NODE_UNTYPED : 0));
    if (__builtin_expect(wide, 0)) {
        *node_wide(n) = (wide_head){nargs, ndeps};
        for (uint32_t i = NODE_NARROW; i < nargs; i++)
            node_set_kind(n, i, ARG_LITERAL);
    }
}

bask_graph *graph_new(promise_home *home, slab_cache *cache, void *owner);
void graph_retain(bask_graph *g);
/* Returns true when this was the last reference and the graph is gone. */
bool graph_release(bask_graph *g);
bask_graph *graph_of(const bask_delayed *delayed);

/* Supplied by the client layer: futures as arguments of a graph. */
void promise_retain(promise *p);
void promise_release(promise *p);

/* The delayed or future that A names. */
static inline void *arg_pointer(const bask_arg *a)
{
    return (void *)(uintptr_t)a->words[0];
}

/* Checks arguments against a typed kernel's parameters; GRAPH is NULL for single tasks. */
bask_status args_check(const bask_kernel *kernel, const bask_arg *args, size_t nargs,
                       const promise_home *home, const bask_graph *graph);

#endif

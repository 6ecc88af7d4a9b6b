/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph: an immutable description. All that changes while it runs is in a plan (plan.h).
 *
 * Nodes are bump-allocated in slabs and named by a 32-bit ref, their offset in 8-byte words. A
 * dependency argument holds its producer and the producer's next consumer, so that the list of
 * consumers exists as soon as the graph is built. Nodes are laid out one after the other, so a slab
 * can be walked; an argument names only nodes of lower refs (room.c), so memory order is a
 * topological order.
 */
#ifndef BASK_GRAPH_GRAPH_H
#define BASK_GRAPH_GRAPH_H

#include "base/arena.h"
#include "graph/merge.h"
#include "graph/promise.h"
#include "graph/slab.h"
#include <bask/graph.h>

/* For what is made anew in each place that it is called from, which tools/coverage would count as many
 * times. */
#ifdef BASK_COVERAGE
#define INLINE static inline
#else
#define INLINE static inline __attribute__((always_inline))
#endif

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

/* A list of nodes that only grows. */
typedef struct ref_block ref_block;
struct ref_block {
    ref_block *older; /* of those that were outgrown */
    uint32_t refs[];  /* or edges */
};
typedef struct ref_list {
    ref_block *block; /* NULL while the capacity is 0 */
    size_t n, capacity;
} ref_list;

/*
 * What one thread builds, and where. Nobody else touches it, except that planning, which never
 * happens while a thread builds, gathers what the builders have (graph_settle).
 */
typedef struct builder builder;
struct builder {
    _Alignas(128) builder *older; /* lines of its own: others write theirs all the time */
    uint64_t thread;
    /* The piece of a slab that is being filled: where word 0 of the graph would be if all of it lay
     * around that slab, its first place, the next node's, and where nodes must end. */
    uintptr_t origin;
    ref base, next, end;
    /* The window that is being filled (room.h): from where and up to where. */
    ref window, stop;
    uint32_t nargs; /* of its newest node */
    bool inner;     /* one of its nodes depends on another one */
    uint32_t span;  /* words of the next window */
    uint32_t size;  /* words of the next piece to ask for */
    size_t nodes;
    size_t sinks;          /* nodes without consumers; wraps around: only the sum counts */
    ref_list roots, gated; /* nodes without dependencies, and nodes with NODE_GATED */
    ref_list windows;      /* where they begin */
    ref_list strangers;    /* edges to nodes that other threads made: linked by graph_settle */
    arena literals;
    bool yields_buffers; /* some kernel here returns a buffer */
};

struct bask_graph {
    promise_home *home;
    slab_cache *cache;
    void *owner; /* the client's core, retained */
    uint64_t id; /* of all graphs of the process, ever */
    _Atomic int64_t references;
    /* The only thread that has built here; SEVERAL_THREADS once there was another, or nobody yet.
     * Relaxed: only that thread finds itself here, and one that is handed a node of another has been
     * handed the change too. */
    _Atomic uint64_t alone;
    builder main; /* of the first thread; holds all that was gathered */
    /* by ref >> SLAB_SHIFT. Release by the builders, acquire by runners that meet an edge newer than
     * their plan; outgrown tables live on in `tables` */
    _Atomic(slab_page *) slabs;

    pthread_mutex_t lock; /* guards the rest, and the table of slabs */
    builder *others;      /* of all further threads */
    size_t nslabs, capslabs;
    ref shared;          /* the next piece for builders that need little: a place in a slab, or 0 */
    bool trimmed;        /* the unused part of the last slab was given back to the system */
    ref_block *outgrown; /* lists that plans may still read */
    arena tables;
    bask_status status; /* the first error */
    char error[256];

    merge_table merged; /* has a lock of its own */
};

#define SEVERAL_THREADS UINT64_MAX

/* The head of a slab. */
typedef struct slab_head {
    bask_graph *graph;
    const builder *owner; /* who has all of it; NULL: it is shared in pieces */
    ref first;            /* ref of the slab's word 0 */
} slab_head;
_Static_assert(sizeof(slab_head) <= SLAB_FIRST * 8, "nodes begin behind the head");

static inline void *graph_word(const bask_graph *g, ref r)
{
    const slab_page *slabs = atomic_load_explicit(&g->slabs, memory_order_acquire);
    return slabs[r >> SLAB_SHIFT].slab + (size_t)(r & (SLAB_WORDS - 1)) * 8;
}
static inline slab_page *graph_pages(const bask_graph *g)
{
    return atomic_load_explicit(&g->slabs, memory_order_relaxed); /* under the lock, or planning */
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
/* Do the first NODE_RUN of NODES lie in SLAB? No branch for each, so that compilers make vectors of it. */
enum { NODE_RUN = 64 };
static inline bool node_run_in(const slab_head *slab, bask_delayed *const *nodes)
{
    uintptr_t other = 0;
    for (size_t i = 0; i < NODE_RUN; i++)
        other |= (uintptr_t)nodes[i] ^ (uintptr_t)slab;
    return other < CELL_BLOCK;
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

/* Makes room for COUNT more; false when memory is short. */
bool ref_list_reserve(bask_graph *g, ref_list *l, size_t count);
static inline void ref_list_push(ref_list *l, uint32_t r)
{
    l->block->refs[l->n++] = r;
}

/* A node without its arguments: the kinds of those that lie outside of it are undefined as well. */
static inline void node_init_bare(node *n, const bask_kernel *kernel, uint32_t nargs,
                                  uint32_t ndeps)
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
    if (__builtin_expect(wide, 0))
        *node_wide(n) = (wide_head){nargs, ndeps};
}
/* The same, where all arguments are literals of undefined value. */
static inline void node_init(node *n, const bask_kernel *kernel, uint32_t nargs, uint32_t ndeps)
{
    node_init_bare(n, kernel, nargs, ndeps);
    for (uint32_t i = NODE_NARROW; i < nargs; i++)
        node_set_kind(n, i, ARG_LITERAL);
}

/* Makes the argument TO, at the place ME, one more consumer of N; true if it is the first. */
static inline bool node_consume(node *n, arg *to, edge me)
{
    edge newest = atomic_load_explicit(&n->consumers, memory_order_relaxed);
    to->dep.from = node_ref(n);
    to->dep.next = newest;
    /* release: a runner that sees this consumer sees its fields; it skips it, being newer */
    atomic_store_explicit(&n->consumers, me, memory_order_release);
    return newest == 0;
}

bask_graph *graph_new(promise_home *home, slab_cache *cache, void *owner);
/* Is it a parent process's? Then nobody knows who holds its lock. */
bool graph_inherited(const bask_graph *g);
void graph_retain(bask_graph *g);
/* Returns true when this was the last reference and the graph is gone. */
bool graph_release(bask_graph *g);
bask_graph *graph_of(const bask_delayed *delayed);
/* Keeps the calling thread's last error, of a STATUS, if it is the graph's first; returns NULL. */
bask_delayed *graph_fail(bask_graph *g, bask_status status) __attribute__((cold));

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
                       const promise_home *home, bask_graph *graph);

#endif

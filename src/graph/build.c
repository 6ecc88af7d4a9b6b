/* SPDX-License-Identifier: Apache-2.0 */
/* Building a graph: one node after the other. */
#include "base/status.h"
#include "graph/room.h"
#include <stdlib.h>

#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Makes the argument TO, at the place ME, a consumer of PRODUCER; true if it is the first. Of a node
 * of another thread, which it is not if it is known to be OWN, it will be one later. */
INLINE bool depend(builder *b, bool own, arg *to, edge me, node *producer)
{
    if (own || room_owns(b, producer))
        return node_consume(producer, to, me);
    to->dep.from = node_ref(producer);
    to->dep.next = 0;
    ref_list_push(&b->strangers, me); /* for which there is room */
    return false;
}

/* ---- plain nodes: bask_delay_0_ to bask_delay_3_ ---- */

/* The number of arguments and, in two bits for each, their kinds, in one: so that all that a function
 * is called with fits in registers. */
#define FORM(nargs, kinds) ((kinds) | (nargs) << 2 * NODE_NARROW)
#define FORM_NARGS(form) ((form) >> 2 * NODE_NARROW)

/* What the short way leaves to the long one: to go on where it ran out, or to say what is wrong. */
static __attribute__((noinline, cold)) bask_delayed *the_long_way(bask_graph *g,
                                                                  const bask_kernel *kernel,
                                                                  unsigned form, uint64_t x,
                                                                  uint64_t y, uint64_t z)
{
    const uint64_t words[NODE_NARROW] = {x, y, z};
    bask_arg args[NODE_NARROW];
    for (uint32_t i = 0; i < FORM_NARGS(form); i++)
        args[i] = form >> 2 * i & ARG_DEP ? bask_arg_delayed((bask_delayed *)(uintptr_t)words[i])
                                          : bask_arg_literal(&words[i], kernel->params[i].size,
                                                             kernel->params[i].dtype);
    return bask_delay_array(g, kernel, args, FORM_NARGS(form));
}

/* Who builds, and on what: each a constant where it is asked for. */
typedef enum scope {
    ALONE,     /* the only thread that ever built here */
    ON_OWN,    /* one of several, on nodes of slabs that it has for itself */
    ON_OTHERS, /* ... on any nodes */
} scope;

/* Is WORD, as argument I, a literal or a node that fits? */
INLINE bool fits(const bask_graph *g, const builder *b, scope in, const bask_kernel *kernel,
                 unsigned kinds, uint32_t i, uint64_t word, ref *newest)
{
    const node *n = (const node *)(uintptr_t)word;
    const bask_param *p = &kernel->params[i];
    if (!(kinds >> 2 * i & ARG_DEP))
        return true;
    if (UNLIKELY(!n || (in == ON_OWN ? node_slab(n)->owner != b : node_slab(n)->graph != g) ||
                 n->kernel->result.dtype != p->dtype || n->kernel->result.size != p->size))
        return false;
    if (in != ALONE && node_ref(n) > *newest)
        *newest = node_ref(n);
    return true;
}

/* Sets argument I of N; true if it made a node a sink no more. */
INLINE bool set(builder *b, bool own, node *n, ref r, unsigned kinds, uint32_t i, uint64_t word)
{
    if (kinds >> 2 * i & ARG_DEP) {
        bool first = depend(b, own, &n->args[i], r << 2 | i, (node *)(uintptr_t)word);
        room_note(b, n->args[i].dep.from);
        return first;
    }
    memcpy(n->args[i].bytes, &word, sizeof word);
    return false;
}

/* Written out for each argument: where this is inlined NARGS and the scope are constants, so that what
 * is not needed goes away. NULL: this is not the way. */
INLINE bask_delayed *delay_plain(bask_graph *g, builder *b, scope in, const bask_kernel *kernel,
                                 uint32_t nargs, unsigned kinds, uint64_t x, uint64_t y, uint64_t z)
{
    const uint32_t size = (uint32_t)(node_size(nargs) / 8);
    const bool own = in != ON_OTHERS;
    ref newest = 0;
    bool ok = (nargs < 1 || fits(g, b, in, kernel, kinds, 0, x, &newest)) &&
              (nargs < 2 || fits(g, b, in, kernel, kinds, 1, y, &newest)) &&
              (nargs < 3 || fits(g, b, in, kernel, kinds, 2, z, &newest));
    if (UNLIKELY(!ok || !room_fits(b, size, nargs, newest) ||
                 (kinds == 0 && b->roots.n == b->roots.capacity) ||
                 (!own && kinds != 0 && b->strangers.capacity - b->strangers.n < nargs)))
        return NULL;
    ref r = b->next;
    node *n = room_node(b, r);
    b->next = r + size;
    n->kernel = kernel;
    atomic_store_explicit(&n->consumers, 0, memory_order_relaxed);
    n->nargs = (uint8_t)nargs;
    n->ndeps = (uint8_t)((kinds & 1) + (kinds >> 2 & 1) + (kinds >> 4 & 1));
    n->kinds = (uint8_t)kinds;
    n->flags = 0;
    b->nargs = nargs;
    if (kinds == 0)
        ref_list_push(&b->roots, r);
    size_t sinks = b->sinks + 1;
    sinks -= nargs > 0 && set(b, own, n, r, kinds, 0, x);
    sinks -= nargs > 1 && set(b, own, n, r, kinds, 1, y);
    sinks -= nargs > 2 && set(b, own, n, r, kinds, 2, z);
    b->nodes++;
    b->sinks = sinks;
    return (bask_delayed *)n;
}

INLINE bool is_alone(const bask_graph *g)
{
    return __builtin_expect(g && room_alone(g), 1);
}

/* What is called where a node is made; what is needed less often is kept apart so that it stays short. */
#define DELAY_FEW(nargs, kinds, x, y, z, parameters, ...)                                          \
    static __attribute__((noinline)) bask_delayed *on_others_##nargs parameters                    \
    {                                                                                              \
        builder *b = g ? room_builder(g) : NULL;                                                   \
        bask_delayed *d = b ? delay_plain(g, b, ON_OTHERS, kernel, nargs, kinds, x, y, z) : NULL;  \
        return d ? d : the_long_way(g, kernel, FORM(nargs, kinds), x, y, z);                       \
    }                                                                                              \
    static __attribute__((noinline)) bask_delayed *on_own_##nargs parameters                       \
    {                                                                                              \
        builder *b = g ? room_builder(g) : NULL;                                                   \
        bask_delayed *d = b ? delay_plain(g, b, ON_OWN, kernel, nargs, kinds, x, y, z) : NULL;     \
        return d ? d : on_others_##nargs(__VA_ARGS__);                                             \
    }                                                                                              \
    bask_delayed *bask_delay_##nargs##_ parameters                                                 \
    {                                                                                              \
        if (UNLIKELY(!is_alone(g)))                                                                \
            return on_own_##nargs(__VA_ARGS__);                                                    \
        bask_delayed *d = delay_plain(g, &g->main, ALONE, kernel, nargs, kinds, x, y, z);          \
        return d ? d : the_long_way(g, kernel, FORM(nargs, kinds), x, y, z);                       \
    }
DELAY_FEW(0, 0, 0, 0, 0, (bask_graph * g, const bask_kernel *kernel), g, kernel)
DELAY_FEW(1, kinds, x, 0, 0,
          (bask_graph * g, const bask_kernel *kernel, unsigned kinds, uint64_t x), g, kernel, kinds,
          x)
DELAY_FEW(2, kinds, x, y, 0,
          (bask_graph * g, const bask_kernel *kernel, unsigned kinds, uint64_t x, uint64_t y), g,
          kernel, kinds, x, y)
DELAY_FEW(3, kinds, x, y, z,
          (bask_graph * g, const bask_kernel *kernel, unsigned kinds, uint64_t x, uint64_t y,
           uint64_t z),
          g, kernel, kinds, x, y, z)

/* ---- all nodes ---- */

/* A literal that does not fit the argument's word, or whose type only the graph knows. */
static bool place_literal(builder *b, arg *to, const bask_arg *from)
{
    uint64_t *copy = arena_get(&b->literals, sizeof *copy + BASK_MAX_VALUE);
    if (!copy)
        return false;
    *copy = from->dtype;
    memcpy(copy + 1, from->words, BASK_MAX_VALUE);
    to->place = copy + 1;
    return true;
}

/* Sets the argument TO, at the place ME of N; returns its kind, or -1 when memory is short. */
static inline int fill(builder *b, bool alone, node *n, arg *to, edge me, const bask_arg *from)
{
    switch (from->kind) {
    case BASK_ARG_DELAYED: {
        node *producer = arg_pointer(from);
        b->sinks -= depend(b, alone, to, me, producer);
        room_note(b, to->dep.from);
        if (node_yields_buffer(producer))
            n->flags |= NODE_BUFFERS;
        return ARG_DEP;
    }
    case BASK_ARG_FUTURE:
        to->promise = arg_pointer(from);
        promise_retain(to->promise);
        n->flags |= NODE_SPECIAL | NODE_GATED;
        return ARG_PROMISE;
    default:
        if (__builtin_expect(from->size <= sizeof to->bytes && !n->kernel->run, 1)) {
            memcpy(to->bytes, from->words, sizeof to->bytes);
            return ARG_LITERAL;
        }
        n->flags |= NODE_SPECIAL;
        return place_literal(b, to, from) ? ARG_PLACE : -1;
    }
}

static bool fill_all(builder *b, bool alone, node *n, ref r, const bask_arg *args, uint32_t nargs)
{
    for (uint32_t i = 0; i < nargs; i++) {
        arg *to = node_arg(n, i);
        edge me = r << 2 | i;
        if (i >= NODE_NARROW) {
            ((wide_arg *)to)->owner = r;
            me = (r + (ref)(((char *)to - (char *)n) / 8)) << 2 | 3;
        }
        int kind = fill(b, alone, n, to, me, &args[i]);
        if (kind < 0)
            return false;
        node_set_kind(n, i, (unsigned)kind);
    }
    return true;
}

/* Room for the node, and for what the lists will hold of it. */
static bool reserve(bask_graph *g, builder *b, bool alone, const bask_arg *args, size_t nargs,
                    uint32_t *ndeps, uint32_t *ngates)
{
    uint32_t deps = 0, gates = 0;
    ref newest = 0;
    if (nargs >= UINT32_MAX / 4)
        return false;
    for (size_t i = 0; i < nargs; i++) {
        deps += args[i].kind != BASK_ARG_LITERAL;
        gates += args[i].kind == BASK_ARG_FUTURE;
        if (args[i].kind == BASK_ARG_DELAYED) {
            ref r = node_ref(arg_pointer(&args[i]));
            newest = r > newest ? r : newest;
        }
    }
    *ndeps = deps;
    *ngates = gates;
    size_t words = node_size((uint32_t)nargs) / 8;
    return (room_fits(b, words, (uint32_t)nargs, newest) || room_make(g, b, words, newest)) &&
           (deps || ref_list_reserve(g, &b->roots, 1)) &&
           (!gates || ref_list_reserve(g, &b->gated, 1)) &&
           (alone || !deps || ref_list_reserve(g, &b->strangers, deps));
}

bask_delayed *bask_delay_array(bask_graph *g, const bask_kernel *kernel, const bask_arg *args,
                               size_t nargs)
{
    if (!g || !kernel || (!args && nargs)) {
        status_set(BASK_EINVAL, "bask_delay: the %s is NULL",
                   !g        ? "graph"
                   : !kernel ? "kernel"
                             : "array of arguments");
        return graph_fail(g, BASK_EINVAL);
    }
    if (graph_inherited(g)) {
        status_set(BASK_ECLOSED,
                   "bask_delay: the graph was made before a fork, in the parent process");
        return NULL;
    }
    bask_status status = args_check(kernel, args, nargs, g->home, g);
    if (status != BASK_OK)
        return graph_fail(g, status);
    uint32_t ndeps, ngates;
    builder *b = room_builder(g);
    bool alone = room_alone(g);
    if (!b || !reserve(g, b, alone, args, nargs, &ndeps, &ngates)) {
        status_set(BASK_ENOMEM, "%s: no memory for node %zu of the graph", kernel->name,
                   b ? b->nodes : 0);
        return graph_fail(g, BASK_ENOMEM);
    }
    ref r = b->next;
    node *n = room_node(b, r);
    b->next = r + (ref)(node_size((uint32_t)nargs) / 8);
    node_init(n, kernel, (uint32_t)nargs, ndeps);
    b->nargs = (uint32_t)nargs;
    b->nodes++;
    b->sinks++;
    b->yields_buffers |= node_yields_buffer(n);
    if (ndeps == 0)
        ref_list_push(&b->roots, r);
    if (ngates)
        ref_list_push(&b->gated, r);
    if (!fill_all(b, alone, n, r, args, (uint32_t)nargs)) {
        status_set(BASK_ENOMEM, "%s: no memory for its arguments", kernel->name);
        return graph_fail(g, BASK_ENOMEM);
    }
    return (bask_delayed *)n;
}

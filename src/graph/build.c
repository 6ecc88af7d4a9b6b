/* SPDX-License-Identifier: Apache-2.0 */
/* Building a graph: one node after the other. */
#include "base/status.h"
#include "graph/graph.h"
#include <stdlib.h>

static bask_delayed *fail(bask_graph *g, bask_status status)
{
    if (g && g->status == BASK_OK) {
        g->status = status;
        snprintf(g->error, sizeof g->error, "%s", bask_last_error());
    }
    return NULL;
}

/* Makes the place ME one more consumer of PRODUCER; true if it is the first. */
static inline bool consume(arg *to, edge me, node *producer)
{
    edge newest = atomic_load_explicit(&producer->consumers, memory_order_relaxed);
    to->dep.from = node_ref(producer);
    to->dep.next = newest;
    /* release: a runner that sees this consumer sees its fields; it skips it, being newer */
    atomic_store_explicit(&producer->consumers, me, memory_order_release);
    return newest == 0;
}

/* A literal that does not fit the argument's word, or whose type only the graph knows. */
static bool place_literal(bask_graph *g, arg *to, const bask_arg *from)
{
    uint64_t *copy = arena_get(&g->literals, sizeof *copy + BASK_MAX_VALUE);
    if (!copy)
        return false;
    *copy = from->dtype;
    memcpy(copy + 1, from->words, BASK_MAX_VALUE);
    to->place = copy + 1;
    return true;
}

static inline bool fill(bask_graph *g, node *n, arg *to, edge me, const bask_arg *from,
                        unsigned *kind)
{
    switch (from->kind) {
    case BASK_ARG_DELAYED: {
        node *producer = arg_pointer(from);
        g->sinks -= consume(to, me, producer);
        *kind = ARG_DEP;
        if (node_yields_buffer(producer))
            n->flags |= NODE_BUFFERS;
        return true;
    }
    case BASK_ARG_FUTURE:
        to->promise = arg_pointer(from);
        promise_retain(to->promise);
        *kind = ARG_PROMISE;
        n->flags |= NODE_SPECIAL | NODE_GATED;
        return true;
    default:
        if (__builtin_expect(from->size <= sizeof to->bytes && !n->kernel->run, 1)) {
            memcpy(to->bytes, from->words, sizeof to->bytes);
            *kind = ARG_LITERAL;
            return true;
        }
        *kind = ARG_PLACE;
        n->flags |= NODE_SPECIAL;
        return place_literal(g, to, from);
    }
}

static bool fill_narrow(bask_graph *g, node *n, ref r, const bask_arg *args, uint32_t nargs)
{
    unsigned kinds = 0;
    for (uint32_t i = 0; i < nargs; i++) {
        unsigned kind = ARG_LITERAL;
        bool ok = fill(g, n, &n->args[i], r << 2 | i, &args[i], &kind);
        kinds |= kind << 2 * i;
        n->kinds = (uint8_t)kinds;
        if (!ok)
            return false;
    }
    return true;
}

static bool fill_wide(bask_graph *g, node *n, ref r, const bask_arg *args, uint32_t nargs)
{
    for (uint32_t i = 0; i < nargs; i++) {
        wide_arg *w = &node_more(n)[i];
        edge place = (r + (ref)(((char *)w - (char *)n) / 8)) << 2 | 3;
        w->owner = r;
        if (!fill(g, n, &w->arg, place, &args[i], &w->kind))
            return false;
    }
    return true;
}

/* ---- plain nodes ---- */

/* What the short way leaves to the long one: to go on where it ran out, or to say what is wrong. */
static __attribute__((noinline, cold)) bask_delayed *
the_long_way(bask_graph *g, const bask_kernel *kernel, unsigned kinds, uint32_t nargs, uint64_t a,
             uint64_t b, uint64_t c)
{
    const uint64_t words[NODE_NARROW] = {a, b, c};
    bask_arg args[NODE_NARROW];
    for (uint32_t i = 0; i < nargs; i++)
        args[i] = kinds >> 2 * i & ARG_DEP ? bask_arg_delayed((bask_delayed *)(uintptr_t)words[i])
                                           : bask_arg_literal(&words[i], kernel->params[i].size,
                                                              kernel->params[i].dtype);
    return bask_delay_array(g, kernel, args, nargs);
}

static inline __attribute__((always_inline)) bool
is_producer(const bask_graph *g, const bask_kernel *kernel, uint32_t i, uint64_t word)
{
    const node *n = (const node *)(uintptr_t)word;
    return n && node_slab(n)->graph == g && n->kernel->result.dtype == kernel->params[i].dtype &&
           n->kernel->result.size == kernel->params[i].size;
}

/* NARGS is a constant where this is inlined, so that what is not needed goes away. */
static inline __attribute__((always_inline)) bask_delayed *
delay_plain(bask_graph *g, const bask_kernel *kernel, unsigned kinds, const uint32_t nargs,
            uint64_t a, uint64_t b, uint64_t c)
{
    const uint64_t words[NODE_NARROW] = {a, b, c};
    const uint32_t size = (uint32_t)(node_size(nargs) / 8);
    bool ok = g != NULL;
    for (uint32_t i = 0; i < nargs; i++)
        ok = ok && (!(kinds >> 2 * i & ARG_DEP) || is_producer(g, kernel, i, words[i]));
    if (__builtin_expect(
            !ok || size > g->stop - g->next || !g->stop || (!kinds && g->nroots == g->caproots), 0))
        return the_long_way(g, kernel, kinds, nargs, a, b, c);
    ref r = g->next;
    node *n = graph_node_to_be(g, r);
    g->next = r + size;
    n->kernel = kernel;
    atomic_store_explicit(&n->consumers, 0, memory_order_relaxed);
    n->nargs = (uint8_t)nargs;
    n->ndeps = (uint8_t)((kinds & 1) + (kinds >> 2 & 1) + (kinds >> 4 & 1));
    n->kinds = (uint8_t)kinds;
    n->flags = 0;
    if (!kinds)
        g->roots[g->nroots++] = r;
    size_t sinks = g->sinks + 1;
    for (uint32_t i = 0; i < nargs; i++) {
        if (kinds >> 2 * i & ARG_DEP)
            sinks -= consume(&n->args[i], r << 2 | i, (node *)(uintptr_t)words[i]);
        else
            memcpy(n->args[i].bytes, &words[i], sizeof words[i]);
    }
    g->nodes++;
    g->sinks = sinks;
    return (bask_delayed *)n;
}

bask_delayed *bask_delay_0_(bask_graph *g, const bask_kernel *kernel)
{
    return delay_plain(g, kernel, 0, 0, 0, 0, 0);
}
bask_delayed *bask_delay_1_(bask_graph *g, const bask_kernel *kernel, unsigned kinds, uint64_t a)
{
    return delay_plain(g, kernel, kinds, 1, a, 0, 0);
}
bask_delayed *bask_delay_2_(bask_graph *g, const bask_kernel *kernel, unsigned kinds, uint64_t a,
                            uint64_t b)
{
    return delay_plain(g, kernel, kinds, 2, a, b, 0);
}
bask_delayed *bask_delay_3_(bask_graph *g, const bask_kernel *kernel, unsigned kinds, uint64_t a,
                            uint64_t b, uint64_t c)
{
    return delay_plain(g, kernel, kinds, 3, a, b, c);
}

/* ---- all nodes ---- */

bask_delayed *bask_delay_array(bask_graph *g, const bask_kernel *kernel, const bask_arg *args,
                               size_t nargs)
{
    if (!g || !kernel || (!args && nargs)) {
        status_set(BASK_EINVAL, "bask_delay: the %s is NULL",
                   !g        ? "graph"
                   : !kernel ? "kernel"
                             : "array of arguments");
        return fail(g, BASK_EINVAL);
    }
    bask_status status = args_check(kernel, args, nargs, g->home, g);
    if (status != BASK_OK)
        return fail(g, status);
    size_t ndeps = 0, ngates = 0;
    for (size_t i = 0; i < nargs; i++) {
        ndeps += args[i].kind != BASK_ARG_LITERAL;
        ngates += args[i].kind == BASK_ARG_FUTURE;
    }
    ref r = nargs < UINT32_MAX / 4 ? graph_reserve(g, node_size((uint32_t)nargs) / 8) : 0;
    bool room = r && (ndeps || graph_list(g, &g->roots, &g->nroots, &g->caproots, r)) &&
                (!ngates || graph_list(g, &g->gated, &g->ngated, &g->capgated, r));
    if (!room) {
        status_set(BASK_ENOMEM, "%s: no memory for node %zu of the graph", kernel->name, g->nodes);
        return fail(g, BASK_ENOMEM);
    }
    node *n = node_at(g, r);
    node_init(n, kernel, (uint32_t)nargs, (uint32_t)ndeps);
    g->nodes++;
    g->sinks++;
    g->yields_buffers |= node_yields_buffer(n);
    uint32_t narrow = n->nargs;
    if (!fill_narrow(g, n, r, args, narrow) ||
        !fill_wide(g, n, r, args + narrow, (uint32_t)nargs - narrow)) {
        status_set(BASK_ENOMEM, "%s: no memory for its arguments", kernel->name);
        return fail(g, BASK_ENOMEM);
    }
    return (bask_delayed *)n;
}

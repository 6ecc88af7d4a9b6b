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

/* Makes the place ME one more consumer of PRODUCER. */
static void consume(bask_graph *g, arg *to, edge me, node *producer)
{
    edge newest = atomic_load_explicit(&producer->consumers, memory_order_relaxed);
    to->dep.from = node_ref(producer);
    to->dep.next = newest;
    g->sinks -= newest == 0;
    /* release: a runner that sees this consumer sees its fields; it skips it, being newer */
    atomic_store_explicit(&producer->consumers, me, memory_order_release);
}

/* A literal that does not fit the argument's word, or whose type only the graph knows. */
static bool place_literal(bask_graph *g, arg *to, const bask_arg *from)
{
    uint64_t *copy = arena_get(&g->literals, sizeof *copy + BASK_MAX_VALUE);
    if (!copy)
        return false;
    *copy = from->dtype;
    memcpy(copy + 1, from->value.bytes, BASK_MAX_VALUE);
    to->place = copy + 1;
    return true;
}

static inline bool fill(bask_graph *g, node *n, arg *to, edge me, const bask_arg *from,
                        unsigned *kind)
{
    switch (from->kind) {
    case BASK_ARG_DELAYED: {
        node *producer = (node *)from->value.delayed;
        consume(g, to, me, producer);
        *kind = ARG_DEP;
        if (node_yields_buffer(producer))
            n->flags |= NODE_BUFFERS;
        return true;
    }
    case BASK_ARG_FUTURE:
        to->promise = (promise *)from->value.future;
        promise_retain(to->promise);
        *kind = ARG_PROMISE;
        n->flags |= NODE_SPECIAL | NODE_GATED;
        return true;
    default:
        if (__builtin_expect(from->size <= sizeof to->bytes && !n->kernel->run, 1)) {
            memcpy(to->bytes, from->value.bytes, sizeof to->bytes);
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

/* SPDX-License-Identifier: Apache-2.0 */
/* Building a graph. */
#include "graph/graph.h"

#include "base/status.h"
#include <stdlib.h>
#include <string.h>

/* ---- life ---- */

bask_graph *graph_new(promise_home *home, slab_cache *cache, void *owner)
{
    bask_graph *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    g->home = home;
    g->cache = cache;
    g->owner = owner;
    atomic_store_explicit(&g->references, 1, memory_order_relaxed);
    return g;
}

void graph_retain(bask_graph *g)
{
    atomic_fetch_add_explicit(&g->references, 1, memory_order_relaxed);
}

bool graph_release(bask_graph *g)
{
    /* acq_rel: the last one sees all runs done with it */
    if (atomic_fetch_sub_explicit(&g->references, 1, memory_order_acq_rel) != 1)
        return false;
    for (size_t i = 0; i < g->ngated; i++) {
        const node *n = node_at(g, g->gated[i]);
        for (uint32_t a = 0; a < node_nargs(n); a++)
            if (node_kind(n, a) == ARG_PROMISE)
                promise_release(node_arg(n, a)->promise);
    }
    char **slabs = atomic_load_explicit(&g->slabs, memory_order_relaxed);
    for (size_t i = 0, count; i < g->nslabs; i += count) {
        for (count = 1; g->spans[i + count - 1]; count++)
            ;
        slab_put(g->cache, slabs[i], count);
    }
    arena_free(&g->literals);
    arena_free(&g->tables);
    free(g);
    return true;
}

bask_graph *graph_of(const bask_delayed *delayed)
{
    return node_slab(delayed)->graph;
}

/* ---- memory order ---- */

ref graph_end(const bask_graph *g)
{
    if (g->nslabs == 0)
        return SLAB_FIRST;
    return (ref)(g->nslabs << SLAB_SHIFT);
}

ref graph_after(const bask_graph *g, ref r)
{
    size_t slab = r >> SLAB_SHIFT;
    r += (ref)(node_size(node_nargs(node_at(g, r))) / 8);
    if ((r >> SLAB_SHIFT) == slab && (r & (SLAB_WORDS - 1)) < g->lengths[slab])
        return r;
    while (g->spans[slab])
        slab++;
    return (ref)((slab + 1) << SLAB_SHIFT) + SLAB_FIRST;
}

/* ---- room ---- */

/* A larger copy; the former array lives on in the graph's tables, where a running compute may read
 * it. */
static void *grown(bask_graph *g, const void *array, size_t *capacity, size_t need, size_t size)
{
    size_t more = *capacity ? *capacity * 2 : 16;
    while (more < need)
        more *= 2;
    void *p = arena_get(&g->tables, more * size);
    if (!p)
        return NULL;
    if (array)
        memcpy(p, array, *capacity * size);
    *capacity = more;
    return p;
}

static bool add_ref(bask_graph *g, ref **list, size_t *n, size_t *capacity, ref r)
{
    if (*n == *capacity) {
        ref *longer = grown(g, *list, capacity, *n + 1, sizeof r);
        if (!longer)
            return false;
        *list = longer;
    }
    (*list)[(*n)++] = r;
    return true;
}

static bool grow_tables(bask_graph *g, size_t need)
{
    char **slabs = atomic_load_explicit(&g->slabs, memory_order_relaxed);
    if (need > g->capslabs) {
        if (!(slabs = grown(g, slabs, &g->capslabs, need, sizeof *slabs)))
            return false;
        atomic_store_explicit(&g->slabs, slabs, memory_order_release); /* pairs with graph_word */
    }
    if (need > g->caplengths) {
        uint32_t *lengths = grown(g, g->lengths, &g->caplengths, need, sizeof *lengths);
        if (!lengths)
            return false;
        g->lengths = lengths;
    }
    if (need > g->capspans) {
        uint8_t *spans = grown(g, g->spans, &g->capspans, need, sizeof *spans);
        if (!spans)
            return false;
        g->spans = spans;
    }
    return true;
}

static bool add_slabs(bask_graph *g, size_t count)
{
    bool fresh;
    if ((g->nslabs + count) >> (30 - SLAB_SHIFT))
        return false; /* an edge has 30 bits for the place: 8 GiB of nodes */
    if (!grow_tables(g, g->nslabs + count))
        return false;
    char *slab = slab_get(g->cache, count, g->nslabs > 0, &fresh);
    if (!slab)
        return false;
    *(slab_head *)(void *)slab = (slab_head){g, (ref)(g->nslabs << SLAB_SHIFT)};
    char **slabs = atomic_load_explicit(&g->slabs, memory_order_relaxed);
    for (size_t i = 0; i < count; i++) {
        slabs[g->nslabs + i] = slab + i * CELL_BLOCK;
        g->lengths[g->nslabs + i] = i == 0 ? SLAB_FIRST : 0;
        g->spans[g->nslabs + i] = i + 1 < count;
    }
    g->nslabs += count;
    return true;
}

/* Room for SIZE bytes in one piece, or 0. A node longer than a slab gets a row of slabs. */
static ref reserve(bask_graph *g, size_t size)
{
    size_t words = size / 8, last = g->nslabs - 1;
    if (g->nslabs == 0 || g->lengths[last] == 0 || g->lengths[last] + words > SLAB_WORDS) {
        size_t count = (words + SLAB_FIRST + SLAB_WORDS - 1) / SLAB_WORDS;
        last = g->nslabs;
        if (!add_slabs(g, count))
            return 0;
    }
    ref r = (ref)(last << SLAB_SHIFT) + g->lengths[last];
    size_t length = g->lengths[last] + words;
    g->lengths[last] = length > SLAB_WORDS ? SLAB_WORDS : (uint32_t)length;
    return r;
}

/* ---- nodes ---- */

static bask_status fill_arg(bask_graph *g, node *n, ref r, uint32_t i, const bask_arg *from)
{
    arg *to = node_arg(n, i);
    unsigned kind = ARG_LITERAL;
    if (from->kind == BASK_ARG_DELAYED) {
        node *producer = (node *)from->value.delayed;
        edge me =
            i < NODE_NARROW
                ? r << 2 | i
                : (r + (ref)(((char *)&node_more(n)[i - NODE_NARROW] - (char *)n) / 8)) << 2 | 3;
        edge newest = atomic_load_explicit(&producer->consumers, memory_order_relaxed);
        kind = ARG_DEP;
        to->dep.from = node_ref(producer);
        to->dep.next = newest;
        g->sinks -= newest == 0;
        /* release: a runner that sees this consumer sees its fields; it skips it, being newer */
        atomic_store_explicit(&producer->consumers, me, memory_order_release);
        if (node_yields_buffer(producer))
            n->flags |= NODE_BUFFERS;
    } else if (from->kind == BASK_ARG_FUTURE) {
        kind = ARG_PROMISE;
        to->promise = (promise *)from->value.future;
        promise_retain(to->promise);
        n->flags |= NODE_SPECIAL | NODE_GATED;
    } else if (from->size > sizeof to->bytes || n->kernel->run) {
        uint64_t *copy = arena_get(&g->literals, sizeof *copy + BASK_MAX_VALUE);
        if (!copy)
            return BASK_ENOMEM;
        *copy = from->dtype;
        memcpy(copy + 1, from->value.bytes, BASK_MAX_VALUE);
        kind = ARG_PLACE;
        to->place = copy + 1;
        n->flags |= NODE_SPECIAL;
    } else {
        memcpy(to->bytes, from->value.bytes, sizeof to->bytes);
    }
    if (i < NODE_NARROW) {
        n->kinds |= (uint8_t)(kind << 2 * i);
    } else {
        wide_arg *w = &node_more(n)[i - NODE_NARROW];
        w->kind = kind;
        w->owner = r;
    }
    return BASK_OK;
}

static bask_delayed *fail(bask_graph *g, bask_status status)
{
    if (g && g->status == BASK_OK) {
        g->status = status;
        snprintf(g->error, sizeof g->error, "%s", bask_last_error());
    }
    return NULL;
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
    ref r = nargs < UINT32_MAX / 4 ? reserve(g, node_size((uint32_t)nargs)) : 0;
    bool room = r && (ndeps || add_ref(g, &g->roots, &g->nroots, &g->caproots, r)) &&
                (!ngates || add_ref(g, &g->gated, &g->ngated, &g->capgated, r));
    if (!room) {
        status_set(BASK_ENOMEM, "%s: no memory for node %zu of the graph", kernel->name, g->nodes);
        return fail(g, BASK_ENOMEM);
    }
    node *n = node_at(g, r);
    n->kernel = kernel;
    atomic_store_explicit(&n->consumers, 0, memory_order_relaxed);
    n->nargs = (uint8_t)(nargs > NODE_NARROW ? NODE_NARROW : nargs);
    n->ndeps = (uint8_t)(nargs > NODE_NARROW ? 0 : ndeps);
    n->kinds = n->flags = 0;
    if (nargs > NODE_NARROW) {
        n->flags = NODE_WIDE;
        *node_wide(n) = (wide_head){(uint32_t)nargs, (uint32_t)ndeps};
    }
    for (size_t i = 0; i < nargs && status == BASK_OK; i++)
        status = fill_arg(g, n, r, (uint32_t)i, &args[i]);
    g->nodes++;
    g->sinks++;
    g->yields_buffers |= node_yields_buffer(n);
    if (status != BASK_OK) {
        status_set(status, "%s: no memory for its arguments", kernel->name);
        return fail(g, status);
    }
    return (bask_delayed *)n;
}

size_t bask_graph_size(const bask_graph *g)
{
    return g ? g->nodes : 0;
}

const char *bask_delayed_name(const bask_delayed *delayed)
{
    return delayed ? ((const node *)delayed)->kernel->name : "";
}

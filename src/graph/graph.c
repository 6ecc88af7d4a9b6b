/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs and their memory. */
#include "graph/graph.h"

#include <stdlib.h>

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
    const slab_page *pages = graph_pages(g);
    for (size_t i = 0; i < g->nslabs; i += pages[i].count)
        slab_put(g->cache, pages[i].slab, pages[i].count);
    arena_free(&g->literals);
    arena_free(&g->lists);
    free(g);
    return true;
}

bask_graph *graph_of(const bask_delayed *delayed)
{
    return node_slab(delayed)->graph;
}

size_t bask_graph_size(const bask_graph *g)
{
    return g ? g->nodes : 0;
}

const char *bask_delayed_name(const bask_delayed *delayed)
{
    return delayed ? ((const node *)delayed)->kernel->name : "";
}

/* ---- room ---- */

static bool pages_reserve(bask_graph *g, size_t need)
{
    size_t more = g->capslabs ? g->capslabs : 8;
    while (more < need)
        more *= 2;
    if (more == g->capslabs)
        return true;
    slab_page *pages = arena_get(&g->lists, more * sizeof *pages);
    if (!pages)
        return false;
    if (g->nslabs)
        memcpy(pages, graph_pages(g), g->nslabs * sizeof *pages);
    atomic_store_explicit(&g->slabs, pages, memory_order_release); /* pairs with graph_word */
    g->capslabs = more;
    return true;
}

/* Appends COUNT slabs in a row, and goes on in them. */
static bool add_slabs(bask_graph *g, size_t count)
{
    bool fresh;
    if ((g->nslabs + count) >> (30 - SLAB_SHIFT))
        return false; /* an edge has 30 bits for the place: 8 GiB of nodes */
    if (!pages_reserve(g, g->nslabs + count))
        return false;
    char *slab = slab_get(g->cache, count, g->nslabs > 0, &fresh);
    if (!slab)
        return false;
    *(slab_head *)(void *)slab = (slab_head){g, (ref)(g->nslabs << SLAB_SHIFT)};
    slab_page *pages = graph_pages(g);
    if (g->stop)
        pages[(g->stop - 1) >> SLAB_SHIFT].length = g->next - (g->stop - SLAB_WORDS);
    for (size_t i = 0; i < count; i++)
        pages[g->nslabs + i] =
            (slab_page){slab + i * CELL_BLOCK, i ? 0 : SLAB_WORDS, i ? 0 : (uint32_t)count};
    g->next = (ref)(g->nslabs << SLAB_SHIFT) + SLAB_FIRST;
    g->origin = (uintptr_t)slab - (g->nslabs << SLAB_SHIFT) * 8;
    g->stop = count == 1 ? (ref)((g->nslabs + 1) << SLAB_SHIFT) : 0;
    g->nslabs += count;
    return true;
}

ref graph_reserve_slow(bask_graph *g, size_t words)
{
    if (!add_slabs(g, (words + SLAB_FIRST + SLAB_WORDS - 1) / SLAB_WORDS))
        return 0;
    ref r = g->next;
    if (g->stop)
        g->next += (ref)words;
    else /* a long node fills its slabs: the next node begins a new one */
        g->next = (ref)(g->nslabs << SLAB_SHIFT);
    return r;
}

bool graph_list(bask_graph *g, ref **list, size_t *n, size_t *capacity, ref r)
{
    if (*n == *capacity) {
        size_t more = *capacity ? *capacity * 2 : 16;
        ref *longer = arena_get(&g->lists, more * sizeof r);
        if (!longer)
            return false;
        if (*n)
            memcpy(longer, *list, *n * sizeof r);
        *list = longer;
        *capacity = more;
    }
    (*list)[(*n)++] = r;
    return true;
}

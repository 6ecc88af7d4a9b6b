/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs: their life, their lists, their first error. */
#include "graph/graph.h"

#include "base/process.h"
#include "base/status.h"
#include <stdlib.h>

bask_graph *graph_new(promise_home *home, slab_cache *cache, void *owner)
{
    static _Atomic uint64_t graphs;
    bask_graph *g = aligned_alloc(_Alignof(bask_graph), sizeof *g);
    if (!g)
        return NULL;
    memset(g, 0, sizeof *g);
    g->home = home;
    g->cache = cache;
    g->owner = owner;
    g->id = atomic_fetch_add_explicit(&graphs, 1, memory_order_relaxed) + 1;
    atomic_store_explicit(&g->references, 1, memory_order_relaxed);
    atomic_store_explicit(&g->alone, SEVERAL_THREADS, memory_order_relaxed);
    pthread_mutex_init(&g->lock, NULL);
    merge_init(&g->merged);
    return g;
}

bool graph_inherited(const bask_graph *g)
{
    return process_inherited(g->home->process);
}

void graph_retain(bask_graph *g)
{
    atomic_fetch_add_explicit(&g->references, 1, memory_order_relaxed);
}

static void release_promises(const bask_graph *g, const ref_list *gated)
{
    for (size_t i = 0; i < gated->n; i++) {
        const node *n = node_at(g, gated->block->refs[i]);
        for (uint32_t a = 0; a < node_nargs(n); a++)
            if (node_kind(n, a) == ARG_PROMISE)
                promise_release(node_arg(n, a)->promise);
    }
}

static void builder_end(bask_graph *g, builder *b)
{
    release_promises(g, &b->gated);
    arena_free(&b->literals);
    free(b->roots.block);
    free(b->gated.block);
    free(b->windows.block);
    free(b->strangers.block);
}

bool graph_release(bask_graph *g)
{
    /* acq_rel: the last one sees all runs done with it */
    if (atomic_fetch_sub_explicit(&g->references, 1, memory_order_acq_rel) != 1)
        return false;
    builder_end(g, &g->main);
    for (builder *b = g->others, *older; b; b = older) {
        older = b->older;
        builder_end(g, b);
        free(b);
    }
    for (ref_block *l = g->outgrown, *older; l; l = older) {
        older = l->older;
        free(l);
    }
    /* The last one first, so that the next graph takes them in the same order, and in its last
     * place, which it need not fill, the one of which pages may be missing. */
    const slab_page *pages = graph_pages(g);
    for (size_t i = g->nslabs; i-- > 0;)
        if (pages[i].count)
            slab_put(g->cache, pages[i].slab, pages[i].count);
    arena_free(&g->tables);
    pthread_mutex_destroy(&g->lock);
    merge_destroy(&g->merged);
    free(g);
    return true;
}

bask_graph *graph_of(const bask_delayed *delayed)
{
    return node_slab(delayed)->graph;
}

size_t bask_graph_size(const bask_graph *g)
{
    size_t nodes = g ? g->main.nodes : 0;
    for (const builder *b = g ? g->others : NULL; b; b = b->older)
        nodes += b->nodes;
    return nodes;
}

const char *bask_delayed_name(const bask_delayed *delayed)
{
    return delayed ? ((const node *)delayed)->kernel->name : "";
}

bask_delayed *graph_fail(bask_graph *g, bask_status status)
{
    if (!g || graph_inherited(g))
        return NULL;
    pthread_mutex_lock(&g->lock);
    if (g->status == BASK_OK) {
        g->status = status;
        snprintf(g->error, sizeof g->error, "%s", bask_last_error());
    }
    pthread_mutex_unlock(&g->lock);
    return NULL;
}

bool ref_list_reserve(bask_graph *g, ref_list *l, size_t count)
{
    size_t more = l->capacity ? l->capacity : 16;
    while (more < l->n + count)
        more *= 2;
    if (more == l->capacity)
        return true;
    /* Plans go on reading in the roots that they found; acquire: those that are gone have done so. */
    bool read = l == &g->main.roots && l->block &&
                atomic_load_explicit(&g->references, memory_order_acquire) > 1;
    ref_block *old = read ? NULL : l->block;
    ref_block *block = realloc(old, sizeof *block + more * sizeof block->refs[0]);
    if (!block)
        return false;
    if (read) {
        memcpy(block->refs, l->block->refs, l->n * sizeof block->refs[0]);
        l->block->older = g->outgrown;
        g->outgrown = l->block;
    }
    l->block = block;
    l->capacity = more;
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/room.h"

#include <stdlib.h>

enum {
    TRIM_FROM = 8,               /* slabs: what their last one takes in vain is little otherwise */
    PIECE_LEAST = 64,            /* words: half a kilobyte */
    PIECE_MOST = SLAB_WORDS / 4, /* of a shared slab; who needs more gets whole ones */
    PIECE_SLACK = sizeof(arg) / 8 * 3 /* left at its end, so that a hole can be a node */
};
_Static_assert((sizeof(node) + sizeof(arg)) / 8 == PIECE_SLACK, "the smallest node");

/* ---- who builds ---- */

__thread room_self room_me;

static builder *find(bask_graph *g)
{
    if (g->main.thread == room_me.thread)
        return &g->main;
    builder *b = g->others;
    while (b && b->thread != room_me.thread)
        b = b->older;
    return b;
}

static builder *add(bask_graph *g)
{
    if (g->main.thread == 0) {
        g->main.thread = room_me.thread;
        atomic_store_explicit(&g->alone, room_me.thread, memory_order_relaxed);
        return &g->main;
    }
    builder *b = aligned_alloc(_Alignof(builder), sizeof *b);
    if (b) {
        memset(b, 0, sizeof *b);
        b->thread = room_me.thread;
        b->older = g->others;
        g->others = b;
        atomic_store_explicit(&g->alone, SEVERAL_THREADS, memory_order_relaxed);
    }
    return b;
}

builder *room_builder_slow(bask_graph *g)
{
    static _Atomic uint64_t threads;
    if (graph_inherited(g))
        return NULL;
    if (room_me.thread == 0)
        room_me.thread = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) + 1;
    pthread_mutex_lock(&g->lock);
    builder *b = find(g);
    if (!b)
        b = add(g);
    pthread_mutex_unlock(&g->lock);
    if (b) {
        room_me.graph = g->id;
        room_me.builder = b;
    }
    return b;
}

/* ---- slabs, under the lock ---- */

static bool table_reserve(bask_graph *g, size_t need)
{
    size_t more = g->capslabs ? g->capslabs : 8;
    while (more < need)
        more *= 2;
    if (more == g->capslabs)
        return true;
    slab_page *pages = arena_get(&g->tables, more * sizeof *pages);
    if (!pages)
        return false;
    if (g->nslabs)
        memcpy(pages, graph_pages(g), g->nslabs * sizeof *pages);
    atomic_store_explicit(&g->slabs, pages, memory_order_release); /* pairs with graph_word */
    g->capslabs = more;
    return true;
}

/* Appends COUNT slabs in a row; returns the first place, 0 when memory is short. */
static ref add_slabs(bask_graph *g, size_t count, const builder *owner)
{
    bool fresh;
    ref first = (ref)(g->nslabs << SLAB_SHIFT);
    if ((g->nslabs + count) >> (30 - SLAB_SHIFT))
        return 0; /* an edge has 30 bits for the place: 8 GiB of nodes */
    if (!table_reserve(g, g->nslabs + count))
        return 0;
    char *slab = slab_get(g->cache, count, g->nslabs > 0, &fresh);
    if (!slab)
        return 0;
    *(slab_head *)(void *)slab = (slab_head){g, owner, first};
    for (size_t i = 0; i < count; i++)
        graph_pages(g)[g->nslabs + i] =
            (slab_page){slab + i * CELL_BLOCK, i ? 0 : SLAB_WORDS, i ? 0 : (uint32_t)count};
    g->nslabs += count;
    g->trimmed = count > 1 || g->nslabs < TRIM_FROM;
    return first + SLAB_FIRST;
}

/* No node begins in the slab of PLACE from there on. */
static void end_slab(bask_graph *g, ref place)
{
    slab_page *page = &graph_pages(g)[(place - 1) >> SLAB_SHIFT];
    if (page->count == 1)
        page->length = place - (((place - 1) >> SLAB_SHIFT) << SLAB_SHIFT);
}

/* ---- pieces, under the lock ---- */

/* Fills the hole from FROM to TO with nodes of no use, and returns how many. */
static size_t fill_hole(const builder *b, ref from, ref to)
{
    static const bask_kernel nothing = {.name = "", .result = {.name = "", .type = "void"}};
    size_t count = 0;
    while (from < to) {
        uint32_t words = to - from, least = PIECE_SLACK, nargs = 1;
        if (words <= node_size(NODE_NARROW) / 8)
            nargs = words - least + 1;
        else if (words >= node_size(NODE_NARROW + 1) / 8 && words % 2 == 0)
            nargs = NODE_NARROW + 1 + (words - (uint32_t)node_size(NODE_NARROW + 1) / 8) / 2;
        node_init_bare(room_node(b, from), &nothing, nargs, 0);
        from += (ref)(node_size(nargs) / 8);
        count++;
    }
    return count;
}

/* B has no piece any more. */
static void give_up_piece(bask_graph *g, builder *b)
{
    if (b->base == 0)
        return;
    const slab_head *head = node_slab(room_node(b, b->base));
    bool shared = head->owner == NULL;
    ref end = b->end + (shared ? PIECE_SLACK : 0);
    if (!shared)
        end_slab(g, b->next);
    else if (end == g->shared)
        g->shared = b->next;
    else
        b->sinks += fill_hole(b, b->next, end);
    /* who leaves much of it builds little between two pieces */
    uint32_t used = b->next - b->base;
    if (used < (end - b->base) / 2)
        b->size /= 4;
    else if (b->size <= PIECE_MOST)
        b->size *= 2;
    b->base = b->next = b->end = b->stop = 0;
}

static bool take_slabs(bask_graph *g, builder *b, size_t words)
{
    size_t count = (words + SLAB_FIRST + SLAB_WORDS - 1) / SLAB_WORDS;
    ref first = add_slabs(g, count, b);
    if (first == 0)
        return false;
    b->base = b->next = first;
    /* a long node has its slabs to itself */
    b->end = count == 1 ? first - SLAB_FIRST + SLAB_WORDS : first + (ref)words;
    return true;
}

static bool take_piece(bask_graph *g, builder *b, uint32_t words, ref newest)
{
    uint32_t least = words + PIECE_SLACK > PIECE_LEAST ? words + PIECE_SLACK : PIECE_LEAST;
    ref stop = ((g->shared - 1) >> SLAB_SHIFT << SLAB_SHIFT) + SLAB_WORDS;
    if (g->shared <= newest || stop - g->shared < least) {
        ref first = add_slabs(g, 1, NULL);
        if (first == 0)
            return false;
        if (g->shared)
            end_slab(g, g->shared);
        g->shared = first;
        stop = first - SLAB_FIRST + SLAB_WORDS;
    }
    uint32_t take = b->size > least ? b->size : least;
    if (take > stop - g->shared || stop - g->shared - take < PIECE_LEAST)
        take = stop - g->shared;
    b->base = b->next = g->shared;
    b->end = b->base + take - PIECE_SLACK;
    g->shared += take;
    return true;
}

/* A piece for a node of so many words. */
static bool new_piece(bask_graph *g, builder *b, size_t words, ref newest)
{
    pthread_mutex_lock(&g->lock);
    bool alone = room_alone(g);
    ref base = b->base, next = b->next;
    give_up_piece(g, b);
    if (b->size < PIECE_LEAST)
        b->size = PIECE_LEAST;
    bool whole = alone || b->size > PIECE_MOST || words > PIECE_MOST;
    bool ok = whole ? take_slabs(g, b, words) : take_piece(g, b, (uint32_t)words, newest);
    if (ok && b->base == next)
        b->base = base; /* it goes on in place */
    if (ok)
        b->origin = (uintptr_t)graph_word(g, b->base) - (uintptr_t)b->base * 8;
    pthread_mutex_unlock(&g->lock);
    return ok;
}

/* The next node, of so many words, begins a window. */
static bool new_window(bask_graph *g, builder *b, size_t words)
{
    if (!ref_list_reserve(g, &b->windows, 1))
        return false;
    ref_list_push(&b->windows, b->next);
    b->span = b->span == 0 ? WINDOW_FIRST : b->span < WINDOW_WORDS ? b->span * 2 : WINDOW_WORDS;
    uint32_t left = b->end - b->next, most = words > b->span ? (uint32_t)words : b->span;
    b->stop = b->next + (left < most ? left : most);
    b->window = b->next;
    b->nargs = 0;
    b->inner = false;
    return true;
}

bool room_make(bask_graph *g, builder *b, size_t words, ref newest)
{
    bool fits = words <= (size_t)(b->end - b->next) && newest <= b->next;
    if (graph_inherited(g))
        return false;
    return (fits || new_piece(g, b, words, newest)) && new_window(g, b, words);
}

/* ---- gathering ---- */

static bool append(bask_graph *g, ref_list *to, ref_list *from)
{
    if (!ref_list_reserve(g, to, from->n))
        return false;
    for (size_t i = 0; i < from->n; i++)
        ref_list_push(to, from->block->refs[i]);
    from->n = 0;
    return true;
}

/* Links the consumers that B has added to nodes of others. */
static void link_strangers(bask_graph *g, builder *b)
{
    for (size_t i = 0; i < b->strangers.n; i++) {
        edge e = b->strangers.block->refs[i];
        void *place = graph_word(g, e >> 2);
        arg *a = (e & 3) == 3 ? &((wide_arg *)place)->arg : &((node *)place)->args[e & 3];
        g->main.sinks -= node_consume(node_at(g, a->dep.from), a, e);
    }
    b->strangers.n = 0;
}

static bool gather(bask_graph *g, builder *b)
{
    give_up_piece(g, b);
    link_strangers(g, b);
    if (b == &g->main)
        return true;
    g->main.nodes += b->nodes;
    g->main.sinks += b->sinks;
    g->main.yields_buffers |= b->yields_buffers;
    b->nodes = b->sinks = 0;
    return append(g, &g->main.roots, &b->roots) && append(g, &g->main.gated, &b->gated) &&
           append(g, &g->main.windows, &b->windows);
}

ref graph_settle(bask_graph *g)
{
    pthread_mutex_lock(&g->lock);
    bool ok = true;
    ref end = g->main.next ? g->main.next : (ref)(g->nslabs << SLAB_SHIFT);
    if (g->others) {
        ok = gather(g, &g->main);
        for (builder *b = g->others; b; b = b->older)
            ok = gather(g, b) && ok;
        end = (ref)(g->nslabs << SLAB_SHIFT);
        if (g->shared && (g->shared - 1) >> SLAB_SHIFT == g->nslabs - 1) {
            end = g->shared;
        } else if (g->shared) {
            end_slab(g, g->shared);
            g->shared = 0;
        }
    }
    if (!g->trimmed && !g->others)
        slab_trim(graph_pages(g)[g->nslabs - 1].slab, (size_t)(end - 1) % SLAB_WORDS * 8 + 8);
    g->trimmed = true;
    pthread_mutex_unlock(&g->lock);
    return ok ? end : 0;
}

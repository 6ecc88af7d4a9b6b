/* SPDX-License-Identifier: Apache-2.0 */
/* Planning: which nodes are wanted, and in which order to begin. */
#include "graph/plan.h"

#include "base/status.h"
#include "graph/outcome.h"
#include "graph/room.h"
#include "graph/run.h"
#include "graph/windows.h"
#include <stdlib.h>
#include <string.h>

/* ---- the mirror ---- */

static bool mirror_new(plan *p)
{
    bask_graph *g = p->graph;
    size_t n = g->nslabs;
    const slab_page *pages = graph_pages(g);
    p->slabs = calloc(n + 1, sizeof *p->slabs);
    p->blocks = calloc(n + 1, sizeof *p->blocks);
    p->lengths = calloc(n + 1, sizeof *p->lengths);
    if (!p->slabs || !p->blocks || !p->lengths)
        return false;
    p->npages = n;
    for (size_t i = 0; i < n; i++) {
        bool fresh;
        ref first = (ref)(i << SLAB_SHIFT);
        p->slabs[i] = (uintptr_t)pages[i].slab - (uintptr_t)first * 8;
        if (pages[i].count == 0)
            continue; /* a long node goes on here: no node begins */
        uint32_t length = p->end - first < pages[i].length ? p->end - first : pages[i].length;
        char *block = slab_get(g->cache, 1, length > SLAB_WORDS / 8 * 7, &fresh);
        if (!block)
            return false;
        p->blocks[i] = (uintptr_t)block - (uintptr_t)first * 8;
        p->lengths[i] = length;
        if (!fresh && !g->others) /* else many slabs have such a part, each time other ones */
            slab_trim(block, (size_t)length * 8);
        *(block_head *)(void *)block = (block_head){{run_cell}, p, first, fresh ? 0 : length};
    }
    return true;
}

void plan_clear(plan *p)
{
    for (size_t i = 0; !p->clear && i < p->npages; i++) {
        if (p->lengths[i] == 0)
            continue;
        state *s = plan_state(p, (ref)(i << SLAB_SHIFT) + SLAB_FIRST);
        block_head *block = cell_block_of(s);
        if (block->dirty)
            memset(s, 0, (size_t)(block->dirty - SLAB_FIRST) * 8);
    }
    p->clear = true;
}

static void mirror_free(plan *p)
{
    for (size_t i = p->npages; i-- > 0;) /* as in graph_release */
        if (p->lengths[i])
            slab_put(p->graph->cache, cell_block_of(plan_state(p, (ref)(i << SLAB_SHIFT))), 1);
    free(p->slabs);
    free(p->blocks);
    free(p->lengths);
}

ref plan_slab_after(const plan *p, size_t slab)
{
    do
        slab++;
    while (slab < p->npages && p->lengths[slab] == 0);
    return slab < p->npages ? (ref)(slab << SLAB_SHIFT) + SLAB_FIRST : p->end;
}

ref plan_after(const plan *p, ref r)
{
    size_t slab = r >> SLAB_SHIFT;
    r += (ref)(node_size(node_nargs(plan_node(p, r))) / 8);
    if ((r >> SLAB_SHIFT) == slab && (r & (SLAB_WORDS - 1)) < p->lengths[slab])
        return r;
    return plan_slab_after(p, slab);
}

/* ---- culling and depth-first order ---- */

typedef struct frame {
    ref node;
    uint32_t next; /* the next argument to look at */
} frame;

typedef struct walk {
    frame *stack;
    size_t top, capacity;
} walk;

static bool walk_push(plan *p, walk *w, ref r)
{
    if (w->top == w->capacity) {
        size_t more = w->capacity ? w->capacity * 2 : 256;
        frame *stack = realloc(w->stack, more * sizeof *stack);
        if (!stack)
            return false;
        w->stack = stack;
        w->capacity = more;
    }
    plan_state(p, r)->mark |= MARK_WANTED;
    w->stack[w->top++] = (frame){r, 0};
    return true;
}

/* Marks all ancestors of ROOT, arguments in order, and lists those without dependencies as met. */
static bool walk_from(plan *p, walk *w, ref output, size_t *capacity)
{
    if (plan_state(p, output)->mark & MARK_WANTED)
        return true;
    if (!walk_push(p, w, output))
        return false;
    while (w->top) {
        frame *f = &w->stack[w->top - 1];
        const node *n = plan_node(p, f->node);
        uint32_t nargs = node_nargs(n);
        ref down = 0;
        while (f->next < nargs && !down) {
            uint32_t i = f->next++;
            if (node_kind(n, i) != ARG_DEP)
                continue;
            ref from = node_arg(n, i)->dep.from;
            if (!(plan_state(p, from)->mark & MARK_WANTED))
                down = from;
        }
        if (down) {
            if (!walk_push(p, w, down))
                return false;
            continue;
        }
        if (node_ndeps(n) == 0) {
            if (p->nroots == *capacity) {
                size_t more = *capacity ? *capacity * 2 : 64;
                ref *roots = realloc(p->roots, more * sizeof *roots);
                if (!roots)
                    return false;
                p->roots = roots;
                *capacity = more;
            }
            p->roots[p->nroots++] = f->node;
        }
        p->wanted++;
        w->top--;
    }
    return true;
}

static bool has_wanted_consumer(const plan *p, ref r)
{
    edge next;
    for (edge e = atomic_load_explicit(&plan_node(p, r)->consumers, memory_order_acquire); e;
         e = next) {
        ref c = plan_consumer(p, e, &next);
        if (c < p->end && plan_state(p, c)->mark & MARK_WANTED)
            return true;
    }
    return false;
}

static bool cull(plan *p)
{
    walk w = {0};
    size_t capacity = 0;
    bool ok = true;
    p->own_roots = true;
    for (size_t i = 0; ok && i < p->noutputs; i++)
        ok = walk_from(p, &w, p->outputs[i], &capacity);
    free(w.stack);
    for (size_t i = 0; ok && i < p->noutputs; i++) {
        bool first = (plan_state(p, p->outputs[i])->mark & MARK_OUTPUT) == i + 1; /* named twice? */
        p->terminals += first && !has_wanted_consumer(p, p->outputs[i]);
    }
    return ok;
}

/* ---- gates ---- */

static bool gates_new(plan *p)
{
    bask_graph *g = p->graph;
    for (int pass = 0; pass < 2; pass++) {
        size_t count = 0;
        for (size_t i = 0; i < g->main.gated.n; i++) {
            ref r = g->main.gated.block->refs[i];
            if (!p->all && !(plan_state(p, r)->mark & MARK_WANTED))
                continue;
            const node *n = node_at(g, r);
            for (uint32_t a = 0; a < node_nargs(n); a++) {
                if (node_kind(n, a) != ARG_PROMISE)
                    continue;
                if (pass)
                    p->gates[count] = (gate){.listener.done = run_gate,
                                             .job.run = run_gate_job,
                                             .plan = p,
                                             .node = r,
                                             .promise = node_arg(n, a)->promise};
                count++;
            }
        }
        if (pass == 0) {
            p->ngates = count;
            if (count == 0)
                return true;
            if (!(p->gates = calloc(count, sizeof *p->gates)))
                return false;
        }
    }
    return true;
}

/* ---- outputs ---- */

void plan_mark_outputs(plan *p)
{
    plan_clear(p);
    for (size_t i = 0; !p->marked && i < p->noutputs; i++) {
        state *s = plan_state(p, p->outputs[i]);
        if (!(s->mark & MARK_OUTPUT))
            s->mark |= (uint32_t)(i + 1);
    }
    p->marked = true;
}

/* A long list lies in slabs, of which it needs so many: they have been touched before, most likely. */
static size_t list_slabs(size_t n)
{
    size_t slabs = (n * sizeof(ref) + CELL_BLOCK - 1) / CELL_BLOCK;
    return n * sizeof(ref) > CELL_BLOCK / 2 ? slabs : 0;
}

static ref *list_new(slab_cache *cache, size_t n)
{
    bool fresh;
    size_t slabs = list_slabs(n);
    return slabs ? slab_get(cache, slabs, true, &fresh) : malloc(n * sizeof(ref));
}

static void list_free(slab_cache *cache, ref *list, size_t n)
{
    size_t slabs = list_slabs(n);
    if (slabs)
        slab_put(cache, list, slabs);
    else
        free(list);
}

/* True if they ascend, as nodes are made: then none is named twice. */
static bool list_outputs(plan *p, bask_delayed *const *outputs)
{
    ref *list = p->outputs, before = 0;
    uint32_t falls = 0; /* in the upper bit, which no place has */
    for (size_t i = 0, n = p->noutputs; i < n;) {
        const slab_head *slab = node_slab(outputs[i]);
        const ref first = slab->first;
        bool run = n - i >= NODE_RUN && node_run_in(slab, &outputs[i]);
        size_t begin = i, end = i + (run ? NODE_RUN : 1);
        for (; i < end; i++)
            list[i] = first + (ref)(((uintptr_t)outputs[i] - (uintptr_t)slab) / 8);
        falls |= list[begin] - before - 1;
        for (size_t k = begin + 1; k < end; k++)
            falls |= list[k] - list[k - 1] - 1;
        before = list[end - 1];
    }
    return falls >> 31 == 0;
}

/* The sinks among the outputs. */
static size_t count_sinks(plan *p, bool ascending)
{
    const bask_graph *g = p->graph;
    if (ascending && p->noutputs == g->main.nodes && !g->others) /* others leave holes: room.c */
        return g->main.sinks;
    if (!ascending)
        plan_mark_outputs(p);
    size_t sinks = 0;
    for (size_t i = 0; i < p->noutputs; i++) {
        ref r = p->outputs[i];
        bool first = ascending || (plan_state(p, r)->mark & MARK_OUTPUT) == i + 1;
        sinks +=
            first && atomic_load_explicit(&plan_node(p, r)->consumers, memory_order_relaxed) == 0;
    }
    return sinks;
}

/* ---- plans ---- */

bask_status plan_new(bask_graph *g, bask_delayed *const *outputs, size_t n, plan **result)
{
    plan *p = aligned_alloc(64, (sizeof *p + 63) / 64 * 64);
    *result = NULL;
    if (!p)
        return status_set(BASK_ENOMEM, "no memory for a plan");
    memset(p, 0, sizeof *p);
    p->graph = g;
    graph_retain(g);
    p->end = graph_settle(g);
    p->yields_buffers = g->main.yields_buffers;
    p->noutputs = n;
    p->outputs = list_new(g->cache, n);
    bool ascending = p->outputs && list_outputs(p, outputs);
    bool ok = p->end && p->outputs && mirror_new(p);
    size_t sinks = ok ? count_sinks(p, ascending) : 0;
    /* all sinks are asked for, so all nodes are wanted and all roots are roots: nothing to do,
     * unless the order of the roots matters for the memory of large results */
    p->all = ok && sinks == g->main.sinks;
    if (ok && !(p->all && !g->main.yields_buffers))
        plan_mark_outputs(p);
    if (p->all && !g->main.yields_buffers) {
        p->nroots = g->main.roots.n;
        p->roots = p->nroots ? g->main.roots.block->refs : NULL;
        p->wanted = g->main.nodes;
        p->terminals = sinks;
    } else {
        ok = ok && cull(p);
    }
    ok = ok && gates_new(p);
    const bask_pool *pool = g->home->pool;
    if (ok && pool && p->ngates == 0 && !p->yields_buffers)
        p->windows = windows_new(p, pool->nworkers);
    if (ok && pool && pool->nworkers > 1)
        plan_clear(p); /* now, since the first run will ask for it */
    if (!ok) {
        plan_free(p);
        return status_set(BASK_ENOMEM, "no memory to plan %zu outputs of %zu nodes", n,
                          bask_graph_size(g));
    }
    *result = p;
    return BASK_OK;
}

void plan_use_counts(plan *p, count_use use)
{
    plan_clear(p);
    if (p->counts != use && p->counts != COUNT_NOTHING) {
        for (ref r = plan_first(p); r < p->end; r = plan_after(p, r))
            atomic_store_explicit(&plan_state(p, r)->count, 0, memory_order_relaxed);
        p->lap = 0;
    }
    p->counts = use;
    p->lap++;
}

void plan_drop_failures(plan *p)
{
    failure *f = atomic_exchange_explicit(&p->failures, NULL, memory_order_acquire);
    while (f) {
        failure *next = f->next;
        free(f); /* the static ones are never in the list */
        f = next;
    }
}

void *plan_free(plan *p)
{
    bask_graph *g = p->graph;
    void *owner = g->owner;
    outcome_release_outputs(p);
    plan_drop_failures(p);
    mirror_free(p);
    windows_free(p->windows);
    list_free(g->cache, p->outputs, p->noutputs);
    free(p->gates);
    free(atomic_load_explicit(&p->needs, memory_order_relaxed));
    if (p->own_roots)
        free(p->roots);
    free(p);
    return graph_release(g) ? owner : NULL;
}

void plan_cancel(plan *p)
{
    atomic_fetch_or_explicit(&p->attention, ATTENTION_CANCELLED, memory_order_relaxed);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Windows are made with their plan, of stretches that the graph's builders have begun; and whether they
 * pay for it. */
#include "graph/cost.h"
#include "graph/room.h"
#include "graph/window.h"

#include <stdlib.h>
#include <string.h>

enum { WINDOWS_NODES = 4096 }; /* in a graph for which windows are worth their while */
enum {
    TINY_NS = 70,  /* a kernel, by its cost */
    PASSING_NS = 4 /* a word of nodes that other cores can make no faster, if they lie near */
};

static int in_order(const void *a, const void *b)
{
    const window *x = a, *y = b;
    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

/* Makes windows of those that the graph's builders have begun; returns how many. */
static size_t list_windows(const plan *p, window *list)
{
    const ref_list *begun = &p->graph->main.windows;
    size_t n = 0;
    for (size_t i = 0; i < begun->n; i++) {
        ref begin = begun->block->refs[i];
        /* one may be empty yet, where memory became short */
        if (begin < p->end && (begin & (SLAB_WORDS - 1)) < p->lengths[begin >> SLAB_SHIFT])
            list[n++] = (window){.begin = begin};
    }
    if (p->graph->others)
        qsort(list, n, sizeof *list, in_order);
    return n;
}

/* Do most nodes, here and there, depend on one that lies a few windows before them? Then what one worker
 * reads is what another has just written. */
static bool is_narrow(const plan *p, const windows *all)
{
    enum { SPOTS = 32, NEAR = 4 * WINDOW_WORDS };
    int near = 0;
    for (size_t i = 0; i < SPOTS; i++) {
        ref at = all->list[(2 * i + 1) * all->n / (2 * SPOTS)].begin;
        at = plan_after(p, at); /* the first of a row may be a special one */
        ref newest = 0;
        const node *n = at < p->end ? plan_node(p, at) : NULL;
        for (uint32_t k = 0; n && k < node_nargs(n); k++)
            if (node_kind(n, k) == ARG_DEP && node_arg(n, k)->dep.from > newest)
                newest = node_arg(n, k)->dep.from;
        near += newest && at - newest < NEAR;
    }
    return near > SPOTS / 2;
}

windows *windows_new(plan *p, int nworkers)
{
    size_t most = p->graph->main.windows.n, hands = (size_t)nworkers * sizeof(hand);
    if (nworkers < 2 || p->wanted < WINDOWS_NODES)
        return NULL;
    windows *all = aligned_alloc(64, (sizeof *all + hands + 63) / 64 * 64);
    window *list = aligned_alloc(64, most * sizeof *list);
    if (!all || !list) {
        free(all);
        free(list);
        return NULL;
    }
    memset(all, 0, sizeof *all);
    all->list = list;
    all->nhands = nworkers;
    all->n = list_windows(p, list);
    for (size_t i = 0; i < all->n; i++) {
        ref begin = list[i].begin, next = i + 1 < all->n ? list[i + 1].begin : p->end;
        ref slab = begin >> SLAB_SHIFT << SLAB_SHIFT, end = slab + p->lengths[begin >> SLAB_SHIFT];
        list[i].plan = p;
        list[i].end = next < end ? next : end;
    }
    p->trial.bearable = is_narrow(p, all) ? (int64_t)p->end * PASSING_NS : 0;
    return all;
}

void windows_free(windows *all)
{
    if (!all)
        return;
    free(all->list);
    free(all);
}

bool windows_fit(const plan *p)
{
    enum { SPOTS = 16, NODES = 4 };
    uint64_t sum = 0, count = 0;
    for (size_t i = 0; i < SPOTS; i++) {
        size_t slab = i * p->npages / SPOTS;
        ref places[] = {p->roots[i * p->nroots / SPOTS], p->outputs[i * p->noutputs / SPOTS],
                        p->lengths[slab] ? (ref)(slab << SLAB_SHIFT) + SLAB_FIRST : p->end};
        for (size_t k = 0; k < sizeof places / sizeof places[0]; k++)
            for (ref at = places[k], n = 0; n < NODES && at < p->end; n++, at = plan_after(p, at)) {
                sum += cost_of(plan_node(p, at)->kernel);
                count++;
            }
    }
    return sum <= count * TINY_NS;
}

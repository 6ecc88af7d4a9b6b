/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which nodes of a running plan are still needed, once an output is cancelled: then each node has
 * the number of its uses, and a node that loses the last one takes a use from those it depends on.
 * All outputs together cost one visit of each argument, however many of them are cancelled.
 */
#include "graph/plan.h"

#include <stdlib.h>

/* Only the thread that cancels writes, runners look at it: relaxed, since a node that has just been
 * given up may start all the same. */
struct need {
    _Atomic uint32_t uses; /* by wanted consumers, or as an output */
};

/* Nodes are that long at least, so that each has a place of its own. */
enum { NEED_WORDS = (sizeof(node) + sizeof(arg)) / 8 };

typedef struct pile {
    ref *list;
    size_t n, capacity;
} pile;

static bool pile_push(pile *h, ref r)
{
    if (h->n == h->capacity) {
        size_t more = h->capacity ? h->capacity * 2 : 256;
        ref *list = realloc(h->list, more * sizeof *list);
        if (!list)
            return false;
        h->list = list;
        h->capacity = more;
    }
    h->list[h->n++] = r;
    return true;
}

/* Adds BY to the uses of R; a first or last use is passed on to what R depends on. */
static bool count(need *all, pile *h, ref r, int by)
{
    _Atomic uint32_t *uses = &all[r / NEED_WORDS].uses;
    uint32_t before = atomic_load_explicit(uses, memory_order_relaxed);
    if (before == 0 && by < 0)
        return true; /* an output that is cancelled itself */
    atomic_store_explicit(uses, before + (uint32_t)by, memory_order_relaxed);
    return (by > 0 ? before != 0 : before != 1) || pile_push(h, r);
}

static bool pass_on(const plan *p, need *all, pile *h, int by)
{
    while (h->n) {
        const node *n = plan_node(p, h->list[--h->n]);
        for (uint32_t i = 0, nargs = node_nargs(n); i < nargs; i++)
            if (node_kind(n, i) == ARG_DEP && !count(all, h, node_arg(n, i)->dep.from, by))
                return false;
    }
    return true;
}

/* Every output is needed, and so is all that outputs depend on. */
static need *need_all(const plan *p, pile *h)
{
    need *all = calloc(p->end / NEED_WORDS + 1, sizeof *all);
    bool ok = all != NULL;
    for (size_t i = 0; ok && i < p->noutputs; i++)
        ok = count(all, h, p->outputs[i], 1) && pass_on(p, all, h, 1);
    if (!ok) {
        free(all);
        return NULL;
    }
    return all;
}

bool plan_needs(const plan *p, ref r)
{
    /* acquire: pairs with the release in plan_give_up */
    need *all = atomic_load_explicit(&p->needs, memory_order_acquire);
    return !all || atomic_load_explicit(&all[r / NEED_WORDS].uses, memory_order_relaxed) != 0;
}

void plan_give_up(plan *p, size_t output)
{
    pile h = {0};
    ref r = p->outputs[output];
    need *all = atomic_load_explicit(&p->needs, memory_order_relaxed);
    if (!all && (all = need_all(p, &h)))
        atomic_store_explicit(&p->needs, all, memory_order_release);
    if (all && plan_needs(p, r)) {
        atomic_store_explicit(&all[r / NEED_WORDS].uses, 1, memory_order_relaxed);
        /* without memory some nodes run in vain */
        (void)(count(all, &h, r, -1) && pass_on(p, all, &h, -1));
    }
    free(h.list);
    atomic_fetch_or_explicit(&p->attention, ATTENTION_OUTPUT, memory_order_relaxed);
}

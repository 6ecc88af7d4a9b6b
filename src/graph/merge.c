/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/merge.h"

#include "graph/graph.h"
#include <string.h>

/* A node that was added, and what of. */
struct merged {
    merged *next;
    bask_delayed *node;
    const bask_kernel *kernel;
    uint64_t hash;
    size_t nargs;
    bask_arg args[];
};

void merge_init(merge_table *t)
{
    *t = (merge_table){.buckets = NULL};
    pthread_mutex_init(&t->lock, NULL);
}

void merge_destroy(merge_table *t)
{
    for (size_t i = 0; i < t->nbuckets; i++)
        for (merged *m = t->buckets[i], *next; m; m = next) {
            next = m->next;
            free(m);
        }
    free(t->buckets);
    pthread_mutex_destroy(&t->lock);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

uint64_t args_hash(const bask_kernel *kernel, const bask_arg *args, size_t nargs)
{
    uint64_t hash = mix(nargs, (uintptr_t)kernel);
    for (size_t i = 0; i < nargs; i++) {
        hash = mix(hash, args[i].words[0]);
        if (args[i].kind == BASK_ARG_LITERAL)
            hash = mix(hash, args[i].words[1]);
    }
    return hash;
}

static bool same_arg(const bask_arg *a, const bask_arg *b)
{
    if (a->kind != b->kind || a->words[0] != b->words[0])
        return false;
    return a->kind != BASK_ARG_LITERAL ||
           (a->words[1] == b->words[1] && a->dtype == b->dtype && a->size == b->size);
}

static bool same(const merged *m, uint64_t hash, const bask_kernel *kernel, const bask_arg *args,
                 size_t nargs)
{
    if (m->hash != hash || m->kernel != kernel || m->nargs != nargs)
        return false;
    for (size_t i = 0; i < nargs; i++)
        if (!same_arg(&m->args[i], &args[i]))
            return false;
    return true;
}

static void link_in(merge_table *t, merged *m)
{
    merged **bucket = &t->buckets[m->hash & (t->nbuckets - 1)];
    m->next = *bucket;
    *bucket = m;
}

static bool grow(merge_table *t)
{
    merge_table more = {.nbuckets = t->nbuckets ? 2 * t->nbuckets : 64};
    more.buckets = calloc(more.nbuckets, sizeof *more.buckets);
    if (!more.buckets)
        return t->nbuckets != 0; /* then chains are longer */
    for (size_t i = 0; i < t->nbuckets; i++)
        for (merged *m = t->buckets[i], *next; m; m = next) {
            next = m->next;
            link_in(&more, m);
        }
    free(t->buckets);
    t->buckets = more.buckets;
    t->nbuckets = more.nbuckets;
    return true;
}

/* Without memory the node is there all the same, and is not found. */
static void remember(merge_table *t, bask_delayed *node, uint64_t hash, const bask_kernel *kernel,
                     const bask_arg *args, size_t nargs)
{
    merged *m = t->n < t->nbuckets || grow(t) ? malloc(sizeof *m + nargs * sizeof *args) : NULL;
    if (!m)
        return;
    *m = (merged){.node = node, .kernel = kernel, .hash = hash, .nargs = nargs};
    if (nargs)
        memcpy(m->args, args, nargs * sizeof *args);
    link_in(t, m);
    t->n++;
}

bask_delayed *bask_delay_pure_array(bask_graph *g, const bask_kernel *kernel, const bask_arg *args,
                                    size_t nargs)
{
    if (!g || !kernel || (!args && nargs) || graph_inherited(g))
        return bask_delay_array(g, kernel, args, nargs); /* which says what is wrong */
    merge_table *t = &g->merged;
    uint64_t hash = args_hash(kernel, args, nargs);
    pthread_mutex_lock(&t->lock);
    merged *m = t->nbuckets ? t->buckets[hash & (t->nbuckets - 1)] : NULL;
    while (m && !same(m, hash, kernel, args, nargs))
        m = m->next;
    bask_delayed *node = m ? m->node : bask_delay_array(g, kernel, args, nargs);
    if (node && !m)
        remember(t, node, hash, kernel, args, nargs);
    pthread_mutex_unlock(&t->lock);
    return node;
}

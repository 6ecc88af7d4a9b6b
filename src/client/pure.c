/* SPDX-License-Identifier: Apache-2.0 */
#include "client/single.h"
#include <string.h>

void pure_init(pure_table *t)
{
    *t = (pure_table){.buckets = NULL};
    pthread_mutex_init(&t->lock, NULL);
}

void pure_destroy(pure_table *t)
{
    free(t->buckets);
    pthread_mutex_destroy(&t->lock);
}

static bool same(const single *s, const bask_kernel *kernel, const bask_arg *args, uint32_t nargs)
{
    const node *n = s->node;
    if (n->kernel != kernel || node_nargs(n) != nargs)
        return false;
    for (uint32_t i = 0; i < nargs; i++) {
        bool future = args[i].kind == BASK_ARG_FUTURE;
        const arg *a = node_arg(n, i);
        if (future != (node_kind(n, i) == ARG_PROMISE))
            return false;
        if (future ? a->promise != arg_pointer(&args[i])
                   : ((const uint64_t *)a->place)[-1] != args[i].dtype ||
                         memcmp(a->place, args[i].words, BASK_MAX_VALUE) != 0)
            return false;
    }
    return true;
}

/* One more handle, unless the last one is being freed. */
static bool retain_alive(bask_future *f)
{
    uint64_t references = atomic_load_explicit(&f->references, memory_order_relaxed);
    while (references > 0)
        if (atomic_compare_exchange_weak_explicit(&f->references, &references,
                                                  references + FUTURE_HANDLE, memory_order_relaxed,
                                                  memory_order_relaxed))
            return true;
    return false;
}

bask_future *pure_find(const pure_table *t, uint64_t hash, const bask_kernel *kernel,
                       const bask_arg *args, uint32_t nargs)
{
    for (extras *x = t->nbuckets ? t->buckets[hash & (t->nbuckets - 1)] : NULL; x; x = x->next) {
        bask_future *f = single_future(x->single);
        bask_state state = bask_future_state(f);
        if (x->hash == hash && (state == BASK_PENDING || state == BASK_FINISHED) &&
            same(x->single, kernel, args, nargs) && retain_alive(f))
            return f;
    }
    return NULL;
}

static void link_in(pure_table *t, extras *x)
{
    extras **bucket = &t->buckets[x->hash & (t->nbuckets - 1)];
    x->next = *bucket;
    *bucket = x;
}

static bool grow(pure_table *t)
{
    pure_table more = {.nbuckets = t->nbuckets ? 2 * t->nbuckets : 64};
    more.buckets = calloc(more.nbuckets, sizeof *more.buckets);
    if (!more.buckets)
        return t->nbuckets != 0; /* then chains are longer */
    for (size_t i = 0; i < t->nbuckets; i++)
        for (extras *x = t->buckets[i], *next; x; x = next) {
            next = x->next;
            link_in(&more, x);
        }
    free(t->buckets);
    t->buckets = more.buckets;
    t->nbuckets = more.nbuckets;
    return true;
}

bool pure_add(pure_table *t, single *s, uint64_t hash)
{
    if (t->n >= t->nbuckets && !grow(t))
        return false;
    s->extras->hash = hash;
    link_in(t, s->extras);
    t->n++;
    return true;
}

void pure_remove_locked(pure_table *t, single *s)
{
    extras **link = &t->buckets[s->extras->hash & (t->nbuckets - 1)];
    while (*link != s->extras)
        link = &(*link)->next;
    *link = s->extras->next;
    t->n--;
}

void pure_remove(pure_table *t, single *s)
{
    pthread_mutex_lock(&t->lock);
    pure_remove_locked(t, s);
    pthread_mutex_unlock(&t->lock);
}

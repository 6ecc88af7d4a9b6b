/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/deque.h"

#include <stdlib.h>
#include <string.h>

static ring *ring_new(int64_t capacity, ring *older)
{
    ring *r = malloc(sizeof *r + (size_t)capacity * sizeof r->slot[0]);
    if (r) {
        r->mask = capacity - 1;
        r->older = older;
    }
    return r;
}

bool deque_init(deque *d)
{
    memset(d, 0, sizeof *d);
    ring *r = ring_new(DEQUE_CAPACITY, NULL);
    atomic_store_explicit(&d->ring, r, memory_order_relaxed);
    return r != NULL;
}

void deque_free(deque *d)
{
    ring *r = atomic_load_explicit(&d->ring, memory_order_relaxed);
    while (r) {
        ring *older = r->older;
        free(r);
        r = older;
    }
}

bool deque_reserve_slow(deque *d, int64_t count)
{
    ring *r = atomic_load_explicit(&d->ring, memory_order_relaxed);
    int64_t bottom = atomic_load_explicit(&d->bottom, memory_order_relaxed);
    int64_t top = d->top_seen, capacity = r->mask + 1;
    while (bottom - top + count > capacity)
        capacity *= 2;
    ring *grown = ring_new(capacity, r);
    if (!grown)
        return false;
    for (int64_t i = top; i < bottom; i++)
        atomic_store_explicit(&grown->slot[i & grown->mask],
                              atomic_load_explicit(&r->slot[i & r->mask], memory_order_relaxed),
                              memory_order_relaxed);
    atomic_store_explicit(&d->ring, grown, memory_order_release); /* pairs with deque_steal */
    return true;
}

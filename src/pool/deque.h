/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public part of a worker: a growable Chase-Lev deque of items (Chase and Lev, "Dynamic
 * circular work-stealing deque", SPAA 2005; orderings after Le et al., PPoPP 2013, but with ordered
 * operations in place of fences, so that ThreadSanitizer sees them all).
 *
 * Invariants: items top <= i < bottom are queued. `top` only grows, by CAS, by any thread; `bottom`
 * and `ring` are written by the owner only. A ring that was outgrown lives until deque_free, since
 * a thief may still read it; together they are smaller than the newest.
 */
#ifndef BASK_POOL_DEQUE_H
#define BASK_POOL_DEQUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A unit of work: an aligned pointer with a tag in its low bits.
 *   ITEM_JOB    a bask_job: run, then forgotten
 *   ITEM_CELL   a place in a cell block (cell.h): the block's header knows how to run it
 *   ITEM_CHILD  a bask_child: run, then marked done
 */
typedef uintptr_t item;
enum { ITEM_JOB = 0, ITEM_CELL = 1, ITEM_CHILD = 2, ITEM_TAG = 3 };

typedef struct ring {
    int64_t mask; /* capacity - 1, a power of two less one */
    struct ring *older;
    _Atomic item slot[];
} ring;

typedef struct deque {
    _Alignas(128) _Atomic int64_t top;
    _Alignas(128) _Atomic int64_t bottom;
    _Atomic(ring *) ring;
    int64_t top_seen; /* owner only: a former value of top, so at most top */
} deque;

#ifdef BASK_TINY /* so that tests exercise growth and wrap-around */
#define DEQUE_CAPACITY 2
#else
#define DEQUE_CAPACITY 256
#endif

/* False when memory is short; deque_free accepts the result in either case. */
bool deque_init(deque *d);
void deque_free(deque *d);

/* Owner: is there room for COUNT more items as it is? */
static inline bool deque_fits(deque *d, int64_t count)
{
    int64_t bottom = atomic_load_explicit(&d->bottom, memory_order_relaxed);
    const ring *r = atomic_load_explicit(&d->ring, memory_order_relaxed);
    if (bottom - d->top_seen + count <= r->mask + 1)
        return true;
    /* acquire: who has taken an item has read it; pairs with the CAS of deque_steal */
    d->top_seen = atomic_load_explicit(&d->top, memory_order_acquire);
    return bottom - d->top_seen + count <= r->mask + 1;
}

/* Owner: room for COUNT more items, growing the ring; false when memory is short. */
bool deque_reserve_slow(deque *d, int64_t count);

static inline bool deque_reserve(deque *d, int64_t count)
{
    return deque_fits(d, count) || deque_reserve_slow(d, count);
}

/* Owner: the I-th of the items that the next deque_publish makes visible; room must be reserved. */
static inline void deque_lay(deque *d, int64_t i, item x)
{
    ring *r = atomic_load_explicit(&d->ring, memory_order_relaxed);
    int64_t bottom = atomic_load_explicit(&d->bottom, memory_order_relaxed);
    atomic_store_explicit(&r->slot[(bottom + i) & r->mask], x, memory_order_relaxed);
}

/*
 * Owner: makes COUNT laid items visible. The seq_cst store releases their contents to deque_steal
 * and precedes the caller's look at the idle word (sleep_notify) in the total order that sleep.c
 * uses.
 */
static inline void deque_publish(deque *d, int64_t count)
{
    int64_t bottom = atomic_load_explicit(&d->bottom, memory_order_relaxed);
    atomic_store_explicit(&d->bottom, bottom + count, memory_order_seq_cst);
}

/* Owner: takes the newest item back, 0 when there is none. */
static inline item deque_take(deque *d)
{
    int64_t bottom = atomic_load_explicit(&d->bottom, memory_order_relaxed);
    /* top only grows: if it is seen at bottom the deque is empty, and no store is needed */
    if (atomic_load_explicit(&d->top, memory_order_relaxed) >= bottom)
        return 0;
    ring *r = atomic_load_explicit(&d->ring, memory_order_relaxed);
    bottom--;
    /* seq_cst store, then load: pairs with deque_steal, which loads top, then bottom */
    atomic_store_explicit(&d->bottom, bottom, memory_order_seq_cst);
    int64_t top = atomic_load_explicit(&d->top, memory_order_seq_cst);
    item x = 0;
    if (top <= bottom) {
        x = atomic_load_explicit(&r->slot[bottom & r->mask], memory_order_relaxed);
        if (top < bottom)
            return x;
        if (!atomic_compare_exchange_strong_explicit(&d->top, &top, top + 1, memory_order_seq_cst,
                                                     memory_order_relaxed))
            x = 0;
    }
    atomic_store_explicit(&d->bottom, bottom + 1, memory_order_relaxed);
    return x;
}

/* Owner: what deque_take would take, unless it is stolen before, or has been; not to be dereferenced. */
static inline item deque_newest(deque *d)
{
    const ring *r = atomic_load_explicit(&d->ring, memory_order_relaxed);
    int64_t bottom = atomic_load_explicit(&d->bottom, memory_order_relaxed);
    return atomic_load_explicit(&r->slot[(bottom - 1) & r->mask], memory_order_relaxed);
}

/* Any thread: takes the oldest item; 0 when there is none or another thread was faster. */
static inline item deque_steal(deque *d)
{
    int64_t top = atomic_load_explicit(&d->top, memory_order_seq_cst);
    int64_t bottom = atomic_load_explicit(&d->bottom, memory_order_seq_cst);
    if (top >= bottom)
        return 0;
    ring *r = atomic_load_explicit(&d->ring, memory_order_acquire); /* pairs with the grown ring */
    item x = atomic_load_explicit(&r->slot[top & r->mask], memory_order_relaxed);
    if (!atomic_compare_exchange_strong_explicit(&d->top, &top, top + 1, memory_order_seq_cst,
                                                 memory_order_relaxed))
        return 0;
    return x;
}

/* Any thread: does it hold anything? seq_cst: a parker's last look (sleep.c, P3). */
static inline bool deque_nonempty(deque *d)
{
    return atomic_load_explicit(&d->top, memory_order_seq_cst) <
           atomic_load_explicit(&d->bottom, memory_order_seq_cst);
}

#endif

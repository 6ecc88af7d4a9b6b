/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bins.h"

#include "base/memory.h"
#include <stdbool.h>

/* What a kept block holds. The last two are of the first block of a batch in the depot. */
typedef struct kept {
    struct kept *next;
    struct kept *next_batch;
    uint32_t count;
} kept;
_Static_assert(sizeof(kept) <= BIN_LEAST, "a kept block has room for its links");

/* Results come with a header of one line, and most often have a round size: so classes are one line
 * larger than round ones. */
enum { LINE = 64 };

/* The class that has room for SIZE bytes, BIN_CLASSES if none has. */
static unsigned class_of(size_t size)
{
    if (size <= LINE + BIN_LEAST)
        return 0;
    if (size > LINE + BIN_MOST)
        return BIN_CLASSES;
    size_t last = size - LINE - 1;
    unsigned log = 63 - (unsigned)__builtin_clzll(last); /* at least 6: BIN_LEAST is 1 << 6 */
    return (log - 6) * 4 + (unsigned)(last >> (log - 2) & 3) + 1;
}

static size_t class_bytes(unsigned class)
{
    size_t step = (size_t)BIN_LEAST / 4 << class / 4;
    return LINE + step * (4 + class % 4);
}

static uint32_t batch_of(unsigned class)
{
    return (uint32_t)(BIN_BATCH / class_bytes(class)) + 1;
}

static void free_chain(kept *k)
{
    while (k) {
        kept *next = k->next;
        memory_put(k);
        k = next;
    }
}

static void free_batches(kept *batch)
{
    while (batch) {
        kept *next = batch->next_batch;
        free_chain(batch);
        batch = next;
    }
}

/* ---- the depot ---- */

void depot_init(depot *d, size_t limit)
{
    *d = (depot){.limit = limit};
    pthread_mutex_init(&d->lock, NULL);
}

/* Under the lock; NULL when there is none. */
static kept *take_batch(depot *d, unsigned class)
{
    /* relaxed: written under the lock only */
    kept *batch = atomic_load_explicit(&d->batches[class], memory_order_relaxed);
    if (batch) {
        atomic_store_explicit(&d->batches[class], batch->next_batch, memory_order_relaxed);
        d->bytes -= batch->count * class_bytes(class);
    }
    return batch;
}

static void give_batch(depot *d, unsigned class, bin_chain chain)
{
    kept *batch = chain.first, *beyond = NULL;
    size_t bytes = chain.count * class_bytes(class);
    if (!batch)
        return;
    *batch = (kept){batch->next, NULL, chain.count};
    pthread_mutex_lock(&d->lock);
    if (bytes > d->limit) {
        beyond = batch;
    } else {
        batch->next_batch = atomic_load_explicit(&d->batches[class], memory_order_relaxed);
        atomic_store_explicit(&d->batches[class], batch, memory_order_relaxed);
        d->bytes += bytes;
    }
    while (d->bytes > d->limit) {
        kept *old = take_batch(d, d->turn);
        d->turn = (d->turn + 1) % BIN_CLASSES;
        if (old) {
            old->next_batch = beyond;
            beyond = old;
        }
    }
    pthread_mutex_unlock(&d->lock);
    free_batches(beyond);
}

static bin_chain fetch_batch(depot *d, unsigned class)
{
    kept *batch = NULL;
    /* relaxed: a hint; a batch that it misses is there the next time */
    if (atomic_load_explicit(&d->batches[class], memory_order_relaxed)) {
        pthread_mutex_lock(&d->lock);
        batch = take_batch(d, class);
        pthread_mutex_unlock(&d->lock);
    }
    return (bin_chain){batch, batch ? batch->count : 0};
}

static kept *take_all(depot *d)
{
    kept *all = NULL, *batch;
    for (unsigned class = 0; class < BIN_CLASSES; class ++)
        while ((batch = take_batch(d, class))) {
            batch->next_batch = all;
            all = batch;
        }
    return all;
}

static void depot_empty(depot *d, bool for_good)
{
    pthread_mutex_lock(&d->lock);
    kept *all = take_all(d);
    if (for_good)
        d->limit = 0;
    pthread_mutex_unlock(&d->lock);
    free_batches(all);
}

void depot_close(depot *d)
{
    depot_empty(d, true);
}

void depot_free(depot *d)
{
    pthread_mutex_destroy(&d->lock);
}

void depot_put(depot *d, void *place, size_t size)
{
    unsigned class = class_of(size);
    if (class == BIN_CLASSES) {
        memory_put(place);
        return;
    }
    ((kept *)place)->next = NULL;
    give_batch(d, class, (bin_chain){place, 1});
}

/* ---- bins ---- */

void bins_init(bins *b, size_t limit)
{
    *b = (bins){.limit = limit};
}

void bins_free(bins *b)
{
    for (unsigned class = 0; class < BIN_CLASSES; class ++) {
        free_chain(b->loaded[class].first);
        free_chain(b->spare[class].first);
        b->loaded[class] = b->spare[class] = (bin_chain){NULL, 0};
    }
    b->bytes = 0;
}

static void hand_over(bins *b, depot *d, unsigned class, bin_chain *chain)
{
    b->bytes -= chain->count * class_bytes(class);
    give_batch(d, class, *chain);
    *chain = (bin_chain){NULL, 0};
}

void bins_put(bins *b, depot *d, void *place, size_t size)
{
    unsigned class = class_of(size);
    if (class == BIN_CLASSES || class_bytes(class) > b->limit) {
        memory_put(place);
        return;
    }
    bin_chain *loaded = &b->loaded[class], *spare = &b->spare[class];
    if (loaded->count == batch_of(class)) {
        hand_over(b, d, class, spare);
        *spare = *loaded;
        *loaded = (bin_chain){NULL, 0};
    }
    ((kept *)place)->next = loaded->first;
    *loaded = (bin_chain){place, loaded->count + 1};
    b->bytes += class_bytes(class);
    while (b->bytes > b->limit) {
        hand_over(b, d, b->turn, &b->spare[b->turn]);
        hand_over(b, d, b->turn, &b->loaded[b->turn]);
        b->turn = (b->turn + 1) % BIN_CLASSES;
    }
}

void *bins_block(size_t size)
{
    unsigned class = class_of(size);
    return memory_get(class == BIN_CLASSES ? size : class_bytes(class));
}

void *bins_get(bins *b, depot *d, size_t size)
{
    unsigned class = class_of(size);
    if (class == BIN_CLASSES)
        return memory_get(size);
    bin_chain *loaded = &b->loaded[class], *spare = &b->spare[class];
    if (!loaded->first) {
        *loaded = *spare;
        *spare = (bin_chain){NULL, 0};
    }
    if (!loaded->first) {
        *loaded = fetch_batch(d, class);
        b->bytes += loaded->count * class_bytes(class);
    }
    kept *k = loaded->first;
    if (k) {
        *loaded = (bin_chain){k->next, loaded->count - 1};
        b->bytes -= class_bytes(class);
        return k;
    }
    void *place = bins_block(size);
    if (!place) { /* what is kept may be what is missing */
        bins_free(b);
        depot_empty(d, false);
        place = bins_block(size);
    }
    return place;
}

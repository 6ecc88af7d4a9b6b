/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Freed blocks that are kept for the next result of about their size. A first touch of fresh pages
 * costs more than most of what a small task does, and the libraries' allocators give large blocks
 * back to the system early.
 *
 * Bins belong to one thread at a time. A block goes to the bins of the thread that frees it, whoever
 * got it. Full bins hand a batch of blocks to the depot, empty ones fetch a batch: one lock for a
 * batch, so that what one thread makes and another frees comes round. Both hold a bounded number of
 * bytes; what is beyond goes back to the allocator, by turns of the sizes, so that a size that is
 * used no more does not stay for ever.
 */
#ifndef BASK_BASE_BINS_H
#define BASK_BASE_BINS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BIN_LEAST = 64,        /* bytes of a block of the smallest class, but for its header */
    BIN_MOST = 8 << 20,    /* ... and of the largest: larger blocks are never kept */
    BIN_BATCH = 128 << 10, /* bytes of a batch; a single block where that is more */
    BIN_CLASSES = 69       /* four for each doubling */
};

/* Blocks of one class, linked through their first words. */
typedef struct bin_chain {
    void *first;
    uint32_t count;
} bin_chain;

typedef struct bins {
    size_t bytes, limit; /* kept now; at most */
    unsigned turn;       /* the class that gives way next */
    /* two chains a class, so that gets and puts in turn do not go to the depot each time; `spare` is
     * a full batch, or empty */
    bin_chain loaded[BIN_CLASSES], spare[BIN_CLASSES];
} bins;

typedef struct depot {
    pthread_mutex_t lock; /* guards the rest */
    size_t bytes, limit;
    unsigned turn;
    /* batches, linked through their first blocks; also read without the lock, as a hint */
    _Atomic(void *) batches[BIN_CLASSES];
} depot;

/* Empty; LIMIT is the number of bytes that they keep at most, 0: none. */
void bins_init(bins *b, size_t limit);
void depot_init(depot *d, size_t limit);

/* A block of SIZE bytes aligned to 64; NULL when memory is short, also without what is kept. Owner of
 * B. */
void *bins_get(bins *b, depot *d, size_t size);
/* Keeps or frees a block of SIZE bytes, as it was asked for. Owner of B. */
void bins_put(bins *b, depot *d, void *place, size_t size);

/* The same for a thread that has no bins: what it gets is new, but as long as who frees it takes it to
 * be; what it frees goes to the depot. Any thread. */
void *bins_block(size_t size);
void depot_put(depot *d, void *place, size_t size);

/* Frees all that is kept. */
void bins_free(bins *b);
/* ... and keeps nothing any more, but may be given blocks still. Any thread. */
void depot_close(depot *d);
/* Of a depot that is closed, or was never used. */
void depot_free(depot *d);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slabs: blocks of memory of CELL_BLOCK bytes, aligned to that, for graphs (nodes) and plans (the
 * state of the nodes, at the same offsets). A first touch of fresh pages costs more than all else
 * that building a node does, so slabs are recycled through a cache, which the client owns.
 */
#ifndef BASK_GRAPH_SLAB_H
#define BASK_GRAPH_SLAB_H

#include "pool/cell.h"
#include <pthread.h>
#include <stdbool.h>

typedef struct slab_kept slab_kept;
typedef struct slab_cache {
    pthread_mutex_t lock; /* guards the rest */
    slab_kept *first;     /* single slabs */
    slab_kept *rows;      /* several slabs in a row, newest first */
    size_t count;         /* slabs, in all */
} slab_cache;

void slab_cache_init(slab_cache *cache);
void slab_cache_free(slab_cache *cache);

/* COUNT slabs in a row; NULL when memory is short. *FRESH: all bytes are zero. HUGE: ask for huge
 * pages, for slabs that will be filled. */
void *slab_get(slab_cache *cache, size_t count, bool huge, bool *fresh);
/* Gives back to the system what memory lies behind the first USED bytes of SLAB, if that is much; the
 * bytes there are undefined then. */
void slab_trim(char *slab, size_t used);
void slab_put(slab_cache *cache, void *slab, size_t count);

#endif

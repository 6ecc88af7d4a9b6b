/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/slab.h"

#include <stdint.h>
#include <sys/mman.h>

enum { SLAB_CACHE_MAX = 256 }; /* slabs kept: half a gigabyte of address space at most */

void slab_cache_init(slab_cache *cache)
{
    pthread_mutex_init(&cache->lock, NULL);
    cache->first = NULL;
    cache->count = 0;
}

void slab_cache_free(slab_cache *cache)
{
    while (cache->first) {
        void *slab = cache->first;
        cache->first = *(void **)slab;
        munmap(slab, CELL_BLOCK);
    }
    pthread_mutex_destroy(&cache->lock);
}

static void *slab_map(size_t count)
{
    size_t size = count * CELL_BLOCK;
    char *p = mmap(NULL, size + CELL_BLOCK, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    size_t skip = (CELL_BLOCK - ((uintptr_t)p & (CELL_BLOCK - 1))) & (CELL_BLOCK - 1);
    if (skip)
        munmap(p, skip);
    munmap(p + skip + size, CELL_BLOCK - skip);
    return p + skip;
}

void *slab_get(slab_cache *cache, size_t count, bool huge, bool *fresh)
{
    void *slab = NULL;
    *fresh = false;
    if (count == 1) {
        pthread_mutex_lock(&cache->lock);
        slab = cache->first;
        if (slab) {
            cache->first = *(void **)slab;
            cache->count--;
        }
        pthread_mutex_unlock(&cache->lock);
    }
    if (!slab) {
        *fresh = true;
        slab = slab_map(count);
    }
    if (slab && huge)
        madvise(slab, count * CELL_BLOCK, MADV_HUGEPAGE);
    return slab;
}

void slab_put(slab_cache *cache, void *slab, size_t count)
{
    if (!slab)
        return;
    if (count == 1) {
        pthread_mutex_lock(&cache->lock);
        if (cache->count < SLAB_CACHE_MAX) {
            *(void **)slab = cache->first;
            cache->first = slab;
            cache->count++;
            slab = NULL;
        }
        pthread_mutex_unlock(&cache->lock);
    }
    if (slab)
        munmap(slab, count * CELL_BLOCK);
}

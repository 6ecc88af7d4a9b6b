/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/slab.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    SLAB_CACHE_MAX = 256,        /* slabs kept: half a gigabyte of address space at most */
    TRIM_LEAST = CELL_BLOCK / 8, /* bytes: a trimmed slab must be filled page by page again */
};

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

static char *map(size_t size)
{
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static size_t to_boundary(const char *p)
{
    return (CELL_BLOCK - ((uintptr_t)p & (CELL_BLOCK - 1))) & (CELL_BLOCK - 1);
}

static void *slab_map(size_t count)
{
    size_t size = count * CELL_BLOCK;
    /* The system puts it beside the slab before, aligned as that one is and in the same mapping, of
     * which a process may only have some ten thousands. If it does not, cut an aligned piece. */
    char *p = map(size);
    if (!p || to_boundary(p) == 0)
        return p;
    munmap(p, size);
    p = map(size + CELL_BLOCK);
    if (!p)
        return NULL;
    size_t skip = to_boundary(p);
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

void slab_trim(char *slab, size_t used)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    used = (used + page - 1) / page * page;
    if (used + TRIM_LEAST <= CELL_BLOCK)
        madvise(slab + used, CELL_BLOCK - used, MADV_DONTNEED);
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

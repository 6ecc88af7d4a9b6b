/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/slab.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    SLAB_CACHE_MAX = 256,        /* slabs kept: half a gigabyte of address space at most */
    ROWS_MAX = 4,                /* ... and rows, since a row only serves who wants just as many */
    TRIM_LEAST = CELL_BLOCK / 8, /* bytes: a trimmed slab must be filled page by page again */
};

/* What a kept slab, or row of them, begins with. */
struct slab_kept {
    slab_kept *next;
    size_t count;
};

void slab_cache_init(slab_cache *cache)
{
    memset(cache, 0, sizeof *cache);
    pthread_mutex_init(&cache->lock, NULL);
}

static void unmap_all(slab_kept *k)
{
    while (k) {
        slab_kept *next = k->next;
        munmap(k, k->count * CELL_BLOCK);
        k = next;
    }
}

void slab_cache_free(slab_cache *cache)
{
    unmap_all(cache->first);
    unmap_all(cache->rows);
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

/* The first of COUNT slabs in a list, taken off; NULL when there is none. */
static slab_kept *take(slab_kept **list, size_t count)
{
    while (*list && (*list)->count != count)
        list = &(*list)->next;
    slab_kept *k = *list;
    if (k)
        *list = k->next;
    return k;
}

/* Takes off all rows but the newest, and returns them. */
static slab_kept *old_rows(slab_cache *cache)
{
    slab_kept **list = &cache->rows;
    for (int i = 0; *list && i < ROWS_MAX; i++)
        list = &(*list)->next;
    slab_kept *old = *list;
    *list = NULL;
    for (slab_kept *k = old; k; k = k->next)
        cache->count -= k->count;
    return old;
}

void *slab_get(slab_cache *cache, size_t count, bool huge, bool *fresh)
{
    *fresh = false;
    pthread_mutex_lock(&cache->lock);
    void *slab = take(count == 1 ? &cache->first : &cache->rows, count);
    cache->count -= slab ? count : 0;
    pthread_mutex_unlock(&cache->lock);
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
    slab_kept *k = slab, *beyond = k;
    if (!slab)
        return;
    *k = (slab_kept){NULL, count};
    pthread_mutex_lock(&cache->lock);
    if (count <= SLAB_CACHE_MAX && cache->count <= SLAB_CACHE_MAX - count) {
        slab_kept **list = count == 1 ? &cache->first : &cache->rows;
        k->next = *list;
        *list = k;
        cache->count += count;
        beyond = old_rows(cache);
    }
    pthread_mutex_unlock(&cache->lock);
    unmap_all(beyond);
}

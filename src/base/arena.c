/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BLOCK = 4096, ARENA_ALIGN = 16 };

struct arena_block {
    arena_block *older;
    size_t size;
    _Alignas(ARENA_ALIGN) char bytes[];
};

void *arena_get(arena *a, size_t size)
{
    if (size > SIZE_MAX - sizeof(arena_block) - ARENA_ALIGN)
        return NULL;
    size = (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    if (!a->newest || a->newest->size - a->used < size) {
        size_t room = a->newest ? a->newest->size * 2 : ARENA_BLOCK;
        if (room > 1u << 20)
            room = 1u << 20;
        if (room < size)
            room = size;
        arena_block *b = malloc(sizeof *b + room);
        if (!b)
            return NULL;
        b->older = a->newest;
        b->size = room;
        a->newest = b;
        a->used = 0;
    }
    void *p = a->newest->bytes + a->used;
    a->used += size;
    return p;
}

char *arena_copy(arena *a, const void *bytes, size_t size)
{
    char *p = arena_get(a, size);
    if (p && size)
        memcpy(p, bytes, size);
    return p;
}

void arena_free(arena *a)
{
    while (a->newest) {
        arena_block *older = a->newest->older;
        free(a->newest);
        a->newest = older;
    }
    a->used = 0;
}

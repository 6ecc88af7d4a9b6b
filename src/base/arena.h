/* SPDX-License-Identifier: Apache-2.0 */
/* A bump allocator: many small pieces that are freed together. One thread at a time. */
#ifndef BASK_BASE_ARENA_H
#define BASK_BASE_ARENA_H

#include <stddef.h>

typedef struct arena_block arena_block;

/* All zero is an empty arena. */
typedef struct arena {
    arena_block *newest;
    size_t used; /* bytes used of the newest block */
} arena;

/* SIZE bytes aligned to 16, NULL when memory is short. They live until arena_free. */
void *arena_get(arena *a, size_t size);
char *arena_copy(arena *a, const void *bytes, size_t size);
void arena_free(arena *a);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of results: jemalloc where the process has it (weak references, never a link of our own),
 * libc elsewhere. The host's malloc is never replaced.
 */
#ifndef BASK_BASE_MEMORY_H
#define BASK_BASE_MEMORY_H

#include <stddef.h>

/* SIZE bytes aligned to 64; NULL when memory is short (no message is set). */
void *memory_get(size_t size);
void memory_put(void *place);

#endif

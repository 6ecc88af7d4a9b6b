/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <bask.h>
#include <stdint.h>

/* jemalloc's own names, if the process has it. MALLOCX_LG_ALIGN(6), 64 bytes, is the flag 6. */
extern void *mallocx(size_t size, int flags) __attribute__((weak));
extern void dallocx(void *place, int flags) __attribute__((weak));
enum { ALIGN_64 = 6 };

static int has_jemalloc(void)
{
    return mallocx && dallocx;
}

void *memory_get(size_t size)
{
    if (size > PTRDIFF_MAX - 64)
        return NULL;
    if (has_jemalloc())
        return mallocx(size ? size : 1, ALIGN_64);
    return aligned_alloc(64, (size + 63) / 64 * 64 + (size ? 0 : 64));
}

void memory_put(void *place)
{
    if (!place)
        return;
    if (has_jemalloc())
        dallocx(place, ALIGN_64);
    else
        free(place);
}

const char *bask_allocator(void)
{
    return has_jemalloc() ? "jemalloc" : "libc";
}

const char *bask_version(void)
{
    return BASK_VERSION;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Part of programs that want jemalloc, never of libbask itself. libbask names jemalloc only weakly,
 * and a linker drops a shared library that nobody names otherwise: this object does.
 */
#include <stddef.h>

extern void *mallocx(size_t size, int flags);

void *(*const bask_uses_jemalloc)(size_t size, int flags) = mallocx;

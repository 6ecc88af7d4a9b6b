/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults on demand: the requests that a program makes of the system, and that can be refused, go through
 * here (by the linker's --wrap: tests/meson.build lists them), are counted, and the one that is chosen
 * fails as the system would let it fail. What the C library asks for itself is not seen.
 */
#ifndef TESTS_SUPPORT_INJECT_H
#define TESTS_SUPPORT_INJECT_H

#include <stdbool.h>

enum {
    INJECT_MEMORY = 1,    /* malloc and its kind: ENOMEM */
    INJECT_MAPS = 2,      /* mmap: ENOMEM */
    INJECT_THREADS = 4,   /* pthread_create: EAGAIN */
    INJECT_FILES = 8,     /* open, fopen, eventfd, pipe2: EMFILE */
    INJECT_PROCESSES = 16 /* posix_spawnp: EAGAIN */
};
enum { INJECT_NONE = 0, INJECT_ALL = 31 };

/* From now on the calls of KINDS are counted, and number AT (from 0) fails: it alone, or all FROM THERE. */
void inject_begin(unsigned kinds, long at, bool from_there);

/* No more fail. Returns how many calls there have been. */
long inject_end(void);

/* Has one failed since inject_begin? */
bool inject_failed(void);

/* Where the first that failed was called from: "malloc 0x1234", for addr2line -e PROGRAM. */
const char *inject_place(void);

/* One in N waits, on a futex or a condition, ends at once, as by a signal or for no reason; 0: none. */
void inject_wakes(unsigned n);

/* Blocks that were allocated and not freed, and bytes that were mapped and not unmapped. */
long inject_blocks(void);
long inject_mapped(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffers: results that are larger than 16 bytes. A kernel makes a buffer, fills it and returns it;
 * every reader gets a read-only view of the same memory (bask_span), with no copy. A buffer is
 * counted and is freed at its last use. Of results that have pointers inside: type.h.
 *
 * Threads: any. A buffer's bytes may be written only until the kernel that made it returns.
 *
 * Memory: buffers that tasks make count as results of their client (bask_client_stats, and the memory
 * limit of client.h) until their last use, those of bask_buffer_wrap if they have a RELEASE. Freed
 * blocks of up to 8 MiB are kept for the next buffers: at most 8 MiB by each worker, and by each host
 * thread that has helped, and 8 MiB for each worker in common; with a memory limit at most a quarter
 * of it by the workers and a quarter in common. bask_close frees them.
 */
#ifndef BASK_BUFFER_H
#define BASK_BUFFER_H

#include <stddef.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A read-only view of SIZE bytes at DATA. */
typedef struct bask_span {
    const void *data;
    size_t size;
} bask_span;

typedef struct bask_buffer bask_buffer;

/*
 * Makes a buffer of SIZE bytes (uninitialised, aligned to 64 bytes; SIZE may be 0) with one
 * reference. Returns NULL when memory is short, with the message set; inside a kernel that also
 * fails the task. Owns: the caller; return it from the kernel, or call bask_buffer_release.
 */
BASK_API bask_buffer *bask_buffer_new(size_t size);

/*
 * Makes a buffer of memory that exists already; RELEASE(DATA, USER) is called at its last use
 * (NULL: nothing is called). Returns NULL as bask_buffer_new does; then DATA stays the caller's.
 */
BASK_API bask_buffer *bask_buffer_wrap(void *data, size_t size,
                                       void (*release)(void *data, void *user), void *user);

/*
 * For kernels: the buffer behind INPUT, a bask_span parameter of the running task, to be
 * overwritten and returned. When this task is its last user the input itself is handed over, else a
 * copy. Returns NULL as bask_buffer_new does. Owns: the caller, as with bask_buffer_new.
 */
BASK_API bask_buffer *bask_take(bask_span input);

/* The bytes of BUFFER, writable by its maker. */
BASK_API void *bask_buffer_data(bask_buffer *buffer);
BASK_API size_t bask_buffer_size(const bask_buffer *buffer);

/* A view of BUFFER, as its consumers get it. */
BASK_API bask_span bask_buffer_span(const bask_buffer *buffer);

/* One more, one fewer reference; the last one frees. NULL is accepted. */
BASK_API void bask_buffer_retain(bask_buffer *buffer);
BASK_API void bask_buffer_release(bask_buffer *buffer);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The counted buffer behind bask_buffer. */
#ifndef BASK_GRAPH_BUFFER_H
#define BASK_GRAPH_BUFFER_H

#include <bask/buffer.h>
#include <stdatomic.h>
#include <stdint.h>

struct bask_buffer {
    /* first: a pointer to the buffer is a pointer to a consumer's bask_span argument */
    bask_span span;
    /* relaxed up, acq_rel down: the last release sees every reader done */
    _Atomic int64_t references;
    void (*release)(void *data, void *user); /* of wrapped memory */
    void *user;
    size_t charged;        /* bytes that count as alive */
    struct budget *budget; /* ... there; NULL: of a host thread, not counted */
};

/* With INSIDE bytes of data in the block itself, of CHARGED bytes that count. As bask_buffer_new. */
bask_buffer *buffer_new(size_t inside, size_t charged);

static inline void buffer_retain_many(bask_buffer *buffer, int64_t n)
{
    atomic_fetch_add_explicit(&buffer->references, n, memory_order_relaxed);
}

#endif

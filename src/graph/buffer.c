/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/buffer.h"

#include "base/memory.h"
#include "graph/task.h"
#include <stdlib.h>
#include <string.h>

enum { BUFFER_HEADER = (sizeof(bask_buffer) + 63) / 64 * 64 };

bask_buffer *bask_buffer_new(size_t size)
{
    bask_buffer *buffer = NULL;
    if (size <= SIZE_MAX - BUFFER_HEADER)
        buffer = memory_get(BUFFER_HEADER + size);
    if (!buffer) {
        bask_fail(BASK_ENOMEM, "no memory for a buffer of %zu bytes", size);
        return NULL;
    }
    buffer->span.data = (char *)buffer + BUFFER_HEADER;
    buffer->span.size = size;
    atomic_store_explicit(&buffer->references, 1, memory_order_relaxed);
    buffer->release = NULL;
    buffer->user = NULL;
    buffer->allocated = BUFFER_HEADER + size;
    return buffer;
}

bask_buffer *bask_buffer_wrap(void *data, size_t size, void (*release)(void *, void *), void *user)
{
    bask_buffer *buffer = bask_buffer_new(0);
    if (buffer) {
        buffer->span.data = data;
        buffer->span.size = size;
        buffer->release = release;
        buffer->user = user;
    }
    return buffer;
}

bask_buffer *bask_take(bask_span input)
{
    bask_buffer *buffer = task_input_buffer(input.data);
    /* acquire: the other users' last reads come before our writes */
    if (buffer && buffer->span.size == input.size &&
        atomic_load_explicit(&buffer->references, memory_order_acquire) == 1) {
        buffer_retain_many(buffer, 1); /* the runner drops the input's own reference afterwards */
        return buffer;
    }
    bask_buffer *copy = bask_buffer_new(input.size);
    if (copy && input.size)
        memcpy((void *)copy->span.data, input.data, input.size);
    return copy;
}

void *bask_buffer_data(bask_buffer *buffer)
{
    return buffer ? (void *)buffer->span.data : NULL;
}

size_t bask_buffer_size(const bask_buffer *buffer)
{
    return buffer ? buffer->span.size : 0;
}

void bask_buffer_retain(bask_buffer *buffer)
{
    if (buffer)
        buffer_retain_many(buffer, 1);
}

void bask_buffer_release(bask_buffer *buffer)
{
    if (!buffer || atomic_fetch_sub_explicit(&buffer->references, 1, memory_order_acq_rel) != 1)
        return;
    if (buffer->release)
        buffer->release((void *)buffer->span.data, buffer->user);
    memory_put(buffer, buffer->allocated);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/buffer.h"

#include "base/memory.h"
#include "base/process.h"
#include "graph/task.h"
#include "graph/type.h"
#include "pool/word.h"
#include <stdlib.h>
#include <string.h>

enum { BUFFER_HEADER = (sizeof(bask_buffer) + 63) / 64 * 64 };

static bool data_inside(const bask_buffer *buffer)
{
    return buffer->span.data == (const char *)buffer + BUFFER_HEADER;
}

/* Where results of the calling thread count: a task's with its client, those of what it has forked
 * with the worker that runs it. */
static budget *budget_here(void)
{
    bask_pool *pool = task_current ? task_current->pool : word_pool(NULL);
    return pool ? pool->budget : NULL;
}

static void *block_get(size_t size)
{
    worker *w = (worker *)bask_self;
    return bask_self != &worker_nobody ? bins_get(&w->bins, &w->pool->budget->depot, size)
                                       : bins_block(size);
}

/* BUDGET: that of a result, which is alive still. */
static void block_put(void *block, size_t size, budget *budget)
{
    worker *w = (worker *)bask_self;
    if (bask_self != &worker_nobody)
        bins_put(&w->bins, &w->pool->budget->depot, block, size);
    else if (budget)
        depot_put(&budget->depot, block, size);
    else
        memory_put(block);
}

bask_buffer *buffer_new(size_t inside, size_t charged)
{
    bask_buffer *buffer = NULL;
    if (inside <= PTRDIFF_MAX - BUFFER_HEADER)
        buffer = block_get(BUFFER_HEADER + inside);
    if (!buffer) {
        bask_fail(BASK_ENOMEM, "no memory for a buffer of %zu bytes", inside);
        return NULL;
    }
    buffer->span.data = (char *)buffer + BUFFER_HEADER;
    buffer->span.size = inside;
    atomic_store_explicit(&buffer->references, 1, memory_order_relaxed);
    buffer->release = NULL;
    buffer->user = NULL;
    buffer->charged = charged;
    buffer->budget = budget_here();
    if (buffer->budget)
        budget_charge(buffer->budget, charged);
    return buffer;
}

bask_buffer *bask_buffer_new(size_t size)
{
    return buffer_new(size, size);
}

bask_buffer *bask_buffer_wrap(void *data, size_t size, void (*release)(void *, void *), void *user)
{
    bask_buffer *buffer = buffer_new(0, release ? size : 0);
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
    object o = object_of(input);
    if (o.type)
        return object_copy(&o);
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

bask_span bask_buffer_span(const bask_buffer *buffer)
{
    return buffer ? buffer->span : (bask_span){NULL, 0};
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
    if (buffer->budget && process_inherited(buffer->budget->process)) {
        memory_put(buffer); /* nobody counts it any more */
        return;
    }
    size_t inside = data_inside(buffer) ? buffer->span.size : 0, charged = buffer->charged;
    budget *budget = buffer->budget;
    block_put(buffer, BUFFER_HEADER + inside, budget);
    if (budget)
        budget_discharge(budget, charged); /* last: it may be gone afterwards */
}

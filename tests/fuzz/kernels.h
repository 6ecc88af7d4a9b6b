/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernels of graphs that are drawn from bytes. Each comes twice: as bask calls it, and as a few
 * lines of `evaluate` (graph_fuzz.c), which share the formulas below. A buffer of N numbers is known
 * by its seed: number i is the seed + i.
 */
#ifndef TESTS_FUZZ_KERNELS_H
#define TESTS_FUZZ_KERNELS_H

#include "fuzz/fuzz.h"
#include <bask.h>
#include <pthread.h>

static inline bool code_fails(uint64_t code)
{
    return code % 7 == 3;
}
static inline bask_status code_status(uint64_t code)
{
    return code % 2 ? BASK_EKERNEL : BASK_EIO;
}
static inline uint64_t mix_of(uint64_t x, uint64_t y)
{
    return 31 * x + 17 * y + 1;
}
static inline uint64_t digest_of(uint64_t seed, uint64_t n)
{
    return n ? 3 * seed + n : 5;
}
static inline uint64_t block_size(uint64_t n)
{
    return n % 67 == 66 ? 9000 : n % 67;
}

static bool fail_by(uint64_t code)
{
    if (code_fails(code))
        bask_fail(code_status(code), "code %llu", (unsigned long long)code);
    return code_fails(code);
}

/* ---- numbers ---- */

BASK_KERNEL(uint64_t, mix, (uint64_t, x), (uint64_t, y))
{
    return mix_of(x, y);
}
BASK_KERNEL(uint64_t, risky, (uint64_t, code), (uint64_t, x))
{
    fail_by(code);
    return x + 1;
}
BASK_KERNEL_UNTYPED(uint64_t, many)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < bask_task_argument_count(task); i++)
        sum += (i + 1) * *(const uint64_t *)bask_task_argument(task, i);
    return bask_return(task, &sum);
}
BASK_KERNEL_UNTYPED(uint64_t, silent)
{
    (void)task;
    return BASK_OK;
}

/* ---- buffers ---- */

static _Atomic long made, released;

static void count_release(void *data, void *user)
{
    (void)user;
    free(data);
    atomic_fetch_add_explicit(&released, 1, memory_order_relaxed);
}

static void fill(bask_buffer *b, uint64_t seed)
{
    uint64_t *x = bask_buffer_data(b);
    for (size_t i = 0; i < bask_buffer_size(b) / sizeof *x; i++)
        x[i] = seed + i;
}

/* Every second one is memory of ours. */
static bask_buffer *block_of(uint64_t n, uint64_t seed)
{
    size_t size = (size_t)n * sizeof seed;
    bask_buffer *b = seed % 2 ? bask_buffer_new(size)
                              : bask_buffer_wrap(malloc(size + 1), size, count_release, NULL);
    if (seed % 2 == 0)
        atomic_fetch_add_explicit(&made, 1, memory_order_relaxed);
    fill(b, seed);
    return b;
}

static uint64_t seed_of(bask_span in)
{
    const uint64_t *x = in.data;
    for (size_t i = 1; i < in.size / sizeof *x; i++)
        fuzz_check(x[i] == x[0] + i, "number %zu of a buffer is overwritten", i);
    return in.size ? x[0] : 0;
}

BASK_KERNEL(bask_buffer *, block, (uint64_t, n), (uint64_t, seed))
{
    return block_of(block_size(n), seed);
}
BASK_KERNEL(bask_buffer *, scaled, (bask_span, in), (uint64_t, x))
{
    uint64_t seed = seed_of(in);
    bask_buffer *b = bask_take(in);
    fill(b, mix_of(seed, x));
    return b;
}
BASK_KERNEL(bask_buffer *, broken, (uint64_t, code), (bask_span, in))
{
    fail_by(code);
    return bask_take(in);
}
BASK_KERNEL(uint64_t, digest, (bask_span, in))
{
    return digest_of(seed_of(in), in.size / sizeof(uint64_t));
}
BASK_KERNEL_UNTYPED(bask_buffer *, joined)
{
    uint64_t n = 0, seed = 1;
    for (size_t i = 0; i < bask_task_argument_count(task); i++) {
        bask_span in;
        if (bask_task_span(task, i, &in) != BASK_OK)
            return BASK_ETYPE;
        n += in.size / sizeof n;
        seed += (i + 1) * digest_of(seed_of(in), in.size / sizeof n);
    }
    bask_buffer *b = block_of(n % 67, seed);
    return bask_return(task, &b);
}

/* ---- the gate: what depends on it is pending until it is opened ---- */

static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_opened = PTHREAD_COND_INITIALIZER;
static bool gate_is_open;

static void gate_set(bool open)
{
    pthread_mutex_lock(&gate_lock);
    gate_is_open = open;
    pthread_cond_broadcast(&gate_opened);
    pthread_mutex_unlock(&gate_lock);
}

BASK_KERNEL(uint64_t, gate, (uint64_t, x), (uint64_t, y))
{
    pthread_mutex_lock(&gate_lock);
    while (!gate_is_open)
        pthread_cond_wait(&gate_opened, &gate_lock);
    pthread_mutex_unlock(&gate_lock);
    return x + y;
}

#endif

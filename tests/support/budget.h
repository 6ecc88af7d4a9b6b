/* SPDX-License-Identifier: Apache-2.0 */
/* Clients with a memory limit, and kernels whose results are large. */
#ifndef TESTS_SUPPORT_BUDGET_H
#define TESTS_SUPPORT_BUDGET_H

#include "support/clusters.h"
#include <sched.h>

enum { BLOCK = 1 << 18, LIMIT = 8 * BLOCK, LOADS = 64 };

static inline bask_pool_stats stats_of(bask_client *c)
{
    bask_pool_stats stats;
    bask_client_stats(c, &stats);
    return stats;
}

static inline bask_client *open_limited(int workers, long limit)
{
    char address[64];
    snprintf(address, sizeof address, "threads://%d?spin=1us&memory=%ld", workers, limit);
    return open_client(address);
}

/* A task may hold its result for a moment after its future is done: so the number is waited for, and
 * a wrong one ends at the test's time-out. */
static inline void settles_at(bask_client *c, uint64_t bytes)
{
    while (stats_of(c).live_bytes != bytes)
        sched_yield();
}

/* Closes C, whose results must all be gone. */
static inline void close_empty(bask_client *c)
{
    settles_at(c, 0);
    bask_close(c);
}

/* ---- kernels ---- */

static _Atomic long loads; /* buffers that load has made */

BASK_KERNEL(bask_buffer *, load, (int64_t, x))
{
    bask_buffer *b = bask_buffer_new(BLOCK);
    for (int64_t *p = bask_buffer_data(b), *end = p + BLOCK / sizeof *p; p < end; p++)
        *p = x;
    atomic_fetch_add(&loads, 1);
    return b;
}
BASK_KERNEL(int64_t, first_of, (bask_span, in))
{
    return *(const int64_t *)in.data;
}
BASK_KERNEL(int64_t, add, (int64_t, x), (int64_t, y))
{
    return x + y;
}
BASK_KERNEL(bask_buffer *, sum, (bask_span, a), (bask_span, b))
{
    bask_buffer *out = bask_take(a);
    int64_t *x = bask_buffer_data(out);
    for (size_t i = 0; out && i < a.size / sizeof *x; i++)
        x[i] += ((const int64_t *)b.data)[i];
    return out;
}
BASK_KERNEL_UNTYPED(int64_t, total)
{
    int64_t s = 0;
    for (size_t i = 0; i < bask_task_argument_count(task); i++) {
        bask_span in;
        bask_status status = bask_task_span(task, i, &in);
        if (status != BASK_OK)
            return status;
        s += *(const int64_t *)in.data;
    }
    return bask_return(task, &s);
}

/* Adds up N numbers by a tree. */
static inline bask_delayed *tree(bask_graph *g, bask_delayed **d, int n)
{
    for (; n > 1; n = (n + 1) / 2)
        for (int i = 0; i < n / 2; i++) {
            d[i] = bask_delay(g, add, d[2 * i], d[2 * i + 1]);
            if (i == n / 2 - 1 && n % 2)
                d[i + 1] = d[n - 1];
        }
    return d[0];
}

#endif

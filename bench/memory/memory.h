/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory: results that are buffers. Size: buffers. A kernel writes one word a page, and its consumer
 * adds them up: so the kernels themselves cost little, and a page that is touched for the first time
 * shows.
 *
 * Shapes 1K, 64K, 1M: pairs of a node that makes a buffer and one that reads it. Shape stencil: rows
 * of MEMORY_WIDTH nodes, each of which makes a buffer of 64K of two of the row before, so that a
 * buffer often ends on another thread than it came from. Measured: running, and running again.
 */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include "../bench.h"

#include <stddef.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const bench_peer memory_serial, memory_malloc, memory_bask, memory_tbb;

/* The second page's word is not in the cache set of the first's. */
enum { MEMORY_STRIDE = 4096 + 64, MEMORY_WIDTH = 64 };

typedef struct memory_shape {
    int64_t buffers;
    size_t bytes; /* of one buffer */
    bool stencil; /* then BUFFERS is a multiple of MEMORY_WIDTH */
} memory_shape;

memory_shape memory_shape_of(const bench_config *config);

static inline int64_t memory_nodes(const memory_shape *shape)
{
    return shape->stencil ? shape->buffers : 2 * shape->buffers;
}

/* Page faults of this process so far. */
double memory_faults(void);

/* Of two runs that began and ended at these times; the second had so many page faults. */
static inline void memory_report(bench_sample *sample, const memory_shape *shape,
                                 const double times[3], double faults)
{
    double n = (double)memory_nodes(shape);
    sample->values[0] = (times[1] - times[0]) / n;
    sample->values[1] = (times[2] - times[1]) / n;
    sample->values[2] = faults / n;
}

/* ---- the kernels ---- */

static inline void memory_make(void *block, size_t bytes, uint64_t value)
{
    for (size_t at = 0; at < bytes; at += MEMORY_STRIDE)
        memcpy((char *)block + at, &value, sizeof value);
}

static inline uint64_t memory_sum(const void *block, size_t bytes)
{
    uint64_t sum = 0, word;
    for (size_t at = 0; at < bytes; at += MEMORY_STRIDE) {
        memcpy(&word, (const char *)block + at, sizeof word);
        sum += word;
    }
    return sum;
}

static inline void memory_join(void *block, const void *a, const void *b, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += MEMORY_STRIDE) {
        uint64_t x, y;
        memcpy(&x, (const char *)a + at, sizeof x);
        memcpy(&y, (const char *)b + at, sizeof y);
        x += y;
        memcpy((char *)block + at, &x, sizeof x);
    }
}

#ifdef __cplusplus
}
#endif
#endif

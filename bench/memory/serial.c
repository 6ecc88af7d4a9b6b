/* SPDX-License-Identifier: Apache-2.0 */
/* One thread: `serial`, the kernels alone, on blocks that are there already; `malloc`, which gets and
 * frees a block for each buffer. */
#include "memory.h"

#include <stdlib.h>
#include <sys/resource.h>

memory_shape memory_shape_of(const bench_config *config)
{
    memory_shape s = {config->size, (size_t)64 << 10, config->shape[0] == 's'};
    if (s.stencil)
        s.buffers = (s.buffers + MEMORY_WIDTH - 1) / MEMORY_WIDTH * MEMORY_WIDTH;
    else if (config->shape[0] == '1')
        s.bytes = config->shape[1] == 'K' ? (size_t)1 << 10 : (size_t)1 << 20;
    return s;
}

double memory_faults(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_minflt;
}

typedef struct state {
    memory_shape shape;
    bool fresh; /* a block for each buffer */
    void *rows[2][MEMORY_WIDTH];
} state;

static void *block_new(const state *s)
{
    return aligned_alloc(64, s->shape.bytes);
}

static void *start(const bench_config *config, bool fresh)
{
    state *s = calloc(1, sizeof *s);
    s->shape = memory_shape_of(config);
    s->fresh = fresh;
    for (int i = 0; i < MEMORY_WIDTH && !fresh; i++)
        for (int row = 0; row < 2; row++)
            memory_make(s->rows[row][i] = block_new(s), s->shape.bytes, 0);
    return s;
}

static void *start_serial(const bench_config *config)
{
    return start(config, false);
}

static void *start_malloc(const bench_config *config)
{
    return start(config, true);
}

static uint64_t pairs(state *s)
{
    uint64_t sum = 0;
    for (int64_t i = 0; i < s->shape.buffers; i++) {
        void *block = s->fresh ? block_new(s) : s->rows[0][0];
        memory_make(block, s->shape.bytes, (uint64_t)i);
        sum += memory_sum(block, s->shape.bytes);
        if (s->fresh)
            free(block);
    }
    return sum;
}

static void free_row(state *s, void **row)
{
    for (int i = 0; i < MEMORY_WIDTH && s->fresh; i++)
        free(row[i]);
}

static uint64_t stencil(state *s)
{
    uint64_t sum = 0;
    for (int64_t at = 0; at < s->shape.buffers; at++) {
        int64_t row = at / MEMORY_WIDTH, i = at % MEMORY_WIDTH;
        void **above = s->rows[(row + 1) % 2], **here = s->rows[row % 2];
        if (s->fresh)
            here[i] = block_new(s);
        if (row == 0)
            memory_make(here[i], s->shape.bytes, (uint64_t)i);
        else
            memory_join(here[i], above[i], above[(i + 1) % MEMORY_WIDTH], s->shape.bytes);
        if (row > 0 && i == MEMORY_WIDTH - 1)
            free_row(s, above);
    }
    void **last = s->rows[(s->shape.buffers / MEMORY_WIDTH - 1) % 2];
    for (int i = 0; i < MEMORY_WIDTH; i++)
        sum += memory_sum(last[i], s->shape.bytes);
    free_row(s, last);
    return sum;
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    double times[3], before = 0;
    for (int i = 0; i < 2; i++) {
        times[i] = bench_now();
        before = memory_faults();
        sample->checksum = s->shape.stencil ? stencil(s) : pairs(s);
    }
    times[2] = bench_now();
    memory_report(sample, &s->shape, times, memory_faults() - before);
}

static void stop(void *p)
{
    state *s = p;
    for (int i = 0; i < MEMORY_WIDTH && !s->fresh; i++)
        for (int row = 0; row < 2; row++)
            free(s->rows[row][i]);
    free(s);
}

const bench_peer memory_serial = {"serial", start_serial, run, stop};
const bench_peer memory_malloc = {"malloc", start_malloc, run, stop};

/* SPDX-License-Identifier: Apache-2.0 */
#include "../bask_start.h"
#include "memory.h"
#include <stdlib.h>

BASK_KERNEL(bask_buffer *, make, (uint64_t, value), (uint64_t, bytes))
{
    bask_buffer *b = bask_buffer_new(bytes);
    if (b)
        memory_make(bask_buffer_data(b), bytes, value);
    return b;
}
BASK_KERNEL(uint64_t, sum, (bask_span, in))
{
    return memory_sum(in.data, in.size);
}
BASK_KERNEL(bask_buffer *, join, (bask_span, a), (bask_span, b))
{
    bask_buffer *out = bask_buffer_new(a.size);
    if (out)
        memory_join(bask_buffer_data(out), a.data, b.data, a.size);
    return out;
}

typedef struct state {
    memory_shape shape;
    bask_client *client;
    bask_delayed **outputs;
    size_t noutputs;
} state;

static void *start(const bench_config *config)
{
    state *s = calloc(1, sizeof *s);
    s->client = bench_open(config);
    s->shape = memory_shape_of(config);
    s->noutputs = s->shape.stencil ? MEMORY_WIDTH : (size_t)s->shape.buffers;
    s->outputs = malloc(s->noutputs * sizeof *s->outputs);
    return s;
}

static void build_pairs(state *s, bask_graph *g)
{
    for (int64_t i = 0; i < s->shape.buffers; i++)
        s->outputs[i] = bask_delay(g, sum, bask_delay(g, make, (uint64_t)i, s->shape.bytes));
}

static void build_stencil(state *s, bask_graph *g)
{
    bask_delayed *above[MEMORY_WIDTH], *here[MEMORY_WIDTH];
    for (int64_t row = 0; row < s->shape.buffers / MEMORY_WIDTH; row++) {
        for (int i = 0; i < MEMORY_WIDTH; i++)
            here[i] = row == 0 ? bask_delay(g, make, (uint64_t)i, s->shape.bytes)
                               : bask_delay(g, join, above[i], above[(i + 1) % MEMORY_WIDTH]);
        memcpy(above, here, sizeof above);
    }
    for (int i = 0; i < MEMORY_WIDTH; i++)
        s->outputs[i] = bask_delay(g, sum, above[i]);
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    double times[3], before = 0;
    bask_graph *g = bask_graph_new(s->client);
    bask_plan *plan;
    if (s->shape.stencil)
        build_stencil(s, g);
    else
        build_pairs(s, g);
    bask_check(bask_plan_new(s->client, s->outputs, s->noutputs, &plan));
    for (int i = 0; i < 2; i++) {
        times[i] = bench_now();
        before = memory_faults();
        bask_check(bask_plan_run(plan));
    }
    times[2] = bench_now();
    memory_report(sample, &s->shape, times, memory_faults() - before);
    for (size_t i = 0; i < s->noutputs; i++) {
        uint64_t value;
        bask_check(bask_plan_result(plan, i, &value));
        sample->checksum += value;
    }
    bask_plan_free(plan);
    bask_graph_free(g);
}

static void stop(void *p)
{
    state *s = p;
    bask_close(s->client);
    free(s->outputs);
    free(s);
}

const bench_peer memory_bask = {"bask", start, run, stop};

/* SPDX-License-Identifier: Apache-2.0 */
/* Two loops over two rows, on one thread whatever is asked for. */
#include "granularity.h"

#include <stdlib.h>

typedef struct state {
    const bench_config *config;
    int64_t width, rows;
    uint64_t *row, *above; /* with a 0 at either end */
} state;

static void build(void *p, int64_t width, int64_t rows)
{
    state *s = p;
    s->width = width;
    s->rows = rows;
    s->row = calloc((size_t)width + 2, sizeof *s->row);
    s->above = calloc((size_t)width + 2, sizeof *s->above);
}

static uint64_t run_grid(void *p)
{
    state *s = p;
    uint64_t sum = 0;
    for (int64_t r = 0; r < s->rows; r++) {
        uint64_t *a = s->row;
        s->row = s->above;
        s->above = a;
        for (int64_t i = 1; i <= s->width; i++)
            s->row[i] = r ? granularity_task(a[i - 1], a[i], a[i + 1]) : granularity_task(0, 0, 0);
    }
    for (int64_t i = 1; i <= s->width; i++)
        sum += s->row[i];
    return sum;
}

static void clear(void *p)
{
    state *s = p;
    free(s->row);
    free(s->above);
}

static const granularity_peer grid = {build, run_grid, clear};

static void *start(const bench_config *config)
{
    state *s = calloc(1, sizeof *s);
    s->config = config;
    return s;
}

static void run(void *p, bench_sample *sample)
{
    granularity_measure(&grid, p, ((state *)p)->config, 1, sample);
}

static void stop(void *p)
{
    free(p);
}

const bench_peer granularity_serial = {"serial", start, run, stop};

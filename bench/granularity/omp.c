/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks with dependences, made anew for each run: OpenMP keeps no graph. */
#include "granularity.h"

#include <stdlib.h>
#include <string.h>

typedef struct state {
    const bench_config *config;
    int64_t width, rows;
    uint64_t *values; /* a row of zeros, then all rows, each with a 0 at either end */
} state;

static void build(void *p, int64_t width, int64_t rows)
{
    state *s = p;
    s->width = width;
    s->rows = rows;
    s->values = calloc((size_t)((width + 2) * (rows + 1)), sizeof *s->values);
}

static void make(uint64_t *v, int64_t width, int64_t rows)
{
    for (int64_t r = 1; r <= rows; r++)
        for (int64_t i = 1; i <= width; i++) {
            int64_t x = r * (width + 2) + i, b = x - (width + 2), a = b - 1, c = b + 1;
#pragma omp task firstprivate(x, a, b, c) depend(in : v[a], v[b], v[c]) depend(out : v[x])
            v[x] = granularity_task(v[a], v[b], v[c]);
        }
}

static uint64_t run_grid(void *p)
{
    state *s = p;
    uint64_t *values = s->values, sum = 0;
#pragma omp parallel num_threads(s->config->threads)
#pragma omp single
    make(values, s->width, s->rows);
    for (int64_t i = 1; i <= s->width; i++)
        sum += values[s->rows * (s->width + 2) + i];
    return sum;
}

static void clear(void *p)
{
    free(((state *)p)->values);
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
    state *s = p;
    granularity_measure(&grid, s, s->config, s->config->threads, sample);
}

static void stop(void *p)
{
    free(p);
}

const bench_peer granularity_omp = {"omp", start, run, stop};

/* SPDX-License-Identifier: Apache-2.0 */
/* A loop for each step; the static schedule gives every thread its same blocks each time. */
#include "stencil.h"

#include <stdlib.h>

typedef struct state {
    stencil_field field;
    int threads;
} state;

static void *start(const bench_config *config)
{
    state *s = malloc(sizeof *s);
    stencil_new(&s->field, config);
    s->threads = config->threads;
    return s;
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    stencil_reset(&s->field);
    double begin = bench_now();
#pragma omp parallel num_threads(s->threads)
    for (int step = 0; step < STENCIL_BATCH * STENCIL_BATCHES; step++) {
#pragma omp for schedule(static)
        for (int64_t block = 0; block < s->field.blocks; block++)
            stencil_advance(&s->field, block, step);
    }
    stencil_report(&s->field, begin, sample);
}

static void stop(void *p)
{
    stencil_free(&((state *)p)->field);
    free(p);
}

const bench_peer stencil_omp = {"omp", start, run, stop};

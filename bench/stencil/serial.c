/* SPDX-License-Identifier: Apache-2.0 */
#include "stencil.h"

#include <stdlib.h>

static void *start(const bench_config *config)
{
    stencil_field *f = malloc(sizeof *f);
    stencil_new(f, config);
    return f;
}

static void run(void *state, bench_sample *sample)
{
    stencil_field *f = state;
    stencil_reset(f);
    double begin = bench_now();
    for (int step = 0; step < STENCIL_BATCH * STENCIL_BATCHES; step++)
        for (int64_t block = 0; block < f->blocks; block++)
            stencil_advance(f, block, step);
    stencil_report(f, begin, sample);
}

static void stop(void *state)
{
    stencil_free(state);
    free(state);
}

const bench_peer stencil_serial = {"serial", start, run, stop};

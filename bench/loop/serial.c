/* SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"

static void *start(const bench_config *config)
{
    loop_data *d = malloc(sizeof *d);
    *d = loop_data_new(config);
    return d;
}

static void run(void *state, bench_sample *sample)
{
    loop_data *d = state;
    double sum = 0, begin = bench_now();
    if (d->shape == LOOP_FOR)
        loop_axpy(d->y, d->x, 0, d->n);
    else if (d->shape == LOOP_REDUCE)
        sum = loop_sum(d->x, 0, d->n);
    else
        loop_skewed(d->y, 0, d->n);
    loop_report(sample, begin, d, sum);
}

static void stop(void *state)
{
    loop_data_free(state);
    free(state);
}

const bench_peer loop_serial = {"serial", start, run, stop};

/* SPDX-License-Identifier: Apache-2.0 */
#include "../bask_start.h"
#include "loop.h"

typedef struct state {
    loop_data data;
    bask_client *client;
} state;

static void axpy(int64_t from, int64_t to, void *data)
{
    loop_data *d = data;
    loop_axpy(d->y, d->x, from, to);
}
static void skewed(int64_t from, int64_t to, void *data)
{
    loop_skewed(((loop_data *)data)->y, from, to);
}
static void fold(int64_t from, int64_t to, void *value, void *data)
{
    *(double *)value += loop_sum(((loop_data *)data)->x, from, to);
}
static void add(void *left, const void *right, void *data)
{
    (void)data;
    *(double *)left += *(const double *)right;
}

static void *start(const bench_config *config)
{
    state *s = malloc(sizeof *s);
    s->client = bench_open(config);
    s->data = loop_data_new(config);
    return s;
}

static void run(void *p, bench_sample *sample)
{
    static const double zero;
    static const bask_reduction sum_of = {.size = sizeof sum_of,
                                          .value_size = sizeof zero,
                                          .identity = &zero,
                                          .fold = fold,
                                          .combine = add};
    state *s = p;
    loop_data *d = &s->data;
    double sum = 0, begin = bench_now();
    if (d->shape == LOOP_FOR)
        bask_check(bask_for(s->client, 0, d->n, axpy, d));
    else if (d->shape == LOOP_REDUCE)
        bask_check(bask_reduce(s->client, 0, d->n, &sum_of, d, &sum));
    else
        bask_check(bask_for(s->client, 0, d->n, skewed, d));
    loop_report(sample, begin, d, sum);
}

static void stop(void *p)
{
    state *s = p;
    bask_close(s->client);
    loop_data_free(&s->data);
    free(s);
}

const bench_peer loop_bask = {"bask", start, run, stop};

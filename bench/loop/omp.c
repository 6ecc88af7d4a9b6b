/* SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"

/* As many pieces as other runtimes make at most: enough to balance, few enough to cost nothing. */
enum { PIECES = 1024 };

static void *start(const bench_config *config)
{
    loop_data *d = malloc(sizeof *d);
    *d = loop_data_new(config);
    return d;
}

static void run(void *state, bench_sample *sample)
{
    loop_data *d = state;
    int64_t n = d->n, piece = n / PIECES + 1;
    double sum = 0, begin = bench_now();
    if (d->shape == LOOP_FOR) {
#pragma omp parallel for schedule(static) num_threads(d->threads)
        for (int64_t i = 0; i < n; i += piece)
            loop_axpy(d->y, d->x, i, i + piece < n ? i + piece : n);
    } else if (d->shape == LOOP_REDUCE) {
#pragma omp parallel for schedule(static) num_threads(d->threads) reduction(+ : sum)
        for (int64_t i = 0; i < n; i += piece)
            sum += loop_sum(d->x, i, i + piece < n ? i + piece : n);
    } else {
#pragma omp parallel for schedule(guided) num_threads(d->threads)
        for (int64_t i = 0; i < n; i++)
            loop_skewed(d->y, i, i + 1);
    }
    loop_report(sample, begin, d, sum);
}

static void stop(void *state)
{
    loop_data_free(state);
    free(state);
}

const bench_peer loop_omp = {"omp", start, run, stop};

/* SPDX-License-Identifier: Apache-2.0 */
#include "../bask_start.h"
#include "cilksort.h"

BASK_KERNEL(void, merge, (cilksort_run, a), (cilksort_run, b), (int32_t *, to))
{
    if (a.n + b.n <= CILKSORT_LEAF) {
        cilksort_merge_leaf(a, b, to);
        return;
    }
    cilksort_halves halves = cilksort_split(a, b);
    bask_spawn(low, merge, halves.low[0], halves.low[1], to);
    bask_call(merge, halves.high[0], halves.high[1], to + halves.low[0].n + halves.low[1].n);
    bask_sync(low);
}

BASK_KERNEL(void, sort, (int32_t *, at), (int32_t *, spare), (size_t, n))
{
    if (n <= CILKSORT_LEAF) {
        cilksort_leaf(at, spare, n);
        return;
    }
    size_t q = n / 4, rest = n - 3 * q, half = 2 * q;
    bask_spawn(first, sort, at, spare, q);
    bask_spawn(second, sort, at + q, spare + q, q);
    bask_spawn(third, sort, at + half, spare + half, q);
    bask_call(sort, at + 3 * q, spare + 3 * q, rest);
    bask_sync(third);
    bask_sync(second);
    bask_sync(first);

    cilksort_run low[] = {{at, q}, {at + q, q}}, high[] = {{at + half, q}, {at + 3 * q, rest}};
    bask_spawn(merged, merge, low[0], low[1], spare);
    bask_call(merge, high[0], high[1], spare + half);
    bask_sync(merged);

    cilksort_run halves[] = {{spare, half}, {spare + half, n - half}};
    bask_call(merge, halves[0], halves[1], at);
}

typedef struct state {
    bask_client *client;
    cilksort_arrays arrays;
} state;

static void *start(const bench_config *config)
{
    state *s = malloc(sizeof *s);
    s->client = bench_open(config);
    s->arrays = cilksort_arrays_new(config);
    return s;
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    cilksort_fill(&s->arrays);
    double begin = bench_now();
    bask_check(bask_invoke(s->client, NULL, sort, s->arrays.at, s->arrays.spare, s->arrays.n));
    cilksort_report(sample, begin, &s->arrays);
}

static void stop(void *p)
{
    state *s = p;
    bask_close(s->client);
    cilksort_arrays_free(&s->arrays);
    free(s);
}

const bench_peer cilksort_bask = {"bask", start, run, stop};

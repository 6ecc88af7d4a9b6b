/* SPDX-License-Identifier: Apache-2.0 */
#include "../bask_start.h"
#include "fib.h"

BASK_KERNEL(long, fib, (long, n))
{
    if (n < 2)
        return n;
    bask_spawn(first, fib, n - 1);
    long second = bask_call(fib, n - 2);
    return bask_sync(first) + second;
}

typedef struct state {
    bask_client *client;
    long n;
} state;

static void *start(const bench_config *config)
{
    state *s = malloc(sizeof *s);
    s->client = bench_open(config);
    s->n = config->size;
    return s;
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    long result = 0;
    double begin = bench_now();
    bask_check(bask_invoke(s->client, &result, fib, s->n));
    fib_report(sample, begin, result, s->n);
}

static void stop(void *p)
{
    state *s = p;
    bask_close(s->client);
    free(s);
}

const bench_peer fib_bask = {"bask", start, run, stop};

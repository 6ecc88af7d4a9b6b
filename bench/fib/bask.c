/* SPDX-License-Identifier: Apache-2.0 */
#include "fib.h"

#include <bask/pool.h>

typedef struct child {
    bask_child base;
    long n, result;
} child;

static void run_child(bask_child *base);

static long fib(long n)
{
    if (n < 2)
        return n;
    child first = {.base.run = run_child, .n = n - 1};
    bask_fork(&first.base);
    long second = fib(n - 2);
    bask_join(&first.base);
    return first.result + second;
}

static void run_child(bask_child *base)
{
    child *c = (child *)base;
    c->result = fib(c->n);
}

typedef struct root {
    bask_job job;
    bask_latch done;
    bask_pool *pool;
    long n, result;
} root;

static void run_root(bask_job *job)
{
    root *r = (root *)job;
    r->result = fib(r->n);
    bask_latch_down(&r->done);
}

static void *start(const bench_config *config)
{
    root *r = malloc(sizeof *r);
    bask_pool_options options = {.size = sizeof options, .threads = config->threads};
    bask_check(bask_pool_start(&options, &r->pool));
    r->job.run = run_root;
    r->n = config->size;
    return r;
}

static void run(void *state, bench_sample *sample)
{
    root *r = state;
    double begin = bench_now();
    bask_latch_init(&r->done, r->pool, 1);
    bask_pool_submit(r->pool, &r->job);
    bask_latch_wait(&r->done);
    fib_report(sample, begin, r->result, r->n);
}

static void stop(void *state)
{
    root *r = state;
    bask_pool_stop(r->pool, NULL);
    free(r);
}

const bench_peer fib_bask = {"bask", start, run, stop};

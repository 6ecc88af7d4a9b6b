/* SPDX-License-Identifier: Apache-2.0 */
/* A job of the pool and a latch; and, as users meet it, a submitted kernel and its future. */
#include "../bask_start.h"
#include "latency.h"

BASK_KERNEL(int, nothing, (int, x))
{
    return x;
}

typedef struct state {
    const bench_config *config;
    bask_pool *pool;
    bask_client *client;
    bask_job job;
    bask_latch done;
} state;

static void run_job(bask_job *job)
{
    bask_latch_down(&((state *)((char *)job - offsetof(state, job)))->done);
}

static void *start_pool(const bench_config *config)
{
    state *s = calloc(1, sizeof *s);
    bask_pool_options options = {.size = sizeof options, .threads = config->threads};
    bask_check(bask_pool_start(&options, &s->pool));
    s->config = config;
    s->job.run = run_job;
    return s;
}

static void trip_job(void *p)
{
    state *s = p;
    bask_latch_init(&s->done, s->pool, 1);
    bask_pool_submit(s->pool, &s->job);
    bask_latch_wait(&s->done);
}

static void run_pool(void *p, bench_sample *sample)
{
    latency_measure(((state *)p)->config, trip_job, p, sample);
}

static void stop_pool(void *p)
{
    bask_pool_stop(((state *)p)->pool, NULL);
    free(p);
}

static void *start_client(const bench_config *config)
{
    state *s = calloc(1, sizeof *s);
    s->client = bench_open(config);
    s->config = config;
    return s;
}

static void trip_future(void *p)
{
    state *s = p;
    int x;
    bask_future *f = bask_submit(s->client, nothing, 1);
    bask_check(bask_result(f, &x));
    bask_future_free(f);
}

static void run_client(void *p, bench_sample *sample)
{
    latency_measure(((state *)p)->config, trip_future, p, sample);
}

static void stop_client(void *p)
{
    bask_close(((state *)p)->client);
    free(p);
}

const bench_peer latency_bask = {"bask", start_pool, run_pool, stop_pool};
const bench_peer latency_bask_future = {"bask-future", start_client, run_client, stop_client};

/* SPDX-License-Identifier: Apache-2.0 */
#include "idle.h"

#include <bask/pool.h>

typedef struct state {
    const bench_config *config;
    bench_sample *sample;
    bask_pool *pool;
    bask_job job;
    bask_latch done;
} state;

static void run_long(bask_job *job)
{
    state *s = (state *)((char *)job - offsetof(state, job));
    idle_work(s->config, s->sample);
    bask_latch_down(&s->done);
}

static void *start(const bench_config *config)
{
    state *s = calloc(1, sizeof *s);
    bask_pool_options options = {.size = sizeof options, .threads = config->threads};
    bask_check(bask_pool_start(&options, &s->pool));
    s->config = config;
    s->job.run = run_long;
    return s;
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    if (!idle_one_busy(s->config)) {
        idle_rest(s->config, sample);
        return;
    }
    s->sample = sample;
    bask_latch_init(&s->done, s->pool, 1);
    bask_pool_submit(s->pool, &s->job);
    bask_latch_wait(&s->done);
}

static void stop(void *p)
{
    bask_pool_stop(((state *)p)->pool, NULL);
    free(p);
}

const bench_peer idle_bask = {"bask", start, run, stop};

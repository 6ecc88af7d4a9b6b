/* SPDX-License-Identifier: Apache-2.0 */
#include "../starpu_start.h"
#include "latency.h"

#include <starpu.h>
#include <stdlib.h>

static void nothing(void *buffers[], void *argument)
{
    (void)buffers;
    (void)argument;
}

static struct starpu_codelet codelet = {.cpu_funcs = {nothing}, .where = STARPU_CPU};

static void *start(const bench_config *config)
{
    return bench_starpu_start(config->threads) ? (void *)(uintptr_t)config : NULL;
}

static void trip(void *state)
{
    (void)state;
    struct starpu_task *task = starpu_task_create();
    task->cl = &codelet;
    task->detach = 0;
    task->destroy = 0;
    if (starpu_task_submit(task) != 0)
        exit(EXIT_FAILURE);
    if (starpu_task_wait(task) != 0)
        exit(EXIT_FAILURE);
    starpu_task_destroy(task);
}

static void run(void *state, bench_sample *sample)
{
    latency_measure(state, trip, state, sample);
}

static void stop(void *state)
{
    (void)state;
    starpu_shutdown();
}

const bench_peer latency_starpu = {"starpu", start, run, stop};

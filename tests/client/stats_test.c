/* SPDX-License-Identifier: Apache-2.0 */
/* The number of tasks is that of the kernels that were called, on every kind of cluster. */
#include "support/clusters.h"

static _Atomic uint64_t calls;

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    atomic_fetch_add(&calls, 1);
    return x + 1;
}
BASK_KERNEL(int64_t, fails, (int64_t, x))
{
    atomic_fetch_add(&calls, 1);
    bask_fail(BASK_EKERNEL, "always");
    return x;
}

static void wait_for(bask_future *f)
{
    cr_assert_eq(bask_wait(&f, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    bask_future_free(f);
}

static void work(bask_client *c)
{
    enum { N = 1000 };
    bask_graph *g = bask_graph_new(c);
    bask_delayed *out[N + 1];
    bask_future *f[N + 1], *chain = bask_submit(c, inc, 0);
    bask_plan *plan;
    for (int i = 0; i < N; i++)
        out[i] = bask_delay(g, inc, i);
    out[N] = bask_delay(g, inc, bask_delay(g, fails, 0)); /* one that does not run */
    cr_assert_eq(bask_compute(c, out, N + 1, f), BASK_OK);
    for (int i = 0; i <= N; i++)
        wait_for(f[i]);
    cr_assert_eq(bask_plan_new(c, out, N, &plan), BASK_OK);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(bask_plan_run(plan), BASK_OK);
    bask_plan_free(plan);
    bask_graph_free(g);
    for (int i = 0; i < N; i++) {
        bask_future *more = bask_submit(c, inc, chain);
        bask_future_free(chain);
        chain = more;
    }
    wait_for(chain);
    bask_future *failed = bask_submit(c, fails, 0);
    wait_for(bask_submit(c, inc, failed)); /* one more that does not run */
    bask_future_free(failed);
}

static uint64_t tasks_of(bask_client *c)
{
    bask_pool_stats stats;
    bask_client_stats(c, &stats);
    return stats.tasks;
}

Test(stats, tasks_of_one_worker)
{
    bask_client *client = open_client("threads://1");
    work(client);
    cr_assert_eq(tasks_of(client), atomic_load(&calls));
    bask_close(client);
}

Test(stats, tasks_of_the_caller)
{
    bask_client *client = open_client("sync://");
    work(client);
    cr_assert_eq(tasks_of(client), atomic_load(&calls));
    bask_close(client);
}

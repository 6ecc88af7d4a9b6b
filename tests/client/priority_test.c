/* SPDX-License-Identifier: Apache-2.0 */
/* What starts first. One worker, kept busy until all is submitted, tells. */
#include "support/clusters.h"
#include <sched.h>

static _Atomic int entered, open_gate, started;
static _Atomic int64_t order[10000];

BASK_KERNEL(int64_t, at_gate, (int64_t, x))
{
    atomic_fetch_add(&entered, 1);
    while (!atomic_load(&open_gate))
        ;
    return x;
}
BASK_KERNEL(int64_t, notes, (int64_t, x))
{
    atomic_store(&order[atomic_fetch_add(&started, 1)], x);
    return x;
}

static bask_future *occupy(bask_client *c)
{
    bask_future *f = bask_submit(c, at_gate, 1);
    while (!atomic_load(&entered))
        ;
    return f;
}
static bask_future *submit_at(bask_client *c, int priority, int64_t x)
{
    bask_task_options o = {.size = sizeof o, .priority = priority};
    return bask_submit_with(c, &o, notes, x);
}

Test(priority, the_higher_starts_first)
{
    enum { EACH = 20, BANDS = 17 };
    bask_client *c = open_client("threads://1");
    bask_future *f[EACH * BANDS + 1];
    int n = 0;
    f[n++] = occupy(c);
    for (int i = 0; i < EACH; i++)
        for (int band = 0; band < BANDS; band++) {
            int priority = band * 5 % BANDS - 8; /* each, in no order */
            f[n] = submit_at(c, priority, -priority * 1000 + i);
            cr_assert_not_null(f[n++], "%s", bask_last_error());
        }
    atomic_store(&open_gate, 1);
    cr_assert_eq(bask_wait(f, (size_t)n, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    for (int i = 0; i < n; i++)
        bask_future_free(f[i]);
    bask_close(c);
    for (int i = 0; i + 1 < n - 1; i++)
        cr_assert_lt(atomic_load(&order[i]), atomic_load(&order[i + 1]), "%d: %ld %ld", i,
                     (long)atomic_load(&order[i]), (long)atomic_load(&order[i + 1]));
}

Test(priority, of_computes)
{
    bask_client *c = open_client("threads://1");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d[4];
    bask_future *f[6];
    int priorities[] = {-1, 0, 3, 8};
    f[0] = occupy(c);
    for (int i = 0; i < 4; i++) {
        bask_compute_options o = {.size = sizeof o, .priority = priorities[i]};
        d[i] = bask_delay(g, notes, priorities[i]);
        cr_assert_eq(bask_compute_with(c, &d[i], 1, &f[1 + i], &o), BASK_OK);
    }
    f[5] = submit_at(c, 5, 5);
    atomic_store(&open_gate, 1);
    cr_assert_eq(bask_wait(f, 6, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    int64_t want[] = {8, 5, 3, 0, -1};
    for (int i = 0; i < 5; i++)
        cr_assert_eq(atomic_load(&order[i]), want[i], "%d: %ld", i, (long)atomic_load(&order[i]));
    for (int i = 0; i < 6; i++)
        bask_future_free(f[i]);
    bask_compute_options o = {.size = sizeof o, .priority = 9};
    cr_assert_eq(bask_compute_with(c, d, 1, f, &o), BASK_EINVAL);
    cr_assert(strstr(bask_last_error(), "priority is 9"), "%s", bask_last_error());
    cr_assert_null(submit_at(c, -9, 1));
    cr_assert(strstr(bask_last_error(), "priority is -9"), "%s", bask_last_error());
    bask_graph_free(g);
    bask_close(c);
}

static void all_run(bask_client *c)
{
    enum { N = 2000 };
    static bask_future *f[N];
    for (int i = 0; i < N; i++)
        f[i] = submit_at(c, i % 17 - 8, i);
    for (int i = 0; i < N; i++) {
        int64_t x = -1;
        cr_assert_eq(bask_result(f[i], &x), BASK_OK);
        cr_assert_eq(x, i);
        bask_future_free(f[i]);
    }
    atomic_store(&started, 0);
    for (int i = 0; i < N; i++) /* as the client closes */
        bask_future_free(submit_at(c, i % 17 - 8, i));
}
Test(priority, all_of_them_run)
{
    for (int i = 0; i < 10; i++) {
        each_cluster(all_run);
        atomic_store(&started, 0);
    }
}

/* Each submits the next one, of another priority, from inside the pool. */
static bask_client *client;
BASK_KERNEL(int64_t, goes_on, (int64_t, n))
{
    if (n == 0)
        atomic_store(&open_gate, 1);
    else {
        bask_task_options o = {.size = sizeof o, .priority = (int)(n % 17) - 8};
        bask_future_free(bask_submit_with(client, &o, goes_on, n - 1));
    }
    return n;
}
Test(priority, a_worker_that_sleeps_is_woken_for_it)
{
    client = open_client("threads://2");
    for (int i = 0; i < 20; i++) {
        atomic_store(&open_gate, 0);
        bask_future_free(bask_submit(client, goes_on, 500));
        while (!atomic_load(&open_gate))
            sched_yield();
    }
    bask_close(client);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The walk of a single worker: what it runs, and that others get their turn meanwhile. */
#include "support/clusters.h"

static _Atomic int64_t steps;
static _Atomic int told;

BASK_KERNEL(int64_t, until_told, (int64_t, x))
{
    while (!atomic_load(&told))
        ;
    return x;
}
BASK_KERNEL(int64_t, step, (int64_t, x))
{
    atomic_fetch_add_explicit(&steps, 1, memory_order_relaxed);
    return x + 1;
}
BASK_KERNEL(int64_t, steps_so_far, (int64_t, x))
{
    return x + atomic_load(&steps);
}

static void start(bask_client *c, bask_delayed *d, bask_future **f)
{
    cr_assert_eq(bask_compute(c, &d, 1, f), BASK_OK, "%s", bask_last_error());
}

static int64_t take(bask_future *f)
{
    int64_t x = -1;
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    bask_future_free(f);
    return x;
}

Test(walk, what_is_submitted_meanwhile_gets_its_turn)
{
    enum { N = 100000 };
    bask_client *c = open_client("threads://1");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, until_told, 0);
    for (int i = 0; i < N; i++)
        d = bask_delay(g, step, d);
    bask_future *all, *again;
    start(c, d, &all);
    bask_future *meanwhile = bask_submit(c, steps_so_far, 0);
    start(c, d, &again); /* two walks of one graph take turns */
    atomic_store(&told, 1);
    cr_assert_lt(take(meanwhile), N, "the first look comes after one node");
    cr_assert_eq(take(all), N);
    cr_assert_eq(take(again), N);
    cr_assert_eq(atomic_load(&steps), 2 * N);
    bask_graph_free(g);
    bask_close(c);
}

Test(walk, runs_only_what_is_wanted)
{
    bask_client *c = open_client("threads://1");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d[1000];
    bask_future *f;
    for (int i = 0; i < 1000; i++)
        d[i] = i < 2 ? bask_delay(g, step, i) : bask_delay(g, step, d[i - 2]);
    start(c, d[500], &f);
    cr_assert_eq(take(f), 251);
    cr_assert_eq(atomic_load(&steps), 251);
    bask_graph_free(g);
    bask_close(c);
}

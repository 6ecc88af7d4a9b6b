/* SPDX-License-Identifier: Apache-2.0 */
/* A graph that is extended, computed again and freed while it runs. */
#include "support/clusters.h"
#include "support/draw.h"
#include <pthread.h>

static _Atomic int64_t calls;
static _Atomic int gate;

BASK_KERNEL(int64_t, leaf, (int64_t, x))
{
    return x;
}
BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
    return x + 1;
}
BASK_KERNEL(int64_t, five, (int64_t, a), (int64_t, b), (int64_t, c), (int64_t, d), (int64_t, e))
{
    return a + b + c + d + e;
}
BASK_KERNEL(int64_t, at_gate, (int64_t, x))
{
    while (!atomic_load(&gate))
        ;
    return x;
}
BASK_KERNEL_UNTYPED(int64_t, total)
{
    int64_t sum = 0, x;
    for (size_t i = 0; i < bask_task_argument_count(task); i++) {
        bask_status status = bask_task_int64(task, i, &x);
        if (status != BASK_OK)
            return status;
        sum += x;
    }
    return bask_return(task, &sum);
}

static bask_future *compute(bask_client *c, bask_delayed *d)
{
    bask_future *f;
    cr_assert_eq(bask_compute(c, &d, 1, &f), BASK_OK, "%s", bask_last_error());
    return f;
}

static int64_t take(bask_future *f)
{
    int64_t x = -1;
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    bask_future_free(f);
    return x;
}

/* ---- consumers are added to nodes that are running ---- */

static void extend(bask_client *c, uint64_t *seed)
{
    enum { ARGUMENTS = 30, MOST = 500 };
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d[MOST], *more = NULL;
    bask_arg args[ARGUMENTS];
    unsigned n = 2 + draw(seed, MOST - 2);
    d[0] = bask_delay(g, leaf, 0);
    for (unsigned i = 1; i < n; i++)
        d[i] = bask_delay(g, inc, d[i - 1]);
    atomic_store(&calls, 0);
    bask_future *first = compute(c, d[n - 1]);
    int64_t want = 0;
    for (unsigned i = 0; i < MOST; i++) {
        unsigned a = draw(seed, n), b = draw(seed, n);
        more = bask_delay(g, five, 1, d[a], 1, d[b], d[a]);
        want = 2 + 2 * (int64_t)a + b;
        unsigned count = 1 + draw(seed, ARGUMENTS - 1);
        for (unsigned k = 0; k < count; k++) {
            args[k] = bask_arg_delayed(d[a = draw(seed, n)]);
            want += a;
        }
        args[count++] = bask_arg_delayed(more);
        more = bask_delay_array(g, &total_kernel, args, count);
    }
    cr_assert_eq(take(first), n - 1);
    cr_assert_eq(atomic_load(&calls), n - 1, "later nodes take no part");
    cr_assert_eq(take(compute(c, more)), want);
    bask_graph_free(g);
}

static void extend_often(bask_client *c)
{
    uint64_t seed = DRAW_SEED;
    for (int i = 0; i < 150; i++)
        extend(c, &seed);
}
Test(grow, consumers_of_running_nodes)
{
    each_cluster(extend_often);
}

Test(grow, tables_are_outgrown_while_a_node_runs)
{
    enum { MANY = 1500000 }; /* more than sixteen slabs */
    bask_client *c = open_client("threads://2");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *hub = bask_delay(g, at_gate, 1), *old = bask_delay(g, inc, hub);
    bask_future *f = compute(c, old);
    bask_delayed *last = NULL;
    for (int i = 0; i < MANY; i++)
        last = bask_delay(g, inc, i % 2 ? hub : last ? last : hub);
    bask_future *f2 = compute(c, last);
    cr_assert_eq(bask_future_state(f), BASK_PENDING);
    atomic_store(&gate, 1);
    cr_assert_eq(take(f), 2);
    cr_assert_eq(take(f2), 2);
    bask_graph_free(g);
    bask_close(c);
}

/* ---- a plan is run again and again meanwhile ---- */

BASK_KERNEL(int64_t, fails_at_times, (int64_t, x))
{
    static _Atomic unsigned runs;
    if (atomic_fetch_add(&runs, 1) % 2)
        bask_fail(BASK_EKERNEL, "this time");
    return x;
}

static void *run_plan(void *plan)
{
    for (int i = 0; i < 100; i++) {
        int64_t x = -1;
        bask_status status = bask_plan_run(plan);
        if (status != (i % 2 ? BASK_EUPSTREAM : BASK_OK) ||
            bask_plan_result((bask_plan *)plan, 0, &x) != status || (status == BASK_OK && x != 2))
            return plan;
    }
    return NULL;
}

Test(grow, a_plan_is_run_meanwhile)
{
    bask_client *c = open_client("threads://2");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, fails_at_times, 1), *out = bask_delay(g, inc, d);
    bask_plan *plan;
    cr_assert_eq(bask_plan_new(c, &out, 1, &plan), BASK_OK);
    pthread_t runner;
    pthread_create(&runner, NULL, run_plan, plan);
    for (int i = 0; i < 100000; i++)
        (void)bask_delay(g, five, 1, 2, d, out, d);
    void *failed;
    pthread_join(runner, &failed);
    cr_assert_null(failed);
    cr_assert_eq(bask_plan_size(plan), 2);
    bask_plan_free(plan);
    bask_graph_free(g);
    bask_close(c);
}

/* ---- from inside ---- */

static bask_client *client;
static bask_graph *growing;

BASK_KERNEL(int64_t, grows_its_own_graph, (int64_t, depth))
{
    if (depth == 0)
        return 0;
    bask_delayed *d = bask_delay(growing, inc, bask_delay(growing, grows_its_own_graph, depth - 1));
    bask_future *f;
    int64_t x = -1;
    if (bask_compute(client, &d, 1, &f) != BASK_OK || bask_result(f, &x) != BASK_OK)
        bask_fail(BASK_EKERNEL, "%s", bask_last_error());
    bask_future_free(f);
    return x;
}

static void grow_from_inside(bask_client *c)
{
    client = c;
    growing = bask_graph_new(c);
    bask_delayed *d = bask_delay(growing, grows_its_own_graph, 20);
    cr_assert_eq(take(compute(c, d)), 20);
    cr_assert_eq(bask_graph_size(growing), 41);
    bask_graph_free(growing);
}
Test(grow, tasks_extend_their_own_graph)
{
    each_cluster(grow_from_inside);
}

/* ---- freed while it runs ---- */

static void free_early(bask_client *c)
{
    for (int round = 0; round < 300; round++) {
        bask_graph *g = bask_graph_new(c);
        bask_delayed *d = bask_delay(g, leaf, round);
        for (int i = 0; i < 200; i++)
            d = bask_delay(g, inc, d);
        bask_future *f = compute(c, d), *again = compute(c, d);
        bask_graph_free(g);
        if (round % 2) {
            bask_future_free(f);
        } else {
            cr_assert_eq(take(f), round + 200);
        }
        cr_assert_eq(take(again), round + 200);
    }
}
Test(grow, freed_while_it_runs_twice)
{
    each_cluster(free_early);
}

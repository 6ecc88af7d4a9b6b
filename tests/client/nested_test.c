/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks that start work and wait for it, on any number of workers: they never block for ever, and
 * the stack does not grow with the number of tasks. The time limits only end a test that hangs. */
#include "support/clusters.h"

#define NESTED_TEST(name) Test(nested, name, .timeout = 300)

static bask_client *client, *other;
static _Atomic int64_t calls;

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    atomic_fetch_add(&calls, 1);
    return x + 1;
}
BASK_KERNEL(int64_t, add, (int64_t, x), (int64_t, y))
{
    return x + y;
}

/* Inside a task: the value, or the task fails with the reason. */
static int64_t take(bask_future *f)
{
    int64_t x = -1;
    bask_status status = bask_result(f, &x);
    if (status != BASK_OK)
        bask_fail(status, "%s", bask_last_error());
    bask_future_free(f);
    return x;
}

static void assert_value(bask_future *f, int64_t want)
{
    int64_t x = -1;
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(x, want, "%ld, not %ld", (long)x, (long)want);
    bask_future_free(f);
}

static void on_each_cluster(void (*check)(void))
{
    static const char *const clusters[] = {"threads://1", "threads://2", "threads://8", "sync://"};
    for (size_t i = 0; i < sizeof clusters / sizeof clusters[0]; i++) {
        client = open_client(clusters[i]);
        check();
        bask_close(client);
    }
}

/* ---- submit ---- */

BASK_KERNEL(int64_t, waits_for_its_child, (int64_t, x))
{
    return take(bask_submit(client, inc, x));
}

NESTED_TEST(many_waiting_tasks_need_little_stack)
{
    enum { N = 10000 };
    static const char *const clusters[] = {"threads://1?stack=1M", "threads://2?stack=1M",
                                           "threads://8?stack=1M"};
    static bask_future *f[N];
    for (size_t i = 0; i < sizeof clusters / sizeof clusters[0]; i++) {
        client = open_client(clusters[i]);
        for (int64_t k = 0; k < N; k++)
            f[k] = bask_submit(client, waits_for_its_child, k);
        for (int64_t k = 0; k < N; k++)
            assert_value(f[k], k + 1);
        bask_close(client);
    }
}

BASK_KERNEL(int64_t, fib, (int64_t, n))
{
    if (n < 2)
        return n;
    bask_future *a = bask_submit(client, fib, n - 1), *b = bask_submit(client, fib, n - 2);
    int64_t x = take(a);
    return x + take(b);
}

static void fibonacci(void)
{
    assert_value(bask_submit(client, fib, 15), 610);
}
NESTED_TEST(tasks_of_tasks)
{
    on_each_cluster(fibonacci);
}

BASK_KERNEL(int64_t, waits_for_any, (int64_t, n))
{
    enum { CHILDREN = 5 };
    bask_future *f[CHILDREN];
    size_t left = CHILDREN, which;
    int64_t sum = 0;
    for (int64_t i = 0; i < CHILDREN; i++)
        f[i] = n > 0 ? bask_submit(client, waits_for_any, n - 1) : bask_submit(client, inc, i);
    while (left) {
        if (bask_wait(f, left, BASK_ANY, BASK_FOREVER, &which) != BASK_OK)
            return bask_fail(BASK_EKERNEL, "%s", bask_last_error());
        sum += take(f[which]);
        f[which] = f[--left];
    }
    return sum;
}

static void any(void)
{
    assert_value(bask_submit(client, waits_for_any, 3), 125 * 15);
}
NESTED_TEST(waiting_for_any)
{
    on_each_cluster(any);
}

/* ---- graphs and plans ---- */

BASK_KERNEL(int64_t, computes, (int64_t, depth))
{
    enum { WIDTH = 6 };
    bask_graph *g = bask_graph_new(client);
    bask_delayed *d[WIDTH], *sum = NULL;
    for (int64_t i = 0; i < WIDTH; i++) {
        d[i] = depth ? bask_delay(g, computes, depth - 1) : bask_delay(g, inc, i);
        sum = sum ? bask_delay(g, add, sum, d[i]) : d[i];
    }
    bask_future *f[2];
    int64_t x = -1;
    if (bask_compute_sync(client, (bask_delayed *[]){sum, d[0]}, 2, f) == BASK_OK &&
        bask_result(f[0], &x) != BASK_OK)
        bask_fail(BASK_EKERNEL, "%s", bask_last_error());
    bask_future_free(f[0]);
    bask_future_free(f[1]);
    bask_graph_free(g);
    return x;
}

static void graphs(void)
{
    assert_value(bask_submit(client, computes, 3), 216 * 21);
}
NESTED_TEST(graphs_in_tasks)
{
    on_each_cluster(graphs);
}

BASK_KERNEL(int64_t, runs_a_plan, (int64_t, depth))
{
    bask_graph *g = bask_graph_new(client);
    bask_delayed *d = depth ? bask_delay(g, runs_a_plan, depth - 1) : bask_delay(g, inc, 0);
    bask_delayed *out[] = {bask_delay(g, add, d, bask_delay(g, inc, 9)), d};
    bask_plan *plan;
    int64_t sum = 0, x;
    bask_status status = bask_plan_new(client, out, 2, &plan);
    for (int i = 0; i < 3 && status == BASK_OK; i++) {
        status = bask_plan_run(plan);
        if (status == BASK_OK)
            status = bask_plan_result(plan, 0, &x);
        sum += x;
    }
    if (status != BASK_OK)
        bask_fail(status, "%s", bask_last_error());
    bask_plan_free(plan);
    bask_graph_free(g);
    return sum;
}

static void plans(void)
{
    int64_t want = 1;
    for (int i = 0; i < 5; i++)
        want = 3 * (want + 10);
    assert_value(bask_submit(client, runs_a_plan, 4), want);
}
NESTED_TEST(plans_in_tasks)
{
    on_each_cluster(plans);
}

/* ---- starting work without waiting for it ---- */

static _Atomic int64_t steps;

BASK_KERNEL(int64_t, nothing, (int64_t, x))
{
    return x;
}
/* The next step is a task of its own, or one of the first of several in a graph. */
BASK_KERNEL(int64_t, goes_on, (int64_t, left))
{
    bask_future *f[3] = {NULL};
    atomic_fetch_add(&steps, 1);
    if (left % 2) {
        f[0] = bask_submit(client, goes_on, left - 1);
    } else if (left) {
        bask_graph *g = bask_graph_new(client);
        bask_delayed *d[] = {bask_delay(g, goes_on, left - 1), bask_delay(g, nothing, 1),
                             bask_delay(g, nothing, 2)};
        bask_status status = bask_compute(client, d, 3, f);
        if (status != BASK_OK)
            bask_fail(status, "%s", bask_last_error());
        bask_graph_free(g);
    }
    for (int i = 0; i < 3; i++)
        bask_future_free(f[i]);
    return left;
}

NESTED_TEST(a_long_chain_of_tasks_needs_little_stack)
{
    enum { N = 20000 };
    static const char *const clusters[] = {"threads://1?stack=256K", "threads://2?stack=256K",
                                           "threads://8?stack=256K"};
    for (size_t i = 0; i < sizeof clusters / sizeof clusters[0]; i++) {
        client = open_client(clusters[i]);
        atomic_store(&steps, 0);
        assert_value(bask_submit(client, goes_on, N), N);
        while (atomic_load(&steps) < N + 1)
            ;
        bask_close(client);
    }
}

static _Atomic int told;
BASK_KERNEL(int64_t, until_told, (int64_t, x))
{
    while (!atomic_load(&told))
        ;
    return x;
}
BASK_KERNEL(int64_t, starts_until_told, (int64_t, x))
{
    bask_future_free(bask_submit(client, until_told, x));
    return x;
}

/* For a worker of another client, which does not help and so cannot be caught in until_told. */
BASK_KERNEL(int64_t, runs_and_tells, (int64_t, roots))
{
    bask_graph *g = bask_graph_new(client);
    bask_delayed *d[] = {bask_delay(g, starts_until_told, 1), bask_delay(g, nothing, 2),
                         bask_delay(g, nothing, 3)};
    bask_plan *plan;
    bask_status status = bask_plan_new(client, d, (size_t)roots, &plan);
    if (status == BASK_OK)
        status = bask_plan_run(plan);
    if (status != BASK_OK)
        bask_fail(status, "%s", bask_last_error());
    atomic_store(&told, 1);
    bask_plan_free(plan);
    bask_graph_free(g);
    return roots;
}

/* A worker that ran what its tasks have started first would never say that the plan is done. */
NESTED_TEST(a_run_ends_before_the_work_that_it_started)
{
    static const char *const clusters[] = {"threads://1", "threads://2", "threads://8"};
    other = open_client("threads://1");
    for (size_t i = 0; i < sizeof clusters / sizeof clusters[0]; i++) {
        int64_t roots = i == 0 ? 1 : 3; /* one worker may be caught before it comes to the others */
        client = open_client(clusters[i]);
        atomic_store(&told, 0);
        assert_value(bask_submit(other, runs_and_tells, roots), roots);
        bask_close(client);
    }
    bask_close(other);
}

/* ---- failures come up through the levels ---- */

BASK_KERNEL(int64_t, fails_at_the_bottom, (int64_t, depth))
{
    if (depth == 0) {
        bask_fail(BASK_EIO, "the bottom");
        return 0;
    }
    return take(bask_submit(client, fails_at_the_bottom, depth - 1));
}

static void failure(void)
{
    bask_future *f = bask_submit(client, fails_at_the_bottom, 10);
    int64_t x;
    cr_assert_eq(bask_result(f, &x), BASK_EIO);
    cr_assert(strstr(bask_future_error(f), "the bottom"), "%s", bask_future_error(f));
    bask_future_free(f);
}
NESTED_TEST(failures_come_up)
{
    on_each_cluster(failure);
}

/* ---- two clients ---- */

/* Down a ladder whose rungs belong to the two clients in turn. */
BASK_KERNEL(int64_t, ladder, (int64_t, depth))
{
    bask_client *next = depth % 2 ? client : other;
    return depth ? 1 + take(bask_submit(next, ladder, depth - 1)) : 0;
}
BASK_KERNEL(int64_t, ladder_of_plans, (int64_t, depth))
{
    bask_client *next = depth % 2 ? client : other;
    if (depth == 0)
        return 0;
    bask_graph *g = bask_graph_new(next);
    bask_delayed *d = bask_delay(g, inc, bask_delay(g, ladder_of_plans, depth - 1));
    bask_plan *plan;
    int64_t x = -1;
    if (bask_plan_new(next, &d, 1, &plan) != BASK_OK || bask_plan_run(plan) != BASK_OK ||
        bask_plan_result(plan, 0, &x) != BASK_OK)
        bask_fail(BASK_EKERNEL, "%s", bask_last_error());
    bask_plan_free(plan);
    bask_graph_free(g);
    return x;
}
BASK_KERNEL(int64_t, ladder_of_graphs, (int64_t, depth))
{
    bask_client *next = depth % 2 ? client : other;
    if (depth == 0)
        return 0;
    bask_graph *g = bask_graph_new(next);
    bask_delayed *d = bask_delay(g, inc, bask_delay(g, ladder_of_graphs, depth - 1));
    bask_future *f;
    if (bask_compute_sync(next, &d, 1, &f) != BASK_OK)
        bask_fail(BASK_EKERNEL, "%s", bask_last_error());
    bask_graph_free(g);
    return take(f);
}

typedef struct pair {
    const char *one, *two;
} pair;

static const pair pairs[] = {{"threads://1", "threads://1"},
                             {"threads://2", "threads://1"},
                             {"threads://1", "sync://"},
                             {"sync://", "threads://8"},
                             {"threads://8", "threads://2"}};

static void on_each_pair(void (*check)(void))
{
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        client = open_client(pairs[i].one);
        other = open_client(pairs[i].two);
        check();
        bask_close(client);
        bask_close(other);
    }
}

static void ladders(void)
{
    enum { RUNGS = 10, MANY = 50 };
    bask_future *f[MANY];
    for (int i = 0; i < MANY; i++)
        f[i] = i % 3 == 0   ? bask_submit(client, ladder, RUNGS)
               : i % 3 == 1 ? bask_submit(client, ladder_of_plans, RUNGS)
                            : bask_submit(client, ladder_of_graphs, RUNGS);
    for (int i = 0; i < MANY; i++)
        assert_value(f[i], RUNGS);
}
NESTED_TEST(tasks_of_two_clients_wait_for_each_other)
{
    on_each_pair(ladders);
}

static _Atomic int go, entered;
BASK_KERNEL(int64_t, spins_until_told, (int64_t, x))
{
    atomic_fetch_add(&entered, 1);
    while (!atomic_load(&go))
        ;
    return x;
}
static bask_future *spinning[2];
BASK_KERNEL(int64_t, waits_for_both_clients, (int64_t, x))
{
    size_t which = 9;
    bask_status status = bask_wait(spinning, 2, BASK_ANY, BASK_FOREVER, &which);
    if (status == BASK_OK)
        status = bask_wait(spinning, 2, BASK_ALL, BASK_FOREVER, NULL);
    if (status != BASK_OK)
        bask_fail(status, "%s", bask_last_error());
    return x + (which < 2);
}

static void both(void)
{
    if (bask_client_workers(client) < 2 || bask_client_address(other)[0] == 's')
        return; /* a worker spins while another one waits */
    for (int i = 0; i < 20; i++) {
        atomic_store(&go, 0);
        atomic_store(&entered, 0);
        spinning[0] = bask_submit(i % 2 ? other : client, spins_until_told, 1);
        spinning[1] = bask_submit(i % 2 ? client : other, spins_until_told, 2);
        while (atomic_load(&entered) < 2)
            ;
        bask_pool_stats before, now;
        bask_client_stats(client, &before);
        bask_future *f = bask_submit(client, waits_for_both_clients, i);
        do /* there is nothing for its worker to do: it goes to sleep */
            bask_client_stats(client, &now);
        while (now.parks == before.parks);
        atomic_store(&go, 1);
        assert_value(f, i + 1);
        bask_future_free(spinning[0]);
        bask_future_free(spinning[1]);
    }
}
NESTED_TEST(waiting_for_futures_of_two_clients)
{
    on_each_pair(both);
}

/* ---- not waiting ---- */

BASK_KERNEL(int64_t, looks_but_does_not_wait, (int64_t, x))
{
    bask_future *f = bask_submit(client, inc, x);
    int64_t y = -1;
    bask_status now = bask_result_timeout(f, &y, 0);
    bask_status any = bask_wait(&f, 1, BASK_ANY, 0, NULL),
                all = bask_wait(&f, 1, BASK_ALL, 0, NULL);
    int64_t ran = atomic_load(&calls);
    if (now != BASK_ETIMEDOUT || any != BASK_ETIMEDOUT || all != BASK_ETIMEDOUT)
        bask_fail(BASK_EKERNEL, "it was waited for");
    return take(f) - x + 10 * ran;
}

NESTED_TEST(a_timeout_of_zero_does_not_even_help)
{
    client = open_client("threads://1");
    assert_value(bask_submit(client, looks_but_does_not_wait, 7), 1);
    bask_close(client);
}

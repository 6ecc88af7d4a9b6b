/* SPDX-License-Identifier: Apache-2.0 */
/* Submitted tasks: run once each, by the pool or where they are waited for. */
#include "client/core.h"
#include "support/clusters.h"

static bask_client *client;
static _Atomic int open_gate, calls[1000];
static _Atomic int64_t thread_of_waiter, same_thread;

BASK_KERNEL(int64_t, counted, (int64_t, i))
{
    atomic_fetch_add(&calls[i], 1);
    if (atomic_load(&thread_of_waiter) == (int64_t)pthread_self())
        atomic_fetch_add(&same_thread, 1);
    return i;
}
BASK_KERNEL(int64_t, at_gate, (int64_t, x))
{
    while (!atomic_load(&open_gate))
        ;
    return x;
}
BASK_KERNEL(int64_t, fails, (int64_t, x))
{
    bask_fail(BASK_EIO, "number %ld", (long)x);
    return 0;
}

static bool queue_is_empty(void)
{
    return !deque_nonempty(&worker_self(client->pool)->deque);
}

/* Runs a task on a worker of the client, and returns what it returns. */
#define RUN(kernel, ...)                                                                           \
    do {                                                                                           \
        int64_t result_ = -1;                                                                      \
        bask_future *future_ = bask_submit(client, kernel, __VA_ARGS__);                           \
        cr_assert_eq(bask_result(future_, &result_), BASK_OK, "%s", bask_last_error());            \
        cr_assert_eq(result_, 0, "line %ld", (long)result_);                                       \
        bask_future_free(future_);                                                                 \
    } while (0)
#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return __LINE__;                                                                       \
    } while (0)

/* ---- run where it is waited for ---- */

BASK_KERNEL(int64_t, waits_for_one, (int64_t, i))
{
    int64_t x = -1;
    atomic_store(&thread_of_waiter, (int64_t)pthread_self());
    bask_future *f = bask_submit(client, counted, i);
    HOLDS(future_run_here(f));
    HOLDS(atomic_load(&calls[i]) == 1 && atomic_load(&same_thread) == 1);
    HOLDS(!future_run_here(f));
    HOLDS(bask_result(f, &x) == BASK_OK && x == i);
    HOLDS(queue_is_empty());
    bask_future_free(f);
    return 0;
}
Test(submit, a_waiting_worker_runs_the_task_itself)
{
    client = open_client("threads://1");
    RUN(waits_for_one, 7);
    bask_close(client);
    cr_assert_eq(atomic_load(&calls[7]), 1);
}

BASK_KERNEL(int64_t, waits_in_vain, (int64_t, x))
{
    bask_future *first = bask_submit(client, counted, x),
                *then = bask_submit(client, counted, first);
    bask_graph *g = bask_graph_new(client);
    bask_delayed *d = bask_delay(g, counted, x + 1);
    bask_future *computed;
    HOLDS(bask_compute(client, &d, 1, &computed) == BASK_OK);
    HOLDS(!future_run_here(then));
    HOLDS(!future_run_here(computed));
    HOLDS(future_run_here(first));
    HOLDS(future_run_here(then));
    HOLDS(!future_run_here(then));
    bask_future_free(first);
    bask_future_free(then);
    bask_future_free(computed);
    bask_graph_free(g);
    return 0;
}
Test(submit, only_a_task_whose_arguments_are_there_runs_where_it_is_waited_for)
{
    client = open_client("threads://1");
    RUN(waits_in_vain, 7);
    bask_future *f = bask_submit(client, at_gate, 1);
    cr_assert_not(future_run_here(f), "this thread is no worker");
    atomic_store(&open_gate, 1);
    bask_future_free(f);
    bask_close(client);
    cr_assert_eq(atomic_load(&calls[7]), 2);
}

/* What was claimed lies in the queue below the rest, but no longer than that. */
BASK_KERNEL(int64_t, waits_in_the_order_of_submission, (int64_t, n))
{
    bask_future *f[1000];
    for (int64_t i = 0; i < n; i++)
        f[i] = bask_submit(client, counted, i);
    for (int64_t i = 0; i < n; i++) {
        HOLDS(future_run_here(f[i]));
        HOLDS(bask_future_state(f[i]) == BASK_FINISHED);
        bask_future_free(f[i]);
        HOLDS(queue_is_empty() == (i == n - 1));
    }
    return 0;
}
Test(submit, claimed_tasks_leave_the_queue)
{
    bask_pool_stats stats;
    client = open_client("threads://1");
    RUN(waits_in_the_order_of_submission, 1000);
    bask_client_stats(client, &stats);
    cr_assert_eq(stats.tasks, 1001, "%lu", (unsigned long)stats.tasks);
    bask_close(client);
}

BASK_KERNEL(int64_t, claims_and_leaves, (int64_t, n))
{
    bask_future *f[2] = {bask_submit(client, counted, n), bask_submit(client, fails, n)};
    HOLDS(future_run_here(f[0]));
    bask_future_free(f[0]);
    bask_future_free(f[1]);
    return 0;
}
Test(submit, what_was_claimed_and_left_in_the_queue_is_not_run_again)
{
    bask_pool_stats stats;
    client = open_client("threads://1");
    for (int i = 0; i < 10; i++)
        RUN(claims_and_leaves, i);
    RUN(waits_for_one, 10);
    bask_client_stats(client, &stats);
    cr_assert_eq(stats.tasks, 32, "%lu", (unsigned long)stats.tasks);
    bask_close(client);
    for (int i = 0; i <= 10; i++)
        cr_assert_eq(atomic_load(&calls[i]), 1);
}

BASK_KERNEL(int64_t, competes, (int64_t, n))
{
    bask_future *f[1000];
    for (int64_t i = 0; i < n; i++)
        f[i] = bask_submit(client, counted, i);
    for (int64_t i = n; i-- > 0;) {
        int64_t x = -1;
        if (future_run_here(f[i]))
            HOLDS(bask_future_done(f[i]));
        HOLDS(bask_result(f[i], &x) == BASK_OK && x == i);
        bask_future_free(f[i]);
    }
    return 0;
}
Test(submit, of_all_who_want_to_run_a_task_one_does)
{
    enum { ROUNDS = 30 };
    client = open_client("threads://8");
    for (int round = 0; round < ROUNDS; round++)
        RUN(competes, 1000);
    bask_close(client);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(atomic_load(&calls[i]), ROUNDS);
}

BASK_KERNEL(int64_t, waits_for_unhappy_ones, (int64_t, x))
{
    bask_future *bad = bask_submit(client, fails, x), *after = bask_submit(client, counted, bad),
                *unwanted = bask_submit(client, counted, x);
    bask_cancel(unwanted);
    HOLDS(future_run_here(bad));
    HOLDS(bask_future_status(bad) == BASK_EIO);
    HOLDS(future_run_here(after));
    HOLDS(bask_future_status(after) == BASK_EUPSTREAM);
    HOLDS(future_run_here(unwanted));
    HOLDS(bask_future_state(unwanted) == BASK_CANCELLED);
    bask_future_free(bad);
    bask_future_free(after);
    bask_future_free(unwanted);
    return 0;
}
Test(submit, failed_and_cancelled_tasks_run_here_too)
{
    client = open_client("threads://1");
    RUN(waits_for_unhappy_ones, 5);
    bask_close(client);
    cr_assert_eq(atomic_load(&calls[5]), 0);
}

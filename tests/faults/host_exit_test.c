/* SPDX-License-Identifier: Apache-2.0 */
/* The ways in which a host ends with a client open. Each is tried in a child process. */
#include "support/child.h"
#include "support/clusters.h"
#include <pthread.h>

static bask_client *client;
static _Atomic int running;

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}

BASK_KERNEL(int64_t, runs_for_ever, (int64_t, x))
{
    atomic_fetch_add(&running, 1);
    for (;;) /* with the allocator in use when the process ends */
        free(malloc((size_t)(x = x % 100000 + 1)));
    return x;
}

/* Two workers at work, and more to do. */
static void be_busy(void)
{
    CHILD_MUST(bask_open("threads://2", &client) == BASK_OK);
    for (int i = 0; i < 4; i++)
        CHILD_MUST(bask_submit(client, runs_for_ever, i) != NULL);
    while (atomic_load(&running) < 2)
        sched_yield();
}

static void exit_busy(void)
{
    be_busy();
    exit(3);
}

Test(exit, without_closing_while_tasks_run)
{
    cr_assert_eq(child_status(exit_busy), 3);
}

static void exit_quickly(void)
{
    be_busy();
    quick_exit(4);
}

Test(exit, quick_exit_while_tasks_run)
{
    cr_assert_eq(child_status(exit_quickly), 4);
}

BASK_KERNEL(int64_t, exits, (int64_t, status))
{
    exit((int)status);
}

static void exit_in_a_task(void)
{
    int64_t x;
    be_busy();
    bask_client *other;
    CHILD_MUST(bask_open("threads://1", &other) == BASK_OK);
    bask_future *f = bask_submit(other, exits, 5);
    (void)!bask_result(f, &x);
}

Test(exit, in_a_task_while_others_run_and_wait)
{
    cr_assert_eq(child_status(exit_in_a_task), 5);
}

static void exit_in_a_task_of_the_host(void)
{
    bask_future *f;
    CHILD_MUST(bask_open("sync://", &client) == BASK_OK);
    bask_graph *g = bask_graph_new(client);
    bask_delayed *d = bask_delay(g, exits, 6);
    (void)!bask_compute_sync(client, &d, 1, &f);
}

Test(exit, in_a_task_that_the_host_runs)
{
    cr_assert_eq(child_status(exit_in_a_task_of_the_host), 6);
}

static void close_at_exit(void)
{
    int64_t x = 0;
    bask_future *f = bask_submit(client, inc, 6);
    CHILD_MUST(bask_result(f, &x) == BASK_OK && x == 7);
    bask_future_free(f);
    bask_close(client);
    _exit((int)x);
}

static void register_and_exit(void)
{
    CHILD_MUST(atexit(close_at_exit) == 0);
    CHILD_MUST(bask_open("threads://2", &client) == BASK_OK);
    exit(0);
}

Test(exit, client_still_works_in_an_atexit_handler)
{
    cr_assert_eq(child_status(register_and_exit), 7);
}

static void *close_and_exit(void *unused)
{
    int64_t x = 0;
    bask_future *f = bask_submit(client, inc, 7);
    CHILD_MUST(bask_result(f, &x) == BASK_OK);
    bask_future_free(f);
    bask_close(client);
    exit((int)x);
    return unused;
}

static void end_main_only(void)
{
    pthread_t thread;
    CHILD_MUST(bask_open("threads://2", &client) == BASK_OK);
    CHILD_MUST(pthread_create(&thread, NULL, close_and_exit, NULL) == 0);
    pthread_exit(NULL);
}

Test(exit, main_ends_by_pthread_exit_and_another_thread_closes)
{
    cr_assert_eq(child_status(end_main_only), 8);
}

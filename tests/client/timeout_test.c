/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks with a time limit. What passes here is the time of the limit only; no test measures any. */
#include "base/clock.h"
#include "client/single.h"
#include "support/clusters.h"

static _Atomic int entered, saw_it, calls, open_gate;

BASK_KERNEL(int64_t, until_cancelled, (int64_t, x))
{
    atomic_fetch_add(&entered, 1);
    while (!bask_cancelled())
        ;
    atomic_fetch_add(&saw_it, 1);
    return x;
}
BASK_KERNEL(int64_t, at_gate, (int64_t, x))
{
    atomic_fetch_add(&entered, 1);
    while (!atomic_load(&open_gate))
        ;
    return x;
}
BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    atomic_fetch_add(&calls, 1);
    return x + 1;
}

static void assert_timed_out(bask_future *f, const char *text)
{
    int64_t x;
    cr_assert_eq(bask_result(f, &x), BASK_ETIMEDOUT, "%s", bask_last_error());
    cr_assert_eq(bask_future_state(f), BASK_ERROR);
    cr_assert(strstr(bask_future_error(f), text), "%s", bask_future_error(f));
}

static bool no_timer_is_set(bask_client *c)
{
    pthread_mutex_lock(&c->timers.lock);
    bool none = c->timers.n == 0;
    pthread_mutex_unlock(&c->timers.lock);
    return none;
}

static void running(bask_client *c)
{
    bask_task_options o = {.size = sizeof o, .timeout_ms = 5, .name = "slow", .retries = 3};
    atomic_store(&saw_it, 0);
    bask_future *f = bask_submit_with(c, &o, until_cancelled, 1), *after = bask_submit(c, inc, f);
    assert_timed_out(f, "slow failed: it was not done 5 ms after it was submitted");
    cr_assert_eq(bask_wait(&after, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    cr_assert_eq(bask_future_status(after), BASK_EUPSTREAM);
    cr_assert(strstr(bask_future_error(after), "slow failed: it was not"), "%s",
              bask_future_error(after));
    bask_future_free(f);
    bask_future_free(after);
    while (!atomic_load(&saw_it) || !no_timer_is_set(c))
        ;
}
Test(timeout, of_a_kernel_that_runs, .timeout = 60)
{
    each_cluster(running);
    cr_assert_eq(atomic_load(&calls), 0);
    cr_assert_eq(atomic_load(&entered), 4, "not tried again");
}

Test(timeout, of_a_task_that_has_not_started, .timeout = 60)
{
    bask_client *c = open_client("threads://1");
    bask_task_options o = {.size = sizeof o, .timeout_ms = 5};
    bask_future *first = bask_submit(c, at_gate, 1);
    while (!atomic_load(&entered))
        ;
    bask_future *queued = bask_submit_with(c, &o, inc, 1),
                *waits = bask_submit_with(c, &o, inc, first);
    assert_timed_out(queued, "inc failed");
    assert_timed_out(waits, "inc failed");
    atomic_store(&open_gate, 1);
    bask_future_free(first);
    bask_future_free(queued);
    bask_future_free(waits);
    bask_close(c);
    cr_assert_eq(atomic_load(&calls), 0);
}

/* The limit of a task that is over must not strike what comes to its memory later. */
static void taken_back(bask_client *c)
{
    bask_task_options o = {.size = sizeof o, .timeout_ms = 1000000000};
    for (int i = 0; i < 100; i++) {
        int64_t x = -1;
        bask_future *f = bask_submit_with(c, &o, inc, i);
        cr_assert_eq(bask_result(f, &x), BASK_OK);
        bask_cancel(f);
        bask_future_free(f);
    }
    while (!no_timer_is_set(c))
        ;
}
Test(timeout, is_taken_back_when_the_task_ends, .timeout = 60)
{
    each_cluster(taken_back);
}

/* Limits that pass about when the task ends, from several threads. */
BASK_KERNEL(int64_t, takes_a_while, (int64_t, x))
{
    for (volatile int64_t i = 0; i < x; i = i + 1)
        ;
    return x;
}
static void *submit_many(void *client)
{
    enum { MANY = 300 };
    for (int i = 0; i < MANY; i++) {
        bask_task_options o = {.size = sizeof o, .timeout_ms = 1 + i % 3};
        int64_t x = -1;
        bask_future *f = bask_submit_with(client, &o, takes_a_while, i * 1000);
        bask_status status = bask_result(f, &x);
        bool good = status == BASK_OK ? x == i * 1000 : status == BASK_ETIMEDOUT;
        bask_future_free(f);
        if (!good)
            return client;
    }
    return NULL;
}
static void at_the_end(bask_client *c)
{
    pthread_t t[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, submit_many, c);
    for (int i = 0; i < 4; i++) {
        void *failed;
        pthread_join(t[i], &failed);
        cr_assert_null(failed);
    }
}
Test(timeout, passes_while_the_task_ends, .timeout = 300)
{
    each_cluster(at_the_end);
}

Test(timeout, misuse)
{
    bask_client *c = open_client("sync://");
    bask_task_options o = {.size = sizeof o, .timeout_ms = -1};
    cr_assert_null(bask_submit_with(c, &o, inc, 1));
    cr_assert(strstr(bask_last_error(), "timeout_ms is -1"), "%s", bask_last_error());
    o = (bask_task_options){.size = 3};
    cr_assert_null(bask_submit_with(c, &o, inc, 1));
    cr_assert(strstr(bask_last_error(), "size is 3"), "%s", bask_last_error());
    bask_close(c);
}

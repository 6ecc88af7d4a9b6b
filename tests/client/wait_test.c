/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting: time limits, none and many futures, several clients, futures without a value, and what a
 * closed client answers. */
#include "support/clusters.h"
#include <pthread.h>

static _Atomic int gate;
static _Atomic int64_t calls;

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}
BASK_KERNEL(int64_t, at_gate, (int64_t, x))
{
    while (!atomic_load(&gate) && !bask_cancelled())
        ;
    return x;
}
BASK_KERNEL(void, does_something, (int64_t, x))
{
    atomic_fetch_add(&calls, x);
}
BASK_KERNEL(void, fails, (int64_t, x))
{
    bask_fail(BASK_EIO, "number %ld", (long)x);
}
BASK_KERNEL_UNTYPED(int64_t, comes_after)
{
    (void)task;
    return bask_return(task, &(int64_t){atomic_load(&calls)});
}

Test(wait, time_limits)
{
    bask_client *c = open_client("threads://1");
    bask_future *f[] = {bask_submit(c, at_gate, 1), bask_submit(c, inc, 1)};
    size_t which = 7;
    int64_t x = 7;
    cr_assert_eq(bask_result_timeout(f[0], &x, 0), BASK_ETIMEDOUT);
    cr_assert(strstr(bask_last_error(), "at_gate"), "%s", bask_last_error());
    cr_assert_eq(bask_result_timeout(f[0], &x, 1), BASK_ETIMEDOUT);
    cr_assert_eq(bask_wait(f, 2, BASK_ALL, 0, NULL), BASK_ETIMEDOUT);
    cr_assert_eq(bask_wait(f, 2, BASK_ALL, 1, NULL), BASK_ETIMEDOUT);
    cr_assert_eq(bask_wait(f, 2, BASK_ANY, 0, &which), BASK_ETIMEDOUT);
    cr_assert_eq(bask_wait(f, 2, BASK_ANY, 1, &which), BASK_ETIMEDOUT);
    cr_assert_eq(bask_future_status(f[0]), BASK_ETIMEDOUT);
    cr_assert(x == 7 && which == 7, "nothing is written without a result");
    atomic_store(&gate, 1);
    cr_assert_eq(bask_wait(f, 2, BASK_ALL, -5, NULL), BASK_OK, "negative: no limit");
    cr_assert_eq(bask_wait(f, 2, BASK_ANY, INT64_MAX, &which), BASK_OK);
    cr_assert_lt(which, 2);
    cr_assert_eq(bask_result_timeout(f[0], &x, 0), BASK_OK, "it is done already");
    cr_assert_eq(x, 1);
    bask_future_free(f[0]);
    bask_future_free(f[1]);
    bask_close(c);
}

static void misuse(bask_client *c)
{
    bask_future *f[] = {bask_submit(c, inc, 1), NULL};
    size_t which = 7;
    int64_t x;
    cr_assert_eq(bask_wait(NULL, 0, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    cr_assert_eq(bask_wait(f, 0, BASK_ALL, 0, NULL), BASK_OK);
    cr_assert_eq(bask_wait(f, 0, BASK_ANY, BASK_FOREVER, &which), BASK_EINVAL);
    cr_assert_eq(bask_wait(NULL, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_EINVAL);
    cr_assert_eq(bask_wait(f, 2, BASK_ALL, BASK_FOREVER, NULL), BASK_EINVAL);
    cr_assert(strstr(bask_last_error(), "future 1 is NULL"), "%s", bask_last_error());
    cr_assert_eq(bask_wait(f, 2, BASK_ANY, BASK_FOREVER, &which), BASK_EINVAL);
    cr_assert_eq(which, 7);
    cr_assert_eq(bask_result(f[1], &x), BASK_EINVAL);
    cr_assert_eq(bask_future_status(NULL), BASK_EINVAL);
    cr_assert_eq(bask_future_state(NULL), BASK_ERROR);
    cr_assert_eq(bask_result_as(f[0], NULL, BASK_INT64, sizeof x, BASK_FOREVER), BASK_EINVAL);
    bask_future_free(NULL);
    cr_assert_null(bask_future_retain(NULL));
    bask_future_free(f[0]);
}
Test(wait, misuse)
{
    each_cluster(misuse);
}

Test(wait, futures_of_several_clients)
{
    static const char *const clusters[] = {"threads://1", "sync://", "threads://2"};
    bask_client *c[3];
    bask_future *f[3], *same[4];
    size_t which;
    for (int i = 0; i < 3; i++)
        c[i] = open_client(clusters[i]);
    f[0] = bask_submit(c[0], at_gate, 0);
    f[1] = bask_submit(c[2], at_gate, 1);
    f[2] = bask_submit(c[1], inc, 1);
    cr_assert_eq(bask_wait(f, 3, BASK_ANY, BASK_FOREVER, &which), BASK_OK);
    cr_assert_eq(which, 2);
    cr_assert_eq(bask_wait(f, 2, BASK_ANY, 1, &which), BASK_ETIMEDOUT);
    for (int i = 0; i < 4; i++)
        same[i] = f[i % 2];
    cr_assert_eq(bask_wait(same, 4, BASK_ANY, 1, &which), BASK_ETIMEDOUT);
    atomic_store(&gate, 1);
    cr_assert_eq(bask_wait(same, 4, BASK_ANY, BASK_FOREVER, &which), BASK_OK);
    cr_assert_eq(bask_wait(f, 3, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    for (int i = 0; i < 3; i++) {
        bask_future_free(f[i]);
        bask_close(c[i]);
    }
}

/* ---- many threads wait for the same futures ---- */

enum { FUTURES = 100 };
static bask_future *shared[FUTURES];

static void *wait_for_all(void *arg)
{
    bool any = arg != NULL;
    for (int i = 0; i < FUTURES; i++) {
        int64_t x = 0;
        size_t which = FUTURES;
        if (any && (bask_wait(shared + i, (size_t)(FUTURES - i), BASK_ANY, BASK_FOREVER, &which) ||
                    !bask_future_done(shared[i + (int)which])))
            return shared;
        if (bask_result(shared[i], &x) != BASK_OK || x != i)
            return shared;
    }
    return NULL;
}

static void many_threads(bask_client *c)
{
    pthread_t t[6];
    void *failed;
    for (int round = 0; round < 20; round++) {
        atomic_store(&gate, bask_client_address(c)[0] == 's'); /* sync:// cannot wait for it */
        for (int i = 0; i < FUTURES; i++)
            shared[i] = bask_submit(c, at_gate, i);
        for (int i = 0; i < 6; i++)
            pthread_create(&t[i], NULL, wait_for_all, i % 2 ? &gate : NULL);
        atomic_store(&gate, 1);
        for (int i = 0; i < 6; i++) {
            pthread_join(t[i], &failed);
            cr_assert_null(failed, "%s", bask_client_address(c));
        }
        for (int i = 0; i < FUTURES; i++)
            bask_future_free(shared[i]);
    }
}
Test(wait, many_threads_for_the_same_futures, .timeout = 300)
{
    each_cluster(many_threads);
}

/* ---- kernels that return nothing ---- */

static void no_value(bask_client *c)
{
    int64_t before = atomic_load(&calls), x = -1;
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, does_something, 5);
    bask_arg after = bask_arg_delayed(d);
    bask_delayed *out[] = {d, bask_delay_array(g, &comes_after_kernel, &after, 1),
                           bask_delay(g, fails, 3)};
    bask_future *f[3];
    cr_assert_eq(bask_compute(c, out, 3, f), BASK_OK);
    cr_assert_eq(bask_wait(f, 3, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    cr_assert_eq(bask_future_status(f[0]), BASK_OK);
    cr_assert_eq(bask_result_as(f[0], NULL, BASK_VOID, 0, BASK_FOREVER), BASK_OK);
    cr_assert_eq(bask_result(f[0], &x), BASK_ETYPE);
    cr_assert_eq(bask_result_as(f[1], NULL, BASK_VOID, 0, BASK_FOREVER), BASK_ETYPE);
    cr_assert_eq(bask_result(f[1], &x), BASK_OK);
    cr_assert_eq(x, before + 5);
    cr_assert_eq(bask_result_as(f[2], NULL, BASK_VOID, 0, BASK_FOREVER), BASK_EIO);
    cr_assert_str_eq(bask_last_error(), "fails failed: number 3");
    cr_assert_eq(bask_wait(NULL, 1, BASK_ALL, 0, NULL), BASK_EINVAL); /* another last error */
    cr_assert_eq(bask_future_status(f[2]), BASK_EIO);
    cr_assert_str_eq(bask_last_error(), "fails failed: number 3", "so that bask_check can say it");
    for (int i = 0; i < 3; i++)
        bask_future_free(f[i]);
    bask_graph_free(g);
}
Test(wait, futures_without_a_value)
{
    each_cluster(no_value);
}

/* ---- after the client is closed ---- */

static void closed(const char *address)
{
    bask_client *c = open_client(address);
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, inc, 1);
    bask_future *f = bask_submit(c, inc, 1), *none;
    bask_plan *plan, *no_plan;
    int64_t x;
    cr_assert_eq(bask_plan_new(c, &d, 1, &plan), BASK_OK);
    cr_assert_eq(bask_result(f, &x), BASK_OK);
    bask_close(c);
    cr_assert_eq(bask_compute(c, &d, 1, &none), BASK_ECLOSED);
    cr_assert(strstr(bask_last_error(), address), "%s", bask_last_error());
    cr_assert_null(none);
    cr_assert_eq(bask_compute_sync(c, &d, 1, &none), BASK_ECLOSED);
    cr_assert_eq(bask_plan_run(plan), BASK_ECLOSED);
    cr_assert_eq(bask_plan_new(c, &d, 1, &no_plan), BASK_ECLOSED);
    cr_assert_null(no_plan);
    cr_assert_null(bask_graph_new(c));
    cr_assert_null(bask_submit(c, inc, f));
    cr_assert_eq(bask_result(f, &x), BASK_OK);
    cr_assert_eq(bask_wait(&f, 1, BASK_ANY, BASK_FOREVER, NULL), BASK_OK);
    cr_assert_eq(bask_wait_for_workers(c, 1, 0), BASK_ECLOSED);
    cr_assert_eq(bask_client_workers(c), 0);
    (void)bask_delay(g, inc, f);
    cr_assert_eq(bask_cancel(f), BASK_OK);
    cr_assert_eq(bask_future_status(f), BASK_OK);
    bask_plan_free(plan);
    bask_graph_free(g);
    bask_future_free(f);
}
Test(wait, a_closed_client_says_so)
{
    closed("threads://2");
    closed("sync://");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "support/clusters.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static atomic_int turn;

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}
BASK_KERNEL(int64_t, fails, (int64_t, x))
{
    (void)bask_fail(BASK_EIO, "no %d", (int)x);
    return 0;
}
/* Ends when it is its turn. */
BASK_KERNEL(int64_t, in_turn, (int64_t, x))
{
    while (atomic_load(&turn) < x && !bask_cancelled())
        sched_yield();
    return x;
}

static int64_t next(bask_as_completed *a)
{
    bask_future *f = NULL;
    int64_t x = -1;
    cr_assert_eq(bask_as_completed_next(a, &f), BASK_OK, "%s", bask_last_error());
    if (!f)
        return -2;
    cr_assert(bask_future_done(f));
    if (bask_future_status(f) == BASK_OK)
        cr_assert_eq(bask_result(f, &x), BASK_OK);
    bask_future_free(f);
    return x;
}

static bask_as_completed *over(bask_future **f, size_t n)
{
    bask_as_completed *a;
    cr_assert_eq(bask_as_completed_new(f, n, &a), BASK_OK);
    for (size_t i = 0; i < n; i++)
        bask_future_free(f[i]); /* it has handles of its own */
    return a;
}

enum { N = 300 };

static void each_once(bask_client *c)
{
    static bask_future *f[N];
    bool seen[N + 1] = {false};
    for (int i = 0; i < N; i++)
        f[i] = bask_submit(c, inc, i);
    bask_as_completed *a = over(f, N);
    for (int i = 0; i < N; i++) {
        cr_assert_eq(bask_as_completed_left(a), (size_t)(N - i));
        int64_t x = next(a);
        cr_assert(x >= 1 && x <= N && !seen[x]);
        seen[x] = true;
    }
    cr_assert_eq(bask_as_completed_left(a), 0u);
    cr_assert_eq(next(a), -2);
    cr_assert_eq(next(a), -2);
    bask_as_completed_free(a);
}

Test(as_completed, gives_each_future_once)
{
    each_cluster(each_once);
}

Test(as_completed, gives_them_as_they_become_done)
{
    bask_client *c = open_client("threads://4");
    const int order[4] = {3, 1, 4, 2};
    bask_future *f[4];
    atomic_store(&turn, 0);
    for (int i = 0; i < 4; i++)
        f[i] = bask_submit(c, in_turn, order[i]);
    bask_as_completed *a = over(f, 4);
    for (int i = 1; i <= 4; i++) {
        atomic_store(&turn, i);
        cr_assert_eq(next(a), i);
    }
    bask_as_completed_free(a);
    bask_close(c);
}

static void ends(bask_client *c)
{
    bask_future *f[3] = {bask_submit(c, fails, 1), bask_submit(c, inc, 5), NULL};
    f[2] = bask_submit(c, inc, f[0]);
    bask_as_completed *a = over(f, 3);
    int64_t good = 0, bad = 0;
    for (int i = 0; i < 3; i++) {
        int64_t x = next(a);
        good += x == 6;
        bad += x == -1;
    }
    cr_assert(good == 1 && bad == 2);
    bask_as_completed_free(a);
}

Test(as_completed, gives_failed_ones_too)
{
    each_cluster(ends);
}

Test(as_completed, gives_cancelled_ones_and_those_of_a_closed_client)
{
    bask_client *c = open_client("threads://1");
    atomic_store(&turn, 0);
    bask_future *f[3] = {bask_submit(c, in_turn, 1), bask_submit(c, inc, 1),
                         bask_submit(c, inc, 2)};
    bask_future *cancelled = f[1], *got;
    bask_future_retain(cancelled);
    bask_as_completed *a = over(f, 3);
    cr_assert_eq(bask_as_completed_next_timeout(a, &got, 0), BASK_ETIMEDOUT);
    cr_assert_null(got);
    cr_assert(strstr(bask_last_error(), "none of 3 futures"), "%s", bask_last_error());
    bask_cancel(cancelled);
    cr_assert_eq(bask_as_completed_next(a, &got), BASK_OK);
    cr_assert_eq(got, cancelled);
    bask_future_free(got), bask_future_free(cancelled);
    cr_assert_eq(bask_as_completed_next_timeout(a, &got, 1), BASK_ETIMEDOUT);
    bask_close(c);
    cr_assert_eq(next(a), -1);
    cr_assert_eq(next(a), -1);
    cr_assert_eq(next(a), -2);
    bask_as_completed_free(a);
}

static void adding(bask_client *c)
{
    bask_as_completed *a = over(NULL, 0);
    int64_t x, most = 0, n = 0;
    cr_assert_eq(next(a), -2);
    bask_future *f = bask_submit(c, inc, 0);
    cr_assert_eq(bask_as_completed_add(a, f), BASK_OK);
    bask_future_free(f);
    while ((x = next(a)) != -2) {
        n++;
        most = x > most ? x : most;
        for (int i = 0; i < 2 && x < 7; i++) {
            f = bask_submit(c, inc, x);
            cr_assert_eq(bask_as_completed_add(a, f), BASK_OK);
            bask_future_free(f);
        }
    }
    cr_assert_eq(most, 7);
    cr_assert_eq(n, (1 << 7) - 1);
    bask_as_completed_free(a);
}

Test(as_completed, futures_are_added_meanwhile)
{
    each_cluster(adding);
}

static bask_client *client;

BASK_KERNEL(int64_t, tree, (int64_t, depth))
{
    bask_future *f[3], *one;
    int64_t sum = 1, x;
    if (depth == 0)
        return 1;
    for (int i = 0; i < 3; i++)
        f[i] = bask_submit(client, tree, depth - 1);
    bask_as_completed *a = over(f, 3);
    while (bask_as_completed_next(a, &one) == BASK_OK && one) {
        cr_assert_eq(bask_result(one, &x), BASK_OK);
        sum += x;
        bask_future_free(one);
    }
    bask_as_completed_free(a);
    return sum;
}

static void in_tasks(bask_client *c)
{
    client = c;
    bask_future *f = bask_submit(c, tree, 5);
    int64_t x;
    cr_assert_eq(bask_result(f, &x), BASK_OK);
    cr_assert_eq(x, 364);
    bask_future_free(f);
}

Test(as_completed, inside_tasks)
{
    each_cluster(in_tasks);
}

static _Atomic int64_t total;

static void *take_all(void *a)
{
    for (int64_t x; (x = next(a)) != -2;)
        atomic_fetch_add(&total, x);
    return NULL;
}

Test(as_completed, several_threads_share_one)
{
    for (int round = 0; round < 30; round++) {
        static bask_future *f[N];
        pthread_t threads[4];
        bask_client *c = open_client("threads://2");
        atomic_store(&turn, 0), atomic_store(&total, 0);
        f[0] = bask_submit(c, in_turn, 1);
        for (int i = 1; i < N; i++)
            f[i] = bask_submit(c, inc, i % 2 ? f[0] : f[i - 1]);
        bask_as_completed *a = over(f, N);
        for (int i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, take_all, a);
        atomic_store(&turn, 1);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL); /* also those that wait when the last is taken */
        cr_assert_eq(atomic_load(&total), 1 + N / 2 * 2 + (N / 2 - 1) * 3);
        bask_as_completed_free(a);
        bask_close(c);
    }
}

Test(as_completed, is_freed_while_futures_become_done)
{
    for (int round = 0; round < 300; round++) {
        bask_future *f[20];
        bask_client *c = open_client("threads://2");
        for (int i = 0; i < 20; i++)
            f[i] = bask_submit(c, inc, i);
        bask_as_completed *a = over(f, 20);
        if (round % 2)
            (void)next(a);
        bask_as_completed_free(a);
        bask_close(c);
    }
}

Test(as_completed, wrong_calls)
{
    bask_client *c = open_client("sync://");
    bask_future *f[2] = {bask_submit(c, inc, 1), NULL}, *got;
    bask_as_completed *a = (bask_as_completed *)f;
    cr_assert_eq(bask_as_completed_new(f, 2, &a), BASK_EINVAL);
    cr_assert_null(a);
    cr_assert(strstr(bask_last_error(), "future 1 is NULL"));
    cr_assert_eq(bask_as_completed_new(NULL, 2, &a), BASK_EINVAL);
    cr_assert_eq(bask_as_completed_new(f, 1, NULL), BASK_EINVAL);
    cr_assert_eq(bask_as_completed_new(f, 1, &a), BASK_OK);
    cr_assert_eq(bask_as_completed_add(a, NULL), BASK_EINVAL);
    cr_assert_eq(bask_as_completed_add(NULL, f[0]), BASK_EINVAL);
    cr_assert_eq(bask_as_completed_next(NULL, &got), BASK_EINVAL);
    cr_assert_eq(bask_as_completed_next(a, NULL), BASK_EINVAL);
    cr_assert_eq(bask_as_completed_left(NULL), 0u);
    bask_as_completed_free(NULL);
    bask_as_completed_free(a);
    bask_future_free(f[0]);
    bask_close(c);
}

/* ---- progress ---- */

Test(progress, counts_futures_by_their_states)
{
    bask_client *c = open_client("threads://1");
    atomic_store(&turn, 0);
    bask_future *f[6] = {bask_submit(c, inc, 1), bask_submit(c, fails, 1)};
    cr_assert_eq(bask_wait(f, 2, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    f[2] = bask_submit(c, in_turn, 1), f[3] = bask_submit(c, inc, f[2]);
    f[4] = bask_submit(c, inc, 1), f[5] = NULL;
    bask_cancel(f[4]);
    bask_progress p = bask_future_progress(f, 6);
    cr_assert(p.total == 6 && p.pending == 2 && p.finished == 2 && p.failed == 1 &&
              p.cancelled == 1);
    atomic_store(&turn, 1);
    cr_assert_eq(bask_wait(f, 5, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    p = bask_future_progress(f, 6);
    cr_assert(p.total == 6 && p.pending == 0 && p.finished == 4 && p.failed == 1 &&
              p.cancelled == 1);
    p = bask_future_progress(NULL, 0);
    cr_assert_eq(p.total, 0u);
    for (int i = 0; i < 5; i++)
        bask_future_free(f[i]);
    bask_close(c);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Pure tasks: equal ones are one task, as long as a future of it is alive. */
#include "client/single.h"
#include "support/clusters.h"
#include <sched.h>

static _Atomic int calls, open_gate, fail;

BASK_KERNEL(int64_t, squared, (int64_t, x))
{
    atomic_fetch_add(&calls, 1);
    return x * x;
}
BASK_PURE(squared);
BASK_KERNEL(int64_t, plain, (int64_t, x), (double, y))
{
    atomic_fetch_add(&calls, 1);
    return x + (int64_t)y;
}
BASK_KERNEL(int64_t, other, (int64_t, x))
{
    atomic_fetch_add(&calls, 1);
    return x;
}
BASK_PURE(other);
BASK_KERNEL(int64_t, may_fail, (int64_t, x))
{
    atomic_fetch_add(&calls, 1);
    if (atomic_load(&fail))
        bask_fail(BASK_EIO, "asked to");
    return x;
}
BASK_PURE(may_fail);
BASK_KERNEL(int64_t, at_gate, (int64_t, x))
{
    while (!atomic_load(&open_gate) && !bask_cancelled())
        ;
    return x;
}
BASK_PURE(at_gate);
BASK_KERNEL_UNTYPED(int64_t, count_bytes)
{
    atomic_fetch_add(&calls, 1);
    return bask_return(task, &(int64_t){(int64_t)bask_task_argument_count(task)});
}

static void assert_value(bask_future *f, int64_t want)
{
    int64_t x = -1;
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(x, want);
    bask_future_free(f);
}

static void shared(bask_client *c)
{
    atomic_store(&calls, 0);
    bask_future *f = bask_submit(c, squared, 5), *g = bask_submit(c, squared, 5);
    bask_future *different = bask_submit(c, squared, 6), *kernel = bask_submit(c, other, 5);
    cr_assert_eq(f, g);
    cr_assert(different != f && kernel != f);
    assert_value(f, 25);
    cr_assert_eq(bask_submit(c, squared, 5), g, "one handle is left");
    assert_value(g, 25);
    assert_value(g, 25);
    assert_value(different, 36);
    assert_value(kernel, 5);
    cr_assert_eq(atomic_load(&calls), 3);
    assert_value(bask_submit(c, squared, 5), 25);
    cr_assert_eq(atomic_load(&calls), 4, "the first ones were freed");
}
Test(pure, equal_tasks_share_a_future)
{
    each_cluster(shared);
}

static void by_option(bask_client *c)
{
    bask_task_options o = {.size = sizeof o, .pure = true};
    atomic_store(&calls, 0);
    bask_future *pure = bask_submit_with(c, &o, plain, 1, 2.5), *f;
    f = bask_submit_with(c, &o, plain, 1, 2.5);
    cr_assert_eq(f, pure);
    bask_future_free(f);
    f = bask_submit_with(c, &o, plain, 1, 3.5);
    cr_assert_neq(f, pure);
    bask_future_free(f);
    f = bask_submit(c, plain, 1, 2.5);
    cr_assert_neq(f, pure, "nobody has said so");
    assert_value(f, 3);
    assert_value(pure, 3);
    bask_arg as_double = bask_literal(1.0), zero = bask_literal(0), bits = bask_literal(0);
    bits.words[0] = as_double.words[0];
    pure = bask_submit_array_with(c, &o, &count_bytes_kernel, &bits, 1);
    f = bask_submit_array_with(c, &o, &count_bytes_kernel, &as_double, 1);
    cr_assert_neq(f, pure, "of another type");
    bask_future_free(f);
    bask_arg two[] = {bits, zero};
    f = bask_submit_array_with(c, &o, &count_bytes_kernel, two, 2);
    cr_assert_neq(f, pure, "more arguments");
    assert_value(f, 2);
    assert_value(pure, 1);
}
Test(pure, by_option_and_by_all_of_the_arguments)
{
    each_cluster(by_option);
}

static void futures_as_arguments(bask_client *c)
{
    bask_future *a = bask_submit(c, plain, 2, 0), *same_value = bask_submit(c, plain, 2, 0);
    bask_future *f = bask_submit(c, squared, a), *g = bask_submit(c, squared, a);
    bask_future *h = bask_submit(c, squared, same_value), *number = bask_submit(c, squared, 2);
    cr_assert_eq(f, g);
    cr_assert(h != f && number != f && number != h, "another future may have another value");
    assert_value(f, 4);
    assert_value(h, 4);
    assert_value(number, 4);
    bask_future_free(a);
    bask_future_free(same_value);
    /* whose memory a new argument has may not matter */
    for (int i = 0; i < 100; i++) {
        bask_future *next = bask_submit(c, plain, i, 0);
        bask_future *of_next = bask_submit(c, squared, next);
        bask_future_free(next);
        assert_value(of_next, (int64_t)i * i);
    }
    assert_value(g, 4);
}
Test(pure, futures_are_arguments_by_identity)
{
    each_cluster(futures_as_arguments);
}

static void unhappy(bask_client *c)
{
    atomic_store(&fail, 1);
    bask_future *f = bask_submit(c, may_fail, 1), *g;
    cr_assert_eq(bask_wait(&f, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    atomic_store(&fail, 0);
    g = bask_submit(c, may_fail, 1);
    cr_assert_neq(f, g);
    assert_value(g, 1);
    g = bask_retry(f);
    cr_assert_eq(bask_future_status(f), BASK_EIO);
    assert_value(g, 1);
    bask_future_free(f);
}
Test(pure, one_that_has_failed_is_not_shared)
{
    each_cluster(unhappy);
}

Test(pure, one_that_was_cancelled_is_not_shared_and_was_so_for_all)
{
    bask_client *c = open_client("threads://2");
    bask_future *f = bask_submit(c, at_gate, 1), *g = bask_submit(c, at_gate, 1);
    bask_cancel(f);
    cr_assert_eq(bask_future_state(g), BASK_CANCELLED);
    bask_future *h = bask_submit(c, at_gate, 1);
    cr_assert_neq(h, f);
    atomic_store(&open_gate, 1);
    assert_value(h, 1);
    bask_future_free(f);
    bask_future_free(g);
    bask_close(c);
}

static void *submit_and_free(void *client)
{
    for (int i = 0; i < 3000; i++) {
        int64_t x = -1;
        bask_future *f = bask_submit(client, squared, i % 7);
        if (bask_result(f, &x) != BASK_OK || x != (i % 7) * (i % 7))
            return client;
        bask_future_free(f);
    }
    return NULL;
}
static void many_threads(bask_client *c)
{
    pthread_t t[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, submit_and_free, c);
    for (int i = 0; i < 4; i++) {
        void *failed;
        pthread_join(t[i], &failed);
        cr_assert_null(failed);
    }
    /* the last worker may be about to let go */
    for (bool empty = false; !empty; sched_yield()) {
        pthread_mutex_lock(&c->pure.lock);
        empty = c->pure.n == 0;
        pthread_mutex_unlock(&c->pure.lock);
    }
}
Test(pure, shared_and_freed_by_many_threads, .timeout = 300)
{
    each_cluster(many_threads);
}

static void many(bask_client *c)
{
    enum { N = 5000 };
    static bask_future *f[N];
    atomic_store(&calls, 0);
    for (int i = 0; i < N; i++)
        f[i] = bask_submit(c, squared, i);
    for (int i = 0; i < N; i++) {
        bask_future *again = bask_submit(c, squared, i);
        cr_assert_eq(again, f[i]);
        bask_future_free(again);
    }
    for (int i = 0; i < N; i++)
        assert_value(f[i], (int64_t)i * i);
    cr_assert_eq(atomic_load(&calls), N);
}
Test(pure, many_different_ones)
{
    each_cluster(many);
}

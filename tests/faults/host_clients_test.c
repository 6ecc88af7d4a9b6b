/* SPDX-License-Identifier: Apache-2.0 */
/* Many clients, one after the other and at once; and two that are given each other's things. */
#include "support/clusters.h"
#include "support/process.h"
#include <pthread.h>

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}

static void use(bask_client *c)
{
    bask_future *f = bask_submit(c, inc, 41);
    int64_t x = 0;
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(x, 42);
    bask_future_free(f);
}

Test(clients, a_thousand_leave_nothing_behind)
{
    enum { CLIENTS = 1000 };
    int descriptors = count_descriptors(), threads = count_threads(), stacks = 0;
    for (int i = 0; i < CLIENTS; i++) {
        bask_client *c = open_client(i % 10 ? "threads://2" : "threads://8?pin=1");
        use(c);
        bask_close(c);
        if (i == 10)
            stacks = count_lines("maps", "");
    }
    until_threads_are(threads);
    cr_assert_eq(count_descriptors(), descriptors);
    /* the allocator may map some; a client that leaked a stack or a slab would leak hundreds */
    cr_assert_lt(count_lines("maps", ""), stacks + 100);
}

Test(clients, a_hundred_at_once)
{
    enum { CLIENTS = 100 };
    bask_client *c[CLIENTS];
    int threads = count_threads();
    for (int i = 0; i < CLIENTS; i++)
        c[i] = open_client("threads://2");
    cr_assert_eq(count_threads(), threads + 2 * CLIENTS);
    for (int i = 0; i < 10 * CLIENTS; i++)
        use(c[i * 37 % CLIENTS]);
    for (int i = 0; i < CLIENTS; i++)
        bask_close(c[i * 37 % CLIENTS]);
    until_threads_are(threads);
}

static void *open_and_close(void *unused)
{
    for (int i = 0; i < 20; i++) {
        bask_client *c = open_client("threads://2");
        use(c);
        bask_close(c);
    }
    return unused;
}

Test(clients, opened_and_closed_by_eight_threads_at_once)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    int before = count_threads();
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, open_and_close, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    until_threads_are(before);
}

/* ---- two ---- */

static bask_client *second;

/* A task of the one has another one do something, and waits for that. */
BASK_KERNEL(int64_t, asks_the_other, (int64_t, x))
{
    bask_future *f = bask_submit(second, inc, x);
    int64_t y = -1;
    if (bask_result(f, &y) != BASK_OK)
        bask_fail(BASK_EKERNEL, "%s", bask_last_error());
    bask_future_free(f);
    return y;
}

Test(clients, tasks_of_one_work_with_another)
{
    enum { TASKS = 200 };
    bask_future *f[TASKS];
    bask_client *first = open_client("threads://2");
    second = open_client("threads://1");
    for (int i = 0; i < TASKS; i++)
        f[i] = bask_submit(first, asks_the_other, i);
    for (int i = 0; i < TASKS; i++) {
        int64_t x = 0;
        cr_assert_eq(bask_result(f[i], &x), BASK_OK, "%s", bask_last_error());
        cr_assert_eq(x, i + 1);
        bask_future_free(f[i]);
    }
    bask_close(second);
    bask_close(first);
}

Test(clients, one_does_not_take_what_is_another_ones)
{
    bask_client *a = open_client("threads://1"), *b = open_client("threads://1");
    bask_future *of_a = bask_submit(a, inc, 1), *of_b = bask_submit(b, inc, 2), *f;
    bask_graph *graph_a = bask_graph_new(a), *graph_b = bask_graph_new(b);
    bask_delayed *node = bask_delay(graph_a, inc, 1);
    cr_assert_null(bask_submit(b, inc, of_a));
    cr_assert_null(bask_delay(graph_b, inc, of_a));
    cr_assert_eq(bask_compute(b, &node, 1, &f), BASK_ECLIENT);
    cr_assert_null(f);

    /* but who waits may wait for those of several */
    bask_future *both[2] = {of_a, of_b};
    size_t which = 9;
    cr_assert_eq(bask_wait(both, 2, BASK_ANY, BASK_FOREVER, &which), BASK_OK);
    cr_assert_lt(which, 2);
    cr_assert_eq(bask_wait(both, 2, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    bask_future_free(of_a);
    bask_future_free(of_b);
    bask_graph_free(graph_a);
    bask_graph_free(graph_b);
    bask_close(a);
    bask_close(b);
}

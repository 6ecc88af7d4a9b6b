/* SPDX-License-Identifier: Apache-2.0 */
#include <bask.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}

static _Atomic int gate, entered;
BASK_KERNEL(int64_t, wait_for_gate, (int64_t, x))
{
    atomic_fetch_add(&entered, 1);
    while (!atomic_load(&gate) && !bask_cancelled())
        ;
    return x;
}

static bask_client *open_client(const char *address)
{
    bask_client *c;
    cr_assert_eq(bask_open(address, &c), BASK_OK, "%s", bask_last_error());
    return c;
}

Test(client, a_thousand_opens_and_closes)
{
    for (int i = 0; i < 1000; i++) {
        bask_client *c = open_client("threads://2");
        bask_future *f = bask_submit(c, inc, i);
        int64_t x;
        cr_assert_eq(bask_result(f, &x), BASK_OK);
        cr_assert_eq(x, i + 1);
        bask_future_free(f);
        bask_close(c);
    }
}

Test(client, futures_as_arguments_in_submit_and_graph)
{
    bask_client *c = open_client("threads://2");
    bask_future *f = bask_submit(c, wait_for_gate, 1), *last = bask_future_retain(f);
    for (int i = 0; i < 100; i++) {
        bask_future *next = bask_submit(c, inc, last);
        bask_future_free(last);
        last = next;
    }
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, inc, bask_delay(g, inc, last));
    bask_future *r;
    int64_t x;
    cr_assert_eq(bask_compute(c, &d, 1, &r), BASK_OK);
    cr_assert_eq(bask_result_timeout(r, &x, 1), BASK_ETIMEDOUT);
    atomic_store(&gate, 1);
    cr_assert_eq(bask_result(r, &x), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(x, 103);
    bask_future_free(r);
    bask_future_free(f);
    bask_future_free(last);
    bask_graph_free(g);
    bask_close(c);
}

Test(client, wait_for_any_and_all)
{
    bask_client *c = open_client("threads://2");
    bask_future *f[] = {bask_submit(c, wait_for_gate, 1), bask_submit(c, inc, 1)};
    size_t which = 9;
    cr_assert_eq(bask_wait(f, 2, BASK_ANY, BASK_FOREVER, &which), BASK_OK);
    cr_assert_eq(which, 1);
    cr_assert_eq(bask_wait(f, 1, BASK_ANY, 2, &which), BASK_ETIMEDOUT);
    cr_assert_eq(bask_wait(f, 2, BASK_ALL, 2, NULL), BASK_ETIMEDOUT);
    atomic_store(&gate, 1);
    cr_assert_eq(bask_wait(f, 2, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    bask_future_free(f[0]);
    bask_future_free(f[1]);
    bask_close(c);
}

Test(client, cancel)
{
    bask_client *c = open_client("threads://1");
    bask_future *running = bask_submit(c, wait_for_gate, 1);
    while (!atomic_load(&entered))
        ;
    bask_future *queued = bask_submit(c, wait_for_gate, 2), *after = bask_submit(c, inc, queued);
    bask_cancel(queued);
    bask_cancel(running);
    int64_t x;
    cr_assert_eq(bask_future_state(queued), BASK_CANCELLED);
    cr_assert_eq(bask_result(running, &x), BASK_ECANCELLED);
    cr_assert_eq(bask_result(after, &x), BASK_ECANCELLED, "%s", bask_last_error());
    cr_assert_eq(atomic_load(&entered), 1, "queued work never starts");
    bask_future_free(running);
    bask_future_free(queued);
    bask_future_free(after);
    bask_close(c);
}

Test(client, close_cancels_what_has_not_started)
{
    bask_client *c = open_client("threads://1");
    bask_future *f[50];
    for (int i = 0; i < 50; i++)
        f[i] = bask_submit(c, wait_for_gate, i);
    while (!atomic_load(&entered))
        ;
    bask_close(c); /* the running kernel sees bask_cancelled() */
    int64_t x;
    for (int i = 0; i < 50; i++) {
        cr_assert(bask_future_done(f[i]));
        cr_assert_eq(bask_result(f[i], &x), BASK_ECANCELLED);
        bask_future_free(f[i]);
    }
}

static void *use_client(void *client)
{
    for (int i = 0; i < 2000; i++) {
        bask_future *f = bask_submit(client, inc, i);
        int64_t x = 0;
        if (i % 3 == 0)
            bask_cancel(f);
        else if (bask_result(f, &x) != BASK_OK || x != i + 1)
            return client;
        bask_future_free(f);
    }
    return NULL;
}

Test(client, two_clients_and_foreign_threads_with_a_storm_of_cancels)
{
    bask_client *c[] = {open_client("threads://2"), open_client("threads://1")};
    pthread_t t[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, use_client, c[i % 2]);
    for (int i = 0; i < 4; i++) {
        void *failed;
        pthread_join(t[i], &failed);
        cr_assert_null(failed);
    }
    bask_close(c[0]);
    bask_close(c[1]);
}

Test(client, openmp_needs_a_runtime)
{
    bask_client *c;
    cr_assert_eq(bask_open("openmp://2", &c), BASK_EUNSUPPORTED);
    cr_assert_not_null(strstr(bask_last_error(), "-fopenmp"));
    cr_assert_null(c);
}

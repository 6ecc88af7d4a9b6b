/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks that need what there is few of. */
#include "client/core.h"
#include "support/clusters.h"

static _Atomic int inside, most, order_of_starts, open_gate, entered;
static _Atomic int64_t order[1000];

static void raise_most(int now)
{
    int before = atomic_load(&most);
    while (before < now && !atomic_compare_exchange_weak(&most, &before, now))
        ;
}
BASK_KERNEL(int64_t, uses, (int64_t, amount))
{
    raise_most(atomic_fetch_add(&inside, (int)amount) + (int)amount);
    for (volatile int i = 0; i < 1000; i = i + 1)
        ;
    atomic_fetch_sub(&inside, (int)amount);
    return amount;
}
BASK_KERNEL(int64_t, at_gate, (int64_t, x))
{
    atomic_fetch_add(&entered, 1);
    while (!atomic_load(&open_gate))
        ;
    return x;
}
BASK_KERNEL(int64_t, notes, (int64_t, x))
{
    atomic_store(&order[atomic_fetch_add(&order_of_starts, 1)], x);
    return x;
}
BASK_KERNEL(int64_t, fails, (int64_t, x))
{
    bask_fail(BASK_EIO, "number %ld", (long)x);
    return x;
}

#define SUBMIT(c, wanted, kernel, ...)                                                             \
    bask_submit_with(                                                                              \
        c, (&(bask_task_options){.size = sizeof(bask_task_options), .resources = wanted}), kernel, \
        __VA_ARGS__)

static void assert_value(bask_future *f, int64_t want)
{
    int64_t x = -1;
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(x, want);
    bask_future_free(f);
}

static void never_more(bask_client *c)
{
    enum { N = 3000 };
    static bask_future *f[N];
    static const char *const wanted[] = {"gpu", "gpu:2", "gpu:3", "licence:1,gpu:1", "licence"};
    static const int amount[] = {1, 2, 3, 1, 0};
    cr_assert_eq(bask_client_resource(c, "gpu", 2), BASK_OK);
    cr_assert_eq(bask_client_resource(c, "licence", 1), BASK_OK);
    cr_assert_eq(bask_client_resource(c, "gpu", 3), BASK_OK);
    atomic_store(&most, 0);
    for (int i = 0; i < N; i++) {
        bask_task_options o = {.size = sizeof o, .resources = wanted[i % 5], .priority = i % 3 - 1};
        f[i] = bask_submit_with(c, &o, uses, amount[i % 5]);
    }
    for (int i = 0; i < N; i++)
        assert_value(f[i], amount[i % 5]);
    cr_assert_leq(atomic_load(&most), 3);
    /* the last may be giving back just now */
    for (int64_t free = 0; free != 3;) {
        bask_future *all = SUBMIT(c, "gpu:3", uses, 3);
        assert_value(all, 3);
        free = 3;
    }
}
Test(resource, no_more_than_there_is_is_in_use)
{
    each_cluster(never_more);
}

Test(resource, nobody_waits_for_it_on_a_worker)
{
    bask_client *c = open_client("threads://2?resources=gpu:1,licence");
    bask_future *holds = SUBMIT(c, "gpu", at_gate, 1), *waits[10];
    while (!atomic_load(&entered))
        ;
    for (int i = 0; i < 10; i++)
        waits[i] = SUBMIT(c, "licence,gpu:1", notes, i);
    assert_value(SUBMIT(c, "", notes, 77), 77);
    for (int i = 0; i < 100; i++)
        assert_value(bask_submit(c, uses, 0), 0);
    cr_assert_eq(atomic_load(&order_of_starts), 1, "only the one that needs nothing");
    atomic_store(&open_gate, 1);
    for (int i = 0; i < 10; i++)
        assert_value(waits[i], i);
    assert_value(holds, 1);
    for (int i = 0; i < 10; i++)
        cr_assert_eq(atomic_load(&order[1 + i]), i, "in the order in which they asked");
    bask_close(c);
}

/* One that needs much is not passed by for ever, and others do not wait with it in vain. */
Test(resource, what_the_first_lacks_is_kept_for_it)
{
    bask_client *c = open_client("threads://1?resources=gpu:2,licence:1");
    bask_future *f[6];
    f[0] = SUBMIT(c, "gpu:1", at_gate, 0);
    while (!atomic_load(&entered))
        ;
    f[1] = SUBMIT(c, "gpu:2", notes, 1);
    f[2] = SUBMIT(c, "gpu:1", notes, 2);
    f[3] = SUBMIT(c, "licence", notes, 3);
    bask_task_options o = {.size = sizeof o, .resources = "gpu:1", .priority = 1};
    f[4] = bask_submit_with(c, &o, notes, 4);
    f[5] = SUBMIT(c, "licence,gpu", notes, 5);
    atomic_store(&open_gate, 1);
    for (int i = 0; i < 6; i++)
        assert_value(f[i], i);
    bask_close(c);
    int at[6] = {0};
    for (int i = 0; i < 5; i++)
        at[atomic_load(&order[i])] = i;
    cr_assert_lt(at[4], at[1], "of a higher priority");
    cr_assert_lt(at[1], at[2], "asked first");
    cr_assert_lt(at[2], at[5]);
    cr_assert_lt(at[3], at[5]);
}

static void given_back(bask_client *c)
{
    cr_assert_eq(bask_client_resource(c, "gpu", 1), BASK_OK);
    for (int i = 0; i < 20; i++) {
        bask_task_options o = {.size = sizeof o, .resources = "gpu", .retries = 2, .timeout_ms = 1};
        bask_future *f = bask_submit_with(c, &o, fails, i),
                    *after = bask_submit_with(c, &o, uses, f);
        bask_future *g = SUBMIT(c, "gpu", uses, 1);
        bask_cancel(g);
        bask_future_free(f);
        bask_future_free(after);
        bask_future_free(g);
        assert_value(SUBMIT(c, "gpu", uses, 1), 1);
    }
}
Test(resource, it_is_given_back_whatever_happens)
{
    each_cluster(given_back);
}

Test(resource, a_client_that_closes_cancels_who_waits)
{
    bask_client *c = open_client("threads://2?resources=gpu:1");
    bask_future *f[100];
    f[0] = SUBMIT(c, "gpu", at_gate, 0);
    while (!atomic_load(&entered))
        ;
    for (int i = 1; i < 100; i++)
        f[i] = SUBMIT(c, "gpu", notes, i);
    bask_cancel(f[1]);
    atomic_store(&open_gate, 1);
    bask_close(c);
    for (int i = 0; i < 100; i++) {
        cr_assert(bask_future_done(f[i]));
        bask_future_free(f[i]);
    }
}

static void refused(bask_client *c, const char *wanted, const char *text)
{
    bask_future *f = SUBMIT(c, wanted, notes, 1);
    cr_assert_null(f);
    cr_assert(strstr(bask_last_error(), text), "%s: %s", wanted, bask_last_error());
}
static void refused_address(const char *address, const char *text)
{
    bask_client *c;
    cr_assert_eq(bask_open(address, &c), BASK_EADDRESS, "%s", address);
    cr_assert(strstr(bask_last_error(), text), "%s", bask_last_error());
    cr_assert(strstr(bask_last_error(), address), "%s", bask_last_error());
}
Test(resource, misuse)
{
    bask_client *c = open_client("sync://?resources=gpu:2");
    refused(c, "gpu:3", "3 of gpu are asked for, but there are 2");
    refused(c, "tpu", "there is no resource \"tpu\"");
    refused(c, "gp", "there is no resource \"gp\"");
    refused(c, "gpu:", "\"gpu:\" is no resource");
    refused(c, "gpu:x", "\"gpu:x\" is no resource");
    refused(c, "gpu:1x,gpu", "\"gpu:1x\" is no resource");
    refused(c, "gpu:0", "\"gpu:0\" is no resource");
    refused(c, ":1", "\":1\" is no resource");
    refused(c, ",", "is no resource");
    refused(c, "gpu,gpu", "gpu twice");
    cr_assert_eq(bask_client_resource(c, "gpu", 1), BASK_EINVAL);
    cr_assert(strstr(bask_last_error(), "1 are fewer"), "%s", bask_last_error());
    cr_assert_eq(bask_client_resource(c, "", 1), BASK_EINVAL);
    cr_assert_eq(bask_client_resource(c, NULL, 1), BASK_EINVAL);
    cr_assert_eq(bask_client_resource(c, "a:b", 1), BASK_EINVAL);
    cr_assert_eq(bask_client_resource(c, "a", 0), BASK_EINVAL);
    cr_assert_eq(bask_client_resource(NULL, "a", 1), BASK_EINVAL);
    refused(c, "a", "there is no resource");
    bask_close(c);
    refused_address("threads://2?resources=gpu:0", "\"gpu:0\" is no resource");
    refused_address("sync://?resources=gpu,:3", "\":3\" is no resource");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Overload: who submits faster than the workers work is held up, and nobody waits for ever. */
#include "client/core.h"
#include "support/clusters.h"
#include <pthread.h>
#include <sched.h>

static bask_client *client;
static _Atomic uint64_t most, ran;

/* Notes the most that was pending. */
BASK_KERNEL(int64_t, notes, (int64_t, x))
{
    uint64_t now = atomic_load(&client->pressure.pending), before = atomic_load(&most);
    while (before < now && !atomic_compare_exchange_weak(&most, &before, now))
        ;
    atomic_fetch_add(&ran, 1);
    return x + 1;
}

/* ---- host threads ---- */

enum { THREADS = 8, EACH = 3000 };

static void *submit_many(void *unused)
{
    for (int i = 0; i < EACH; i++)
        bask_future_free(bask_submit(client, notes, i));
    return unused;
}

static void *compute_many(void *unused)
{
    for (int i = 0; i < EACH / 10; i++) {
        bask_graph *g = bask_graph_new(client);
        bask_delayed *d[10];
        bask_future *f[10];
        for (int k = 0; k < 10; k++)
            d[k] = bask_delay(g, notes, k);
        bask_check(bask_compute(client, d, 10, f));
        for (int k = 0; k < 10; k++)
            bask_future_free(f[k]);
        bask_graph_free(g);
    }
    return unused;
}

static void *map_many(void *unused)
{
    bask_future *f[100];
    for (int i = 0; i < EACH / 100; i++) {
        bask_check(bask_map(client, notes, 100, f, i));
        for (int k = 0; k < 100; k++)
            bask_future_free(f[k]);
    }
    return unused;
}

static void from_many_threads(const char *address, void *(*submit)(void *))
{
    pthread_t threads[THREADS];
    client = open_client(address);
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, submit, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    while (atomic_load(&ran) < (uint64_t)THREADS * EACH)
        sched_yield();
    bask_close(client);
}

Test(pressure, eight_threads_that_submit_stay_within_the_limit)
{
    from_many_threads("threads://2?pending=100", submit_many);
    cr_assert_leq(atomic_load(&most), 100 + THREADS, "%llu",
                  (unsigned long long)atomic_load(&most));
    cr_assert_geq(atomic_load(&most), 100 - 100 / 8); /* it was an overload */
}

Test(pressure, eight_threads_that_compute_stay_within_the_limit)
{
    enum { ONE = 1000 / 16 + 1 }; /* the most that a compute counts as */
    from_many_threads("threads://1?pending=1000", compute_many);
    cr_assert_leq(atomic_load(&most), 1000 + THREADS * ONE);
    cr_assert_geq(atomic_load(&most), ONE);
}

Test(pressure, eight_threads_that_map_stay_within_the_limit)
{
    enum { ONE = 1000 / 16 + 1 }; /* the most that a map counts as */
    from_many_threads("threads://1?pending=1000", map_many);
    cr_assert_leq(atomic_load(&most), 1000 + THREADS * ONE);
    cr_assert_geq(atomic_load(&most), 1000 - 1000 / 8 - ONE); /* it was an overload */
}

Test(pressure, a_map_counts_as_its_tasks)
{
    bask_future *f[1000];
    client = open_client("threads://1?pending=1000");
    bask_check(bask_map(client, notes, 10, f, 1));
    bask_check(bask_wait(f, 10, BASK_ALL, BASK_FOREVER, NULL));
    cr_assert_eq(atomic_load(&most), 10);
    for (int i = 0; i < 10; i++)
        bask_future_free(f[i]);
    bask_close(client);
    client = open_client("threads://1?pending=1000");
    bask_check(bask_map(client, notes, 1000, f, 1));
    bask_check(bask_wait(f, 1000, BASK_ALL, BASK_FOREVER, NULL));
    cr_assert_eq(atomic_load(&most), 1000 / 16 + 1);
    for (int i = 0; i < 1000; i++)
        bask_future_free(f[i]);
    bask_close(client);
    cr_assert_eq(atomic_load(&ran), 1010);
}

Test(pressure, zero_is_no_limit)
{
    client = open_client("threads://2?pending=0");
    cr_assert_eq(client->pressure.limit, UINT64_MAX);
    bask_close(client);
    client = open_client("threads://2");
    cr_assert_eq(client->pressure.limit, (uint64_t)PRESSURE_LIMIT);
    bask_close(client);
    cr_assert_eq(bask_open("threads://2?pending=many", &client), BASK_EADDRESS);
    cr_assert(strstr(bask_last_error(), "pending=many"), "%s", bask_last_error());
}

/* ---- tasks ---- */

BASK_KERNEL(int64_t, submits_many, (int64_t, n))
{
    for (int64_t i = 0; i < n; i++)
        bask_future_free(bask_submit(client, notes, i));
    return n;
}

Test(pressure, a_task_is_not_held_up)
{
    enum { MANY = 20000 };
    client = open_client("threads://1?pending=100");
    bask_future *f = bask_submit(client, submits_many, MANY);
    int64_t x = 0;
    cr_assert_eq(bask_result(f, &x), BASK_OK);
    while (atomic_load(&ran) < MANY)
        sched_yield();
    bask_future_free(f);
    bask_close(client);
}

/* ---- nobody waits for ever ---- */

static bask_client *other;
static bask_future *barrier;
static atomic_bool opened;

BASK_KERNEL(int64_t, opens_later, (int64_t, x))
{
    while (!atomic_load(&opened))
        sched_yield();
    return x;
}

BASK_KERNEL(int64_t, passes_the_gate, (int64_t, x))
{
    int64_t y = 0;
    if (bask_result(barrier, &y) != BASK_OK)
        bask_fail(BASK_EKERNEL, "%s", bask_last_error());
    return x + y;
}

/* All tasks wait for what the host does after it has submitted more than may be pending. */
Test(pressure, host_that_the_tasks_wait_for_goes_on)
{
    enum { MANY = 40 };
    bask_future *f[MANY];
    other = open_client("threads://1");
    client = open_client("threads://2?pending=10");
    barrier = bask_submit(other, opens_later, 1);
    for (int i = 0; i < MANY; i++)
        f[i] = bask_submit(client, passes_the_gate, i);
    atomic_store(&opened, true);
    for (int i = 0; i < MANY; i++) {
        int64_t x = 0;
        cr_assert_eq(bask_result(f[i], &x), BASK_OK, "%s", bask_last_error());
        cr_assert_eq(x, i + 1);
        bask_future_free(f[i]);
    }
    bask_future_free(barrier);
    bask_close(client);
    bask_close(other);
}

/* Two clients whose tasks submit to each other, both beyond their limits. */
BASK_KERNEL(int64_t, submits_to_the_other, (int64_t, n))
{
    bask_client *to = n % 2 ? other : client;
    for (int64_t i = 0; i < 20; i++)
        bask_future_free(bask_submit(to, notes, i));
    return n;
}

Test(pressure, two_clients_do_not_wait_for_each_other)
{
    enum { MANY = 100 };
    other = open_client("threads://1?pending=5");
    client = open_client("threads://1?pending=5");
    for (int i = 0; i < MANY; i++)
        bask_future_free(bask_submit(i % 2 ? client : other, submits_to_the_other, i));
    while (atomic_load(&ran) < 20 * MANY)
        sched_yield();
    bask_close(client);
    bask_close(other);
}

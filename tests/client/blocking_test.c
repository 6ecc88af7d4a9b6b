/* SPDX-License-Identifier: Apache-2.0 */
/* Blocking sections, and waits while a lock of the host's is held. Time limits only end what hangs. */
#include "support/clusters.h"
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <string.h>

#define BLOCKING_TEST(name) Test(blocking, name, .timeout = 120)

static bask_client *client;
static sem_t gate;

static int64_t take(bask_future *f)
{
    int64_t x = -1;
    bask_status status = bask_result(f, &x);
    if (status != BASK_OK)
        bask_fail(status, "%s", bask_last_error());
    bask_future_free(f);
    return x;
}

static void assert_value(bask_future *f, int64_t want)
{
    int64_t x = -1;
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(x, want, "%ld, not %ld", (long)x, (long)want);
    bask_future_free(f);
}

static void on_each_pool(void (*check)(void))
{
    static const char *const clusters[] = {"threads://1", "threads://2", "threads://8"};
    for (size_t i = 0; i < sizeof clusters / sizeof clusters[0]; i++) {
        client = open_client(clusters[i]);
        sem_init(&gate, 0, 0);
        check();
        sem_destroy(&gate);
        bask_close(client);
    }
}

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}
BASK_KERNEL(int64_t, opens, (int64_t, x))
{
    sem_post(&gate);
    return x;
}
BASK_KERNEL(int64_t, blocks, (int64_t, depth))
{
    for (int64_t i = 0; i < depth; i++)
        bask_blocking_begin();
    while (sem_wait(&gate) != 0)
        ;
    for (int64_t i = 0; i < depth; i++)
        bask_blocking_end();
    return depth;
}

/* As many block as there are workers, and more. */
static void others_work(void)
{
    enum { N = 20 };
    bask_future *f[N];
    for (int64_t i = 0; i < N; i++)
        f[i] = bask_submit(client, blocks, 1 + i % 3);
    for (int64_t i = 0; i < N; i++)
        assert_value(bask_submit(client, opens, i), i);
    for (int64_t i = 0; i < N; i++)
        assert_value(f[i], 1 + i % 3);
}
BLOCKING_TEST(others_work_while_all_workers_block)
{
    on_each_pool(others_work);
}

BASK_KERNEL(int64_t, waits_in_a_section, (int64_t, x))
{
    bask_blocking_begin();
    int64_t y = take(bask_submit(client, inc, x));
    bask_blocking_begin();
    y = take(bask_submit(client, inc, y));
    bask_blocking_end();
    bask_blocking_end();
    return take(bask_submit(client, inc, y));
}
static void waits(void)
{
    for (int64_t i = 0; i < 200; i++)
        assert_value(bask_submit(client, waits_in_a_section, i), i + 3);
}
BLOCKING_TEST(waits_within)
{
    on_each_pool(waits);
}

BLOCKING_TEST(elsewhere_nothing_happens)
{
    bask_blocking_end();
    bask_blocking_begin();
    bask_no_help_begin();
    bask_no_help_end();
    bask_no_help_end();
    client = open_client("sync://");
    assert_value(bask_submit(client, waits_in_a_section, 1), 4);
    bask_close(client);
    bask_blocking_end();
}

/* ---- no help ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* What runs on top of who holds the lock would wait for it for ever: it is a plain mutex. */
BASK_KERNEL(int64_t, locks, (int64_t, x))
{
    bask_blocking_begin();
    pthread_mutex_lock(&lock);
    bask_blocking_end();
    pthread_mutex_unlock(&lock);
    return x;
}
BASK_KERNEL(int64_t, pauses, (int64_t, x))
{
    for (int i = 0; i < 3; i++)
        sched_yield(); /* so that others run, and wait, meanwhile */
    return x;
}
BASK_KERNEL(int64_t, spawns_with_lock, (int64_t, x))
{
    bask_spawn(other, locks, x);
    pthread_mutex_lock(&lock);
    bask_no_help_begin();
    bask_spawn(mine, pauses, x);
    int64_t sum = pauses(x) + bask_sync(mine);
    bask_no_help_end();
    pthread_mutex_unlock(&lock);
    return sum + bask_sync(other);
}
static pthread_t awaited_on;
BASK_KERNEL(int64_t, says_where, (int64_t, x))
{
    awaited_on = pthread_self();
    return x;
}
BASK_KERNEL(int64_t, guarded, (int64_t, x))
{
    bask_no_help_begin();
    x = take(bask_submit(client, says_where, x));
    bask_no_help_end();
    return x * 2 + !pthread_equal(awaited_on, pthread_self());
}
static void no_help(void)
{
    for (int64_t i = 0; i < 50; i++) {
        int64_t sum = 0;
        assert_value(bask_submit(client, guarded, i), 2 * i + 1);
        cr_assert_eq(bask_invoke(client, &sum, spawns_with_lock, i), BASK_OK);
        cr_assert_eq(sum, 3 * i);
    }
}
BLOCKING_TEST(nothing_runs_on_top_of_who_holds_a_lock)
{
    on_each_pool(no_help);
}

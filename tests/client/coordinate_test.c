/* SPDX-License-Identifier: Apache-2.0 */
/* Events, semaphores, locks, queues and variables between tasks. Time limits only end what hangs; the
 * short timeouts are of waits that can end in no other way. */
#include "support/clusters.h"
#include <pthread.h>
#include <sched.h>
#include <string.h>

#define COORDINATE_TEST(name) Test(coordinate, name, .timeout = 120)

static bask_client *client;

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}

static void assert_value(bask_future *f, int64_t want)
{
    int64_t x = -1;
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(x, want, "%ld, not %ld", (long)x, (long)want);
    bask_future_free(f);
}

/* Inside a task: fails it unless all is well. */
static void need(bask_status status)
{
    if (status != BASK_OK)
        bask_fail(status, "%s", bask_last_error());
}

static void on_each_pool(void (*check)(void))
{
    static const char *const clusters[] = {"threads://1", "threads://2", "threads://8"};
    for (size_t i = 0; i < sizeof clusters / sizeof clusters[0]; i++) {
        client = open_client(clusters[i]);
        check();
        bask_close(client);
    }
}

/* ---- events ---- */

static bask_event *event, *started;

BASK_KERNEL(int64_t, waits_for_event, (int64_t, x))
{
    need(bask_event_wait(event, BASK_FOREVER));
    return x;
}
BASK_KERNEL(int64_t, sets_event, (int64_t, x))
{
    need(bask_event_set(event));
    return x;
}

static void events(void)
{
    enum { N = 30 };
    bask_future *f[N];
    event = bask_event_new(client);
    cr_assert(!bask_event_is_set(event));
    cr_assert_eq(bask_event_wait(event, 0), BASK_ETIMEDOUT);
    cr_assert_eq(bask_event_wait(event, 2), BASK_ETIMEDOUT);
    cr_assert(strstr(bask_last_error(), "bask_event_wait") && strstr(bask_last_error(), "2 ms"));
    for (int64_t i = 0; i < N; i++)
        f[i] = bask_submit(client, waits_for_event, i);
    assert_value(bask_submit(client, sets_event, 7), 7);
    for (int64_t i = 0; i < N; i++)
        assert_value(f[i], i);
    cr_assert(bask_event_is_set(event));
    cr_assert_eq(bask_event_wait(event, 0), BASK_OK);
    cr_assert_eq(bask_event_clear(event), BASK_OK);
    cr_assert_eq(bask_event_wait(event, 0), BASK_ETIMEDOUT);
    bask_event_free(event);
}
COORDINATE_TEST(tasks_wait_for_an_event_that_a_later_one_sets)
{
    on_each_pool(events);
}

BASK_KERNEL(int64_t, answers, (int64_t, rounds))
{
    for (int64_t i = 0; i < rounds; i++) {
        need(bask_event_wait(started, BASK_FOREVER));
        bask_event_clear(started);
        bask_event_set(event);
    }
    return rounds;
}
static void ping_pong(void)
{
    enum { ROUNDS = 300 };
    event = bask_event_new(client);
    started = bask_event_new(client);
    bask_future *f = bask_submit(client, answers, ROUNDS);
    for (int i = 0; i < ROUNDS; i++) {
        cr_assert_eq(bask_event_set(started), BASK_OK);
        cr_assert_eq(bask_event_wait(event, BASK_FOREVER), BASK_OK);
        bask_event_clear(event);
    }
    assert_value(f, ROUNDS);
    bask_event_free(event);
    bask_event_free(started);
}
COORDINATE_TEST(a_host_thread_and_a_task_in_turn)
{
    on_each_pool(ping_pong);
}

/* ---- locks and semaphores ---- */

static bask_lock *lock;
static bask_semaphore *semaphore;
static int64_t unguarded; /* under the lock */
static _Atomic int64_t inside, most;

BASK_KERNEL(int64_t, adds_under_lock, (int64_t, x))
{
    need(bask_lock_acquire(lock, BASK_FOREVER));
    int64_t before = unguarded;
    bask_future *f = bask_submit(client, inc, x); /* waits while it holds the lock */
    int64_t y = 0;
    need(bask_result(f, &y));
    bask_future_free(f);
    unguarded = before + y - x;
    need(bask_lock_release(lock));
    return x;
}
BASK_KERNEL(int64_t, is_inside, (int64_t, x))
{
    need(bask_semaphore_acquire(semaphore, BASK_FOREVER));
    int64_t n = atomic_fetch_add(&inside, 1) + 1, m = atomic_load(&most);
    while (m < n && !atomic_compare_exchange_weak(&most, &m, n))
        ;
    sched_yield();
    atomic_fetch_sub(&inside, 1);
    need(bask_semaphore_release(semaphore));
    return x;
}

static void locks(void)
{
    enum { N = 300 };
    static bask_future *f[N];
    lock = bask_lock_new(client);
    unguarded = 0;
    for (int64_t i = 0; i < N; i++)
        f[i] = bask_submit(client, adds_under_lock, i);
    for (int64_t i = 0; i < N; i++)
        assert_value(f[i], i);
    cr_assert_eq(unguarded, N);
    cr_assert(!bask_lock_locked(lock));
    cr_assert_eq(bask_lock_acquire(lock, 0), BASK_OK);
    cr_assert(bask_lock_locked(lock));
    cr_assert_eq(bask_lock_acquire(lock, 1), BASK_ETIMEDOUT);
    cr_assert_eq(bask_lock_release(lock), BASK_OK);
    cr_assert_eq(bask_lock_release(lock), BASK_EINVAL);
    bask_lock_free(lock);
}
COORDINATE_TEST(one_at_a_time_holds_a_lock)
{
    on_each_pool(locks);
}

static void semaphores(void)
{
    enum { N = 300, LEASES = 3 };
    static bask_future *f[N];
    semaphore = bask_semaphore_new(client, LEASES);
    atomic_store(&most, 0);
    for (int64_t i = 0; i < N; i++)
        f[i] = bask_submit(client, is_inside, i);
    for (int64_t i = 0; i < N; i++)
        assert_value(f[i], i);
    cr_assert_leq(atomic_load(&most), LEASES);
    for (int i = 0; i < LEASES; i++)
        cr_assert_eq(bask_semaphore_acquire(semaphore, 0), BASK_OK);
    cr_assert_eq(bask_semaphore_leases(semaphore), LEASES);
    cr_assert_eq(bask_semaphore_acquire(semaphore, 0), BASK_ETIMEDOUT);
    for (int i = 0; i < LEASES; i++)
        cr_assert_eq(bask_semaphore_release(semaphore), BASK_OK);
    cr_assert_eq(bask_semaphore_release(semaphore), BASK_EINVAL);
    bask_semaphore_free(semaphore);
}
COORDINATE_TEST(no_more_than_the_leases)
{
    on_each_pool(semaphores);
}

/* ---- queues ---- */

static bask_queue *queue;

BASK_KERNEL(int64_t, produces, (int64_t, n))
{
    for (int64_t i = 1; i <= n; i++)
        need(bask_queue_put(queue, &i, BASK_FOREVER));
    return n;
}
BASK_KERNEL(int64_t, consumes, (int64_t, n))
{
    int64_t sum = 0;
    for (int64_t i = 0, x; i < n; i++) {
        need(bask_queue_get(queue, &x, BASK_FOREVER));
        sum += x;
    }
    return sum;
}

static void queues(void)
{
    enum { N = 200, PAIRS = 4 };
    static const size_t sizes[] = {0, 1, 3};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        bask_future *f[2 * PAIRS];
        int64_t sum = 0;
        queue = bask_queue_new(client, sizes[s]);
        for (size_t i = 0; i < 2 * PAIRS; i++) /* on one worker the consumers come first */
            f[i] = i < PAIRS ? bask_submit(client, consumes, N) : bask_submit(client, produces, N);
        for (size_t i = 0; i < 2 * PAIRS; i++) {
            int64_t x = 0;
            cr_assert_eq(bask_result(f[i], &x), BASK_OK, "%s", bask_last_error());
            sum += i < PAIRS ? x : 0;
            bask_future_free(f[i]);
        }
        cr_assert_eq(sum, (int64_t)PAIRS * N * (N + 1) / 2);
        cr_assert_eq(bask_queue_size(queue), 0);
        bask_queue_free(queue);
    }
}
COORDINATE_TEST(producers_and_consumers)
{
    on_each_pool(queues);
}

COORDINATE_TEST(a_queue_keeps_order_types_and_its_size)
{
    client = open_client("threads://2");
    queue = bask_queue_new(client, 2);
    int64_t x = 5;
    double d = 2.5;
    cr_assert_eq(bask_queue_get(queue, &x, 1), BASK_ETIMEDOUT);
    cr_assert_eq(bask_queue_put(queue, &x, 0), BASK_OK);
    cr_assert_eq(bask_queue_put(queue, &d, 0), BASK_OK);
    cr_assert_eq(bask_queue_put(queue, &x, 1), BASK_ETIMEDOUT);
    cr_assert_eq(bask_queue_size(queue), 2);
    cr_assert_eq(bask_queue_get(queue, &d, 0), BASK_ETYPE);
    bask_future *f = NULL;
    cr_assert_eq(bask_queue_get_future(queue, &f, 0), BASK_ETYPE);
    x = 0;
    cr_assert_eq(bask_queue_get(queue, &x, 0), BASK_OK);
    cr_assert_eq(x, 5);
    d = 0;
    cr_assert_eq(bask_queue_get(queue, &d, 0), BASK_OK);
    cr_assert_eq(d, 2.5);
    char large[17] = "";
    cr_assert_eq(bask_queue_put(queue, &large, 0), BASK_ETYPE);
    f = bask_submit(client, inc, 1);
    cr_assert_eq(bask_queue_put_future(queue, f, 0), BASK_OK);
    cr_assert_eq(bask_queue_put_future(queue, f, 0), BASK_OK); /* goes with the queue */
    bask_future_free(f);
    f = NULL;
    cr_assert_eq(bask_queue_get_future(queue, &f, 0), BASK_OK);
    assert_value(f, 2);
    bask_queue_free(queue);
    bask_close(client);
}

BASK_KERNEL(int64_t, wants_double, (int64_t, x))
{
    double d;
    return bask_queue_get(queue, &d, BASK_FOREVER) == BASK_ETYPE ? x : -1;
}
COORDINATE_TEST(who_waits_for_another_type_is_told)
{
    client = open_client("threads://2");
    queue = bask_queue_new(client, 0);
    bask_future *f = bask_submit(client, wants_double, 3);
    int64_t x = 1;
    cr_assert_eq(bask_queue_put(queue, &x, BASK_FOREVER), BASK_OK);
    assert_value(f, 3);
    cr_assert_eq(bask_queue_size(queue), 1);
    bask_queue_free(queue);
    bask_close(client);
}

/* ---- variables ---- */

static bask_variable *variable;

BASK_KERNEL(int64_t, reads, (int64_t, x))
{
    int64_t y = 0;
    need(bask_variable_get(variable, &y, BASK_FOREVER));
    return x + y;
}
BASK_KERNEL(int64_t, writes, (int64_t, x))
{
    need(bask_variable_set(variable, &x));
    return x;
}

static void variables(void)
{
    enum { N = 20 };
    bask_future *f[N];
    int64_t x;
    variable = bask_variable_new(client);
    cr_assert_eq(bask_variable_get(variable, &x, 1), BASK_ETIMEDOUT);
    for (int64_t i = 0; i < N; i++)
        f[i] = bask_submit(client, reads, i);
    assert_value(bask_submit(client, writes, 100), 100);
    for (int64_t i = 0; i < N; i++)
        assert_value(f[i], 100 + i);
    double d;
    cr_assert_eq(bask_variable_get(variable, &d, 0), BASK_ETYPE);
    bask_future *made = bask_submit(client, inc, 1), *read = NULL;
    cr_assert_eq(bask_variable_set_future(variable, made), BASK_OK);
    bask_future_free(made);
    cr_assert_eq(bask_variable_get_future(variable, &read, 0), BASK_OK);
    assert_value(read, 2);
    cr_assert_eq(bask_variable_get_future(variable, &read, 0), BASK_OK);
    assert_value(read, 2);
    bask_variable_free(variable);
}
COORDINATE_TEST(a_variable_is_waited_for_once)
{
    on_each_pool(variables);
}

/* ---- the end of clients and tasks ---- */

static _Atomic int64_t statuses[16];
static _Atomic size_t waiting;

BASK_KERNEL(int64_t, says_how_it_ended, (int64_t, i))
{
    atomic_fetch_add(&waiting, 1);
    atomic_store(&statuses[i], bask_event_wait(event, BASK_FOREVER));
    return i;
}

static void wait_until_waiting(size_t n)
{
    while (atomic_load(&waiting) < n)
        sched_yield();
}

COORDINATE_TEST(closing_wakes_who_waits)
{
    enum { N = 8 };
    static const char *const clusters[] = {"threads://1", "threads://2", "threads://8"};
    for (size_t k = 0; k < sizeof clusters / sizeof clusters[0]; k++) {
        bask_future *f[N];
        client = open_client(clusters[k]);
        event = bask_event_new(client);
        atomic_store(&waiting, 0);
        for (int64_t i = 0; i < N; i++)
            f[i] = bask_submit(client, says_how_it_ended, i);
        wait_until_waiting(N);
        bask_close(client);
        for (int64_t i = 0; i < N; i++) {
            cr_assert_eq(atomic_load(&statuses[i]), BASK_ECLOSED);
            bask_future_free(f[i]);
        }
        cr_assert_eq(bask_event_wait(event, BASK_FOREVER), BASK_ECLOSED);
        bask_event_free(event);
    }
}

COORDINATE_TEST(cancelling_a_task_wakes_it)
{
    client = open_client("threads://1");
    event = bask_event_new(client);
    atomic_store(&waiting, 0);
    bask_future *f = bask_submit(client, says_how_it_ended, 0);
    wait_until_waiting(1);
    atomic_store(&statuses[0], -1);
    cr_assert_eq(bask_cancel(f), BASK_OK);
    while (atomic_load(&statuses[0]) == -1)
        sched_yield();
    cr_assert_eq(atomic_load(&statuses[0]), BASK_ECANCELLED);
    bask_future_free(f);
    bask_event_free(event);
    bask_close(client);
}

COORDINATE_TEST(arguments)
{
    client = open_client("sync://");
    int64_t x = 0;
    cr_assert_null(bask_event_new(NULL));
    cr_assert_null(bask_semaphore_new(client, 0));
    cr_assert_eq(bask_event_set(NULL), BASK_EINVAL);
    cr_assert_eq(bask_event_clear(NULL), BASK_EINVAL);
    cr_assert_eq(bask_event_wait(NULL, 0), BASK_EINVAL);
    cr_assert_eq(bask_lock_acquire(NULL, 0), BASK_EINVAL);
    cr_assert_eq(bask_semaphore_release(NULL), BASK_EINVAL);
    cr_assert_eq(bask_queue_put(NULL, &x, 0), BASK_EINVAL);
    cr_assert_eq(bask_queue_put_future(NULL, NULL, 0), BASK_EINVAL);
    cr_assert_eq(bask_queue_get_future(NULL, NULL, 0), BASK_EINVAL);
    cr_assert_eq(bask_variable_set_future(NULL, NULL), BASK_EINVAL);
    queue = bask_queue_new(client, 0);
    cr_assert_eq(bask_queue_get_as(queue, NULL, BASK_INT64, 8, 0), BASK_EINVAL);
    cr_assert_eq(bask_queue_put_as(queue, NULL, BASK_INT64, 8, 0), BASK_EINVAL);
    bask_event_free(NULL);
    bask_semaphore_free(NULL);
    bask_lock_free(NULL);
    bask_queue_free(NULL);
    bask_variable_free(NULL);
    bask_close(client);
    cr_assert_eq(bask_queue_put(queue, &x, 0), BASK_ECLOSED);
    bask_queue_free(queue);
}

/* ---- many at once ---- */

BASK_KERNEL(int64_t, does_some_of_all, (int64_t, seed))
{
    uint32_t state = (uint32_t)seed * 2654435761u + 1;
    int64_t x = 1;
    for (int i = 0; i < 20; i++) {
        state = state * 1664525u + 1013904223u;
        switch (state >> 29) {
        case 0:
            need(bask_lock_acquire(lock, BASK_FOREVER));
            unguarded++;
            need(bask_lock_release(lock));
            break;
        case 1:
            if (bask_lock_acquire(lock, 0) == BASK_OK) {
                unguarded++;
                need(bask_lock_release(lock));
            }
            break;
        case 2:
            if (bask_event_wait(event, (state >> 16) % 2) == BASK_OK)
                bask_event_clear(event);
            break;
        case 3:
            bask_event_set(event);
            break;
        case 4:
            need(bask_semaphore_acquire(semaphore, BASK_FOREVER));
            need(bask_semaphore_release(semaphore));
            break;
        case 5:
            if (bask_queue_put(queue, &x, (state >> 16) % 3) == BASK_OK)
                need(bask_queue_get(queue, &x, BASK_FOREVER));
            break;
        case 6:
            if (bask_queue_get(queue, &x, 0) == BASK_OK)
                need(bask_queue_put(queue, &x, BASK_FOREVER));
            break;
        default:
            need(bask_variable_set(variable, &x));
            need(bask_variable_get(variable, &x, BASK_FOREVER));
        }
    }
    return seed;
}

static void all_of_it(void)
{
    enum { N = 60 };
    bask_future *f[N];
    event = bask_event_new(client);
    lock = bask_lock_new(client);
    semaphore = bask_semaphore_new(client, 2);
    queue = bask_queue_new(client, N); /* so that no put waits for a get that waits for it */
    variable = bask_variable_new(client);
    for (int64_t i = 0; i < N; i++)
        f[i] = bask_submit(client, does_some_of_all, i);
    for (int64_t i = 0; i < N; i++)
        assert_value(f[i], i);
    cr_assert_eq(bask_queue_size(queue), 0);
    bask_event_free(event);
    bask_lock_free(lock);
    bask_semaphore_free(semaphore);
    bask_queue_free(queue);
    bask_variable_free(variable);
}
COORDINATE_TEST(a_storm)
{
    on_each_pool(all_of_it);
}

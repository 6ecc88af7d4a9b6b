/* SPDX-License-Identifier: Apache-2.0 */
/* Waits of tasks for futures of whatever origin, in circles that only look closed: none blocks for ever,
 * on any number of workers. The time limits only end a test that hangs. */
#include "support/clusters.h"
#include <sched.h>

#define WAITS_TEST(name) Test(waits, name, .timeout = 300)

static bask_client *client;
static bask_future *_Atomic shared[8]; /* for tasks that were not given these futures */

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}
BASK_KERNEL(int64_t, add, (int64_t, x), (int64_t, y))
{
    return x + y;
}

/* Inside a task: the value, or the task fails with the reason. */
static int64_t value_of(bask_future *f)
{
    int64_t x = -1;
    bask_status status = bask_result(f, &x);
    if (status != BASK_OK)
        bask_fail(status, "%s", bask_last_error());
    return x;
}
static int64_t take(bask_future *f)
{
    int64_t x = value_of(f);
    bask_future_free(f);
    return x;
}

static bask_future *shared_at(size_t i)
{
    bask_future *f;
    while (!(f = atomic_load(&shared[i])))
        sched_yield(); /* a host thread is about to store it */
    return f;
}

static void assert_value(bask_future *f, int64_t want)
{
    int64_t x = -1;
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(x, want, "%ld, not %ld", (long)x, (long)want);
    bask_future_free(f);
}

static void forget_shared(void)
{
    for (size_t i = 0; i < sizeof shared / sizeof shared[0];
         i++) { /* others may look for them yet */
        bask_future *f = atomic_load(&shared[i]);
        if (f)
            cr_assert_eq(bask_wait(&f, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    }
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        bask_future_free(atomic_load(&shared[i]));
        atomic_store(&shared[i], NULL);
    }
}

static void on_each_pool(void (*check)(void))
{
    static const char *const clusters[] = {"threads://1", "threads://2", "threads://8"};
    enum { ROUNDS = 20 };
    for (size_t i = 0; i < sizeof clusters / sizeof clusters[0]; i++) {
        client = open_client(clusters[i]);
        for (int k = 0; k < ROUNDS; k++) {
            check();
            forget_shared();
        }
        bask_close(client);
    }
}

BASK_KERNEL(int64_t, waits_for_shared, (int64_t, i))
{
    return value_of(shared_at((size_t)i)) + 1;
}

/* ---- what a task starts waits for that task ---- */

BASK_KERNEL(int64_t, starts_its_waiter, (int64_t, x))
{
    bask_future *y = bask_submit(client, inc, x);
    atomic_store(&shared[1],
                 bask_submit(client, waits_for_shared, 0)); /* the newest of its deque */
    return take(y);
}

static void child_waits_for_parent(void)
{
    atomic_store(&shared[0], bask_submit(client, starts_its_waiter, 5));
    assert_value(bask_future_retain(shared_at(0)), 6);
    assert_value(bask_future_retain(shared_at(1)), 7);
}
WAITS_TEST(a_child_waits_for_its_parent)
{
    on_each_pool(child_waits_for_parent);
}

static bask_event *event;
static atomic_bool begun;

BASK_KERNEL(int64_t, waits_for_event, (int64_t, x))
{
    bask_status status = bask_event_wait(event, BASK_FOREVER);
    if (status != BASK_OK)
        bask_fail(status, "%s", bask_last_error());
    return x;
}
BASK_KERNEL(int64_t, begins_and_waits, (int64_t, i))
{
    atomic_store(&begun, true);
    return value_of(shared_at((size_t)i)) + 1;
}
BASK_KERNEL(int64_t, waits_for_what_cannot_run_yet, (int64_t, x))
{
    bask_future *y = bask_submit(client, add, x, shared_at(2));
    atomic_store(&shared[1], bask_submit(client, begins_and_waits, 0));
    return take(y);
}

static void newest_waits_for_parent(void)
{
    event = bask_event_new(client);
    atomic_store(&begun, false);
    atomic_store(&shared[2], bask_submit(client, waits_for_event, 1));
    atomic_store(&shared[0], bask_submit(client, waits_for_what_cannot_run_yet, 5));
    while (!atomic_load(&begun)) /* on top of the task that it waits for, if it could be there */
        sched_yield();
    cr_assert_eq(bask_event_set(event), BASK_OK);
    assert_value(bask_future_retain(shared_at(1)), 7);
    bask_event_free(event);
}
WAITS_TEST(nothing_runs_on_top_of_who_waits_for_something_else)
{
    on_each_pool(newest_waits_for_parent);
}

BASK_KERNEL(int64_t, computes_beside_its_waiter, (int64_t, x))
{
    bask_graph *g = bask_graph_new(client);
    bask_delayed *d = bask_delay(g, add, bask_delay(g, inc, x), bask_delay(g, inc, x));
    bask_future *f;
    int64_t sum = -1;
    if (bask_compute(client, &d, 1, &f) != BASK_OK)
        return bask_fail(BASK_EKERNEL, "%s", bask_last_error());
    atomic_store(&shared[1], bask_submit(client, waits_for_shared, 0));
    sum = take(f);
    bask_graph_free(g);
    return sum;
}

static void child_waits_for_computing_parent(void)
{
    atomic_store(&shared[0], bask_submit(client, computes_beside_its_waiter, 5));
    assert_value(bask_future_retain(shared_at(1)), 13);
}
WAITS_TEST(a_child_waits_for_its_parent_that_computes)
{
    on_each_pool(child_waits_for_computing_parent);
}

/* ---- older tasks wait for newer ones, and the other way round ---- */

BASK_KERNEL(int64_t, waits_for_own_and_shared, (int64_t, i))
{
    int64_t own = take(bask_submit(client, inc, i));
    return own + value_of(shared_at((size_t)i));
}

static void chain_backwards(void)
{
    enum { N = 8 };
    for (int64_t i = 0; i < N - 1; i++) /* each waits for the next one, which comes later */
        atomic_store(&shared[i], bask_submit(client, waits_for_own_and_shared, i + 1));
    atomic_store(&shared[N - 1], bask_submit(client, inc, 0));
    int64_t want = 1;
    for (int64_t i = N - 1; i > 0; i--)
        want += i + 1;
    assert_value(bask_future_retain(shared_at(0)), want);
}
WAITS_TEST(each_waits_for_the_next)
{
    on_each_pool(chain_backwards);
}

BASK_KERNEL(int64_t, waits_for_any_of_two, (int64_t, i))
{
    bask_future *two[] = {shared_at((size_t)i), shared_at((size_t)i + 1)};
    size_t which;
    if (bask_wait(two, 2, BASK_ANY, BASK_FOREVER, &which) != BASK_OK)
        return bask_fail(BASK_EKERNEL, "%s", bask_last_error());
    return value_of(two[which]);
}

static void any_of_later_ones(void)
{
    bask_future *first = bask_submit(client, waits_for_any_of_two, 0);
    atomic_store(&shared[0], bask_submit(client, waits_for_any_of_two, 1));
    atomic_store(&shared[1], bask_submit(client, waits_for_shared, 2));
    atomic_store(&shared[2], bask_submit(client, inc, 6));
    int64_t x = 0;
    cr_assert_eq(bask_result(first, &x), BASK_OK, "%s", bask_last_error());
    cr_assert(x == 7 || x == 8, "%ld", (long)x); /* as the one or the other was done first */
    bask_future_free(first);
}
WAITS_TEST(any_of_tasks_that_come_later)
{
    on_each_pool(any_of_later_ones);
}

/* ---- joins ---- */

BASK_KERNEL(int64_t, leaf, (int64_t, x))
{
    for (int i = 0; i < 3; i++)
        sched_yield(); /* a chance to be stolen, and to be waited for */
    return x;
}
BASK_KERNEL(int64_t, joins_beside_its_waiter, (int64_t, x))
{
    atomic_store(&shared[1], bask_submit(client, waits_for_shared, 0));
    bask_spawn(one, leaf, x);
    bask_spawn(two, leaf, x);
    int64_t three = leaf(x);
    return bask_sync(two) + bask_sync(one) + three;
}

static void join_beside_waiter(void)
{
    atomic_store(&shared[0], bask_submit(client, joins_beside_its_waiter, 5));
    assert_value(bask_future_retain(shared_at(1)), 16);
}
WAITS_TEST(a_join_beside_who_waits_for_it)
{
    on_each_pool(join_beside_waiter);
}

/* ---- roots of one graph, each on the stack of whoever claimed them all ---- */

enum { ROOTS = 8 };

BASK_KERNEL(bask_buffer *, root_waits, (int64_t, i))
{
    bask_buffer *own = bask_buffer_new(sizeof(int64_t));
    bask_span next;
    if (!own)
        return NULL;
    *(int64_t *)bask_buffer_data(own) = 10;
    if (i == ROOTS - 1)
        return own;
    if (bask_result(shared_at((size_t)i + 1), &next) != BASK_OK)
        bask_fail(BASK_EKERNEL, "%s", bask_last_error());
    else
        *(int64_t *)bask_buffer_data(own) = *(const int64_t *)next.data + 1;
    return own;
}

/* A worker that starts a graph has all of its roots at first. */
BASK_KERNEL(int64_t, starts_roots, (int64_t, x))
{
    bask_graph *g = bask_graph_new(client);
    bask_delayed *d[ROOTS];
    bask_future *f[ROOTS];
    for (int64_t i = 0; i < ROOTS; i++)
        d[i] = bask_delay(g, root_waits, i);
    bask_status status = bask_compute(client, d, ROOTS, f);
    if (status != BASK_OK)
        bask_fail(status, "%s", bask_last_error());
    for (size_t i = 0; i < ROOTS; i++)
        atomic_store(&shared[i], f[i]);
    bask_graph_free(g);
    return x;
}

static void roots_wait(void)
{
    bask_span first;
    assert_value(bask_submit(client, starts_roots, 1), 1);
    cr_assert_eq(bask_result(shared_at(0), &first), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(*(const int64_t *)first.data, 10 + ROOTS - 1);
}
WAITS_TEST(a_root_waits_for_the_next_one)
{
    on_each_pool(roots_wait);
}

/* ---- deep ---- */

enum { LEVELS = 10000 };

BASK_KERNEL(int64_t, descends, (int64_t, n))
{
    return n ? take(bask_submit(client, descends, n - 1)) + 1 : 0;
}
BASK_KERNEL(int64_t, descends_in_graphs, (int64_t, n))
{
    if (n == 0)
        return 0;
    bask_graph *g = bask_graph_new(client);
    bask_delayed *d = bask_delay(g, inc, bask_delay(g, descends_in_graphs, n - 1));
    bask_future *f;
    if (bask_compute_sync(client, &d, 1, &f) != BASK_OK)
        bask_fail(BASK_EKERNEL, "%s", bask_last_error());
    bask_graph_free(g);
    return take(f);
}

static const char *const deep_clusters[] = {"threads://1", "threads://2?stack=512K",
                                            "threads://8?stack=1M", "sync://"};

WAITS_TEST(ten_thousand_levels_of_submit_and_wait)
{
    for (size_t i = 0; i < sizeof deep_clusters / sizeof deep_clusters[0]; i++) {
        client = open_client(deep_clusters[i]);
        assert_value(bask_submit(client, descends, LEVELS), LEVELS);
        bask_close(client);
    }
}
WAITS_TEST(ten_thousand_levels_of_graphs)
{
    for (size_t i = 0; i < sizeof deep_clusters / sizeof deep_clusters[0]; i++) {
        client = open_client(deep_clusters[i]);
        assert_value(bask_submit(client, descends_in_graphs, LEVELS), LEVELS);
        bask_close(client);
    }
}

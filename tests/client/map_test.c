/* SPDX-License-Identifier: Apache-2.0 */
/* Many tasks in one call. */
#include "support/clusters.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static atomic_int opened, entered;

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}
BASK_KERNEL(double, scale, (double, x), (double, factor))
{
    return x * factor;
}
BASK_KERNEL(int64_t, add4, (int64_t, a), (int64_t, b), (int32_t, c), (int64_t, d))
{
    return a + 10 * b + 100 * c + 1000 * d;
}
BASK_KERNEL(int64_t, nothing)
{
    return 7;
}
BASK_KERNEL(void, count_in)
{
    atomic_fetch_add(&entered, 1);
}
BASK_KERNEL(bask_buffer *, bytes, (int64_t, n))
{
    bask_buffer *b = bask_buffer_new((size_t)n);
    if (b)
        memset(bask_buffer_data(b), (int)n, (size_t)n);
    return b;
}
BASK_KERNEL(int64_t, last_byte, (bask_span, s), (int64_t, plus))
{
    return ((const unsigned char *)s.data)[s.size - 1] + plus;
}
BASK_KERNEL(int64_t, odd_fails, (int64_t, x))
{
    if (x % 2)
        (void)bask_fail(BASK_EIO, "%d is odd", (int)x);
    return x;
}
BASK_KERNEL(int64_t, waits, (int64_t, x))
{
    atomic_fetch_add(&entered, 1);
    while (!atomic_load(&opened) && !bask_cancelled())
        sched_yield();
    return x;
}
BASK_KERNEL_UNTYPED(double, sum)
{
    double all = 0, x = 0;
    for (size_t i = 0; i < bask_task_argument_count(task); i++) {
        bask_status status = bask_task_double(task, i, &x);
        if (status != BASK_OK)
            return status;
        all += x;
    }
    return bask_return(task, &all);
}

static void free_all(bask_future **f, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bask_future_free(f[i]);
}

static int64_t result_of(bask_future *f)
{
    int64_t x = -1;
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    return x;
}

static void each_kind(void (*check)(bask_client *c))
{
    each_cluster(check);
}

/* ---- arguments ---- */

enum { N = 5000 };

static void arguments(bask_client *c)
{
    static bask_future *own[N], *f[N], *g[N], *h[N];
    static double xs[N];
    static int64_t bs[N];
    const int32_t cs[3] = {1, 2, 3};
    for (int i = 0; i < N; i++)
        xs[i] = i, bs[i] = 2 * i;
    cr_assert_eq(bask_map(c, scale, N, f, bask_each(xs), 2), BASK_OK);
    memset(xs, 0, sizeof xs); /* it was copied */
    cr_assert_eq(bask_map(c, inc, N, own, bask_each(bs)), BASK_OK);
    cr_assert_eq(bask_map(c, inc, N, g, bask_each_future(own)), BASK_OK);
    bask_future *one = bask_submit(c, inc, 4);
    bask_status status = bask_map(c, add4, 3, h, one, bask_each_future(own), bask_each(cs), 9);
    cr_assert_eq(status, BASK_OK);
    bask_future_free(one);
    free_all(own, N);
    for (int i = 0; i < N; i++) {
        double y = 0;
        cr_assert_eq(bask_result(f[i], &y), BASK_OK);
        cr_assert_eq(y, 2.0 * i);
        cr_assert_eq(result_of(g[i]), 2 * i + 2);
    }
    for (int i = 0; i < 3; i++)
        cr_assert_eq(result_of(h[i]), 5 + 10 * (2 * i + 1) + 100 * (i + 1) + 9000);
    free_all(f, N), free_all(g, N), free_all(h, 3);
}

Test(map, takes_literals_arrays_and_futures)
{
    each_kind(arguments);
}

static void few(bask_client *c)
{
    bask_future *f[3];
    cr_assert_eq(bask_map(c, nothing, 3, f), BASK_OK);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(result_of(f[i]), 7);
    free_all(f, 3);
    atomic_store(&entered, 0);
    cr_assert_eq(bask_map(c, count_in, 3, f), BASK_OK);
    cr_assert_eq(bask_wait(f, 3, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    cr_assert_eq(atomic_load(&entered), 3);
    cr_assert_str_eq(bask_future_name(f[2]), "count_in");
    free_all(f, 3);
    cr_assert_eq(bask_map(c, nothing, 0, f), BASK_OK);
    cr_assert_eq(bask_map(c, nothing, 0, NULL), BASK_OK);
}

Test(map, needs_no_argument_and_no_task)
{
    each_kind(few);
}

static void buffers(bask_client *c)
{
    bask_future *b[100], *f[100];
    int64_t sizes[100];
    for (int i = 0; i < 100; i++)
        sizes[i] = i + 1;
    cr_assert_eq(bask_map(c, bytes, 100, b, bask_each(sizes)), BASK_OK);
    cr_assert_eq(bask_map(c, last_byte, 100, f, bask_each_future(b), 1000), BASK_OK);
    free_all(b, 100);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(result_of(f[i]), i + 1001);
    free_all(f, 100);
    bask_span both[2] = {{"ab", 2}, {"xyz", 3}};
    cr_assert_eq(bask_map(c, last_byte, 2, f, bask_each(both), 0), BASK_OK);
    cr_assert_eq(result_of(f[0]), 'b');
    cr_assert_eq(result_of(f[1]), 'z');
    free_all(f, 2);
    bask_pool_stats stats;
    do /* the workers let go of them a moment after the futures are done */
        bask_client_stats(c, &stats);
    while (stats.live_bytes);
}

Test(map, buffers_are_passed_on_and_freed, .timeout = 60)
{
    each_kind(buffers);
}

static void untyped(bask_client *c)
{
    enum { MANY = 40 };
    const double xs[3] = {0.5, 1.5, 2.5};
    const int32_t is[3] = {10, 20, 30};
    bask_arg args[MANY] = {bask_arg_each(xs, sizeof xs[0], BASK_FLOAT64),
                           bask_arg_each(is, sizeof is[0], BASK_INT32)};
    bask_future *own[3], *f[3];
    cr_assert_eq(bask_map(c, scale, 3, own, bask_each(xs), 2), BASK_OK);
    args[2] = bask_each_future(own);
    for (int i = 3; i < MANY; i++)
        args[i] = bask_literal(1);
    for (size_t n = 3; n <= MANY; n += MANY - 3) {
        cr_assert_eq(bask_map_array(c, &sum_kernel, 3, f, args, n), BASK_OK);
        for (int i = 0; i < 3; i++) {
            double y = 0;
            cr_assert_eq(bask_result(f[i], &y), BASK_OK, "%s", bask_last_error());
            cr_assert_eq(y, 3 * xs[i] + is[i] + (double)(n - 3));
        }
        free_all(f, 3);
    }
    free_all(own, 3);
}

Test(map, untyped_kernels_take_any_number)
{
    each_kind(untyped);
}

static void tasks_are_counted(bask_client *c)
{
    static bask_future *f[N];
    bask_pool_stats before, after;
    bask_client_stats(c, &before);
    cr_assert_eq(bask_map(c, nothing, N, f), BASK_OK);
    cr_assert_eq(bask_wait(f, N, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    bask_client_stats(c, &after);
    cr_assert_eq(after.tasks - before.tasks, (uint64_t)N);
    free_all(f, N);
}

Test(map, each_task_counts)
{
    each_kind(tasks_are_counted);
}

/* ---- wrong calls ---- */

#define ASSERT_ERROR(call, status, part)                                                           \
    do {                                                                                           \
        f[0] = f[1] = (bask_future *)f;                                                            \
        cr_assert_eq((call), (status), "%s", bask_last_error());                                   \
        cr_assert(strstr(bask_last_error(), (part)), "%s", bask_last_error());                     \
        cr_assert(!f[0] && !f[1]);                                                                 \
    } while (0)

Test(map, wrong_calls)
{
    bask_client *c = open_client("threads://1"), *other = open_client("sync://");
    bask_future *f[2], *foreign = bask_submit(other, inc, 1);
    bask_future *d[2] = {bask_submit(c, inc, 1), bask_submit(c, scale, 1, 1)};
    bask_future *none[2] = {d[0], NULL};
    const double *nothing_there = NULL;
    const int32_t small = 3;
    bask_arg arg = bask_arg_each(&small, sizeof small, BASK_INT32);
    ASSERT_ERROR(bask_map(NULL, inc, 2, f, 1), BASK_EINVAL, "client is NULL");
    ASSERT_ERROR(bask_map(c, inc, 2, f, bask_each_future(none)), BASK_EINVAL, "task 1: argument 1");
    ASSERT_ERROR(bask_map(c, inc, 2, f, bask_each_future(d)), BASK_ETYPE, "task 1: argument 1");
    ASSERT_ERROR(bask_map(c, inc, 2, f, bask_each_future(NULL)), BASK_EINVAL,
                 "an array that is NULL");
    ASSERT_ERROR(bask_map(c, scale, 2, f, bask_each(nothing_there), 1), BASK_EINVAL, "argument 1");
    ASSERT_ERROR(bask_map(c, inc, 2, f, foreign), BASK_ECLIENT, "another client");
    ASSERT_ERROR(bask_map(c, inc, 2, f, d[1]), BASK_ETYPE, "scale returns double");
    ASSERT_ERROR(bask_map_array(c, &inc_kernel, 2, f, &arg, 1), BASK_ETYPE, "int32");
    ASSERT_ERROR(bask_map_array(c, &inc_kernel, 2, f, NULL, 1), BASK_EINVAL, "array of arguments");
    ASSERT_ERROR(bask_map_array(c, NULL, 2, f, &arg, 1), BASK_EINVAL, "kernel");
    ASSERT_ERROR(bask_map_array(c, &inc_kernel, 2, f, NULL, 0), BASK_EINVAL, "takes 1 arguments");
    cr_assert_eq(bask_map(c, inc, 2, NULL, 1), BASK_EINVAL);
    cr_assert_eq(bask_map(c, inc, SIZE_MAX / 2, (bask_future **)NULL, 1), BASK_EINVAL);
    cr_assert_null(bask_submit_array(c, &inc_kernel, &arg, 1));
    cr_assert(strstr(bask_last_error(), "only bask_map"), "%s", bask_last_error());
    bask_graph *g = bask_graph_new(c);
    cr_assert_null(bask_delay_array(g, &inc_kernel, &arg, 1));
    bask_graph_free(g);
    bask_future_free(foreign);
    bask_close(other);
    bask_close(c);
    ASSERT_ERROR(bask_map(c, inc, 2, f, 1), BASK_ECLOSED, "closed");
    free_all(d, 2);
}

/* ---- failures and cancellation ---- */

static void one_by_one(bask_client *c)
{
    static int64_t xs[N];
    static bask_future *f[N], *g[N];
    for (int i = 0; i < N; i++)
        xs[i] = i;
    cr_assert_eq(bask_map(c, odd_fails, N, f, bask_each(xs)), BASK_OK);
    cr_assert_eq(bask_map(c, inc, N, g, bask_each_future(f)), BASK_OK);
    for (int i = 0; i < N; i++) {
        char text[64];
        int64_t x;
        snprintf(text, sizeof text, "odd_fails failed: %d is odd", i);
        if (i % 2 == 0) {
            cr_assert_eq(result_of(f[i]), i);
            cr_assert_eq(result_of(g[i]), i + 1);
            continue;
        }
        cr_assert_eq(bask_result(f[i], &x), BASK_EIO);
        cr_assert_str_eq(bask_future_error(f[i]), text);
        cr_assert_eq(bask_result(g[i], &x), BASK_EUPSTREAM);
        cr_assert(strstr(bask_future_error(g[i]), text));
    }
    free_all(g, N);
    /* common to all, and failed */
    cr_assert_eq(bask_map(c, inc, 10, g, f[3]), BASK_OK);
    for (int i = 0; i < 10; i++) {
        cr_assert_eq(bask_wait(&g[i], 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
        cr_assert_eq(bask_future_status(g[i]), BASK_EUPSTREAM);
    }
    free_all(f, N), free_all(g, 10);
}

Test(map, tasks_fail_one_by_one)
{
    each_kind(one_by_one);
}

Test(map, tasks_are_cancelled_one_by_one)
{
    enum { TASKS = 200 };
    bask_client *c = open_client("threads://1");
    bask_future *f[TASKS], *after[TASKS];
    atomic_store(&opened, 0), atomic_store(&entered, 0);
    cr_assert_eq(bask_map(c, waits, TASKS, f, 5), BASK_OK);
    cr_assert_eq(bask_map(c, inc, TASKS, after, bask_each_future(f)), BASK_OK);
    while (!atomic_load(&entered))
        sched_yield();
    for (int i = TASKS - 1; i > 0; i -= 2)
        cr_assert_eq(bask_cancel(f[i]), BASK_OK);
    cr_assert_eq(bask_future_state(f[TASKS - 1]), BASK_CANCELLED);
    cr_assert_eq(bask_future_state(f[0]), BASK_PENDING);
    atomic_store(&opened, 1);
    for (int i = 0; i < TASKS; i++) {
        int64_t x;
        cr_assert_eq(bask_result(f[i], &x), i % 2 ? BASK_ECANCELLED : BASK_OK);
        cr_assert_eq(bask_result(after[i], &x), i % 2 ? BASK_ECANCELLED : BASK_OK, "%d", i);
    }
    cr_assert_eq(atomic_load(&entered), TASKS / 2, "cancelled tasks never start");
    free_all(f, TASKS), free_all(after, TASKS);
    bask_close(c);
}

Test(map, a_running_task_sees_that_it_is_cancelled)
{
    bask_client *c = open_client("threads://2");
    bask_future *f[2];
    atomic_store(&opened, 0), atomic_store(&entered, 0);
    cr_assert_eq(bask_map(c, waits, 2, f, 5), BASK_OK);
    while (!atomic_load(&entered))
        sched_yield();
    bask_cancel(f[0]), bask_cancel(f[1]);
    int64_t x;
    cr_assert_eq(bask_result(f[0], &x), BASK_ECANCELLED);
    free_all(f, 2);
    bask_close(c); /* returns since the kernels do */
}

Test(map, closing_cancels_what_has_not_started)
{
    enum { TASKS = 3000 };
    static bask_future *f[TASKS], *g[TASKS], *h[TASKS];
    bask_client *c = open_client("threads://2");
    atomic_store(&opened, 0), atomic_store(&entered, 0);
    cr_assert_eq(bask_map(c, waits, TASKS, f, 1), BASK_OK);
    cr_assert_eq(bask_map(c, inc, TASKS, g, bask_each_future(f)), BASK_OK);
    cr_assert_eq(bask_map(c, inc, TASKS, h, f[TASKS - 1]), BASK_OK);
    while (!atomic_load(&entered))
        sched_yield();
    bask_close(c);
    for (int i = 0; i < TASKS; i++) {
        cr_assert_eq(bask_future_state(f[i]), BASK_CANCELLED);
        cr_assert_eq(bask_future_state(g[i]), BASK_CANCELLED);
        cr_assert_eq(bask_future_state(h[i]), BASK_CANCELLED);
    }
    cr_assert_leq(atomic_load(&entered), 2);
    free_all(f, TASKS), free_all(g, TASKS), free_all(h, TASKS);
}

/* ---- waiting for what is pending ---- */

static void pending(const char *address)
{
    enum { TASKS = 500 };
    bask_client *c = open_client(address);
    static bask_future *own[TASKS], *f[TASKS], *g[TASKS], *h[TASKS];
    atomic_store(&opened, 0), atomic_store(&entered, 0);
    bask_future *first = bask_submit(c, waits, 100);
    while (!atomic_load(&entered))
        sched_yield();
    for (int i = 0; i < TASKS; i++) /* some are done, some wait for the one that runs */
        own[i] = i % 3 ? bask_submit(c, inc, first) : bask_submit(c, inc, i);
    bask_status status =
        bask_map(c, add4, TASKS, f, bask_each_future(own), bask_each_future(own), 0, first);
    cr_assert_eq(status, BASK_OK);
    cr_assert_eq(bask_map(c, inc, TASKS, g, first), BASK_OK);
    cr_assert_eq(bask_map(c, inc, TASKS, h, bask_each_future(f)), BASK_OK);
    bask_future_free(first);
    free_all(own, TASKS), free_all(f, TASKS);
    cr_assert_eq(bask_future_state(h[3]), BASK_PENDING);
    atomic_store(&opened, 1);
    for (int i = 0; i < TASKS; i++) {
        cr_assert_eq(result_of(h[i]), 11 * (i % 3 ? 101 : i + 1) + 100000 + 1);
        cr_assert_eq(result_of(g[i]), 101);
    }
    free_all(g, TASKS), free_all(h, TASKS);
    bask_close(c);
}

Test(map, tasks_wait_for_their_futures)
{
    for (int i = 0; i < 20; i++) {
        pending("threads://1");
        pending("threads://2");
        pending("threads://8");
    }
}

/* On sync:// a future is pending while another thread computes it. */
static bask_client *sync_client;
static bask_future *first, *behind[4];

static void *map_behind(void *none)
{
    while (!atomic_load(&entered))
        sched_yield();
    bask_future *both[2] = {first, first};
    cr_assert_eq(bask_map(sync_client, inc, 2, behind, first), BASK_OK);
    cr_assert_eq(bask_map(sync_client, inc, 2, behind + 2, bask_each_future(both)), BASK_OK);
    cr_assert_eq(bask_future_state(behind[3]), BASK_PENDING);
    atomic_store(&opened, 1);
    return none;
}

Test(map, tasks_wait_for_other_threads_on_sync, .timeout = 60)
{
    pthread_t thread;
    sync_client = open_client("sync://");
    bask_graph *g = bask_graph_new(sync_client);
    bask_delayed *d = bask_delay(g, waits, 5);
    atomic_store(&opened, 0), atomic_store(&entered, 0);
    pthread_create(&thread, NULL, map_behind, NULL);
    cr_assert_eq(bask_compute(sync_client, &d, 1, &first), BASK_OK);
    pthread_join(thread, NULL);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(result_of(behind[i]), 6);
    bask_future_free(first), free_all(behind, 4);
    bask_graph_free(g);
    bask_close(sync_client);
}

/* ---- inside tasks, and in parallel ---- */

static bask_client *inner_client;

BASK_KERNEL(int64_t, maps, (int64_t, n), (int32_t, depth))
{
    bask_future *f[20];
    int64_t all = 0;
    if (depth == 0)
        return n;
    cr_assert_eq(bask_map(inner_client, maps, 20, f, n, (int32_t)(depth - 1)), BASK_OK);
    for (int i = 0; i < 20; i++)
        all += result_of(f[i]);
    free_all(f, 20);
    return all;
}

static void nested(bask_client *c)
{
    inner_client = c;
    bask_future *f = bask_submit(c, maps, 3, 3);
    cr_assert_eq(result_of(f), 3 * 8000);
    bask_future_free(f);
}

Test(map, works_inside_tasks)
{
    each_kind(nested);
}

enum { ROW = 40 };
static bask_future *row[ROW];

/* Each waits for the next one, which most likely lies in the same range. */
BASK_KERNEL(int64_t, waits_for_next, (int64_t, i))
{
    return i + 1 < ROW ? result_of(row[i + 1]) + 1 : 1;
}

Test(map, tasks_wait_for_others_of_the_same_map, .timeout = 120)
{
    static const char *const clusters[] = {"threads://1", "threads://2", "threads://8"};
    int64_t xs[ROW];
    for (int i = 0; i < ROW; i++)
        xs[i] = i;
    for (int i = 0; i < 6; i++) {
        static bask_future *warm[N];
        bask_client *c = open_client(clusters[i % 3]);
        cr_assert_eq(bask_map(c, nothing, N, warm), BASK_OK); /* so that ranges are long */
        cr_assert_eq(bask_wait(warm, N, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
        cr_assert_eq(bask_map(c, waits_for_next, ROW, row, bask_each(xs)), BASK_OK);
        for (int k = 0; k < ROW; k++)
            cr_assert_eq(result_of(row[k]), ROW - k);
        free_all(row, ROW), free_all(warm, N);
        bask_close(c);
    }
}

BASK_KERNEL(int64_t, meets, (int64_t, x))
{
    atomic_fetch_add(&entered, 1);
    while (atomic_load(&entered) < 4)
        sched_yield();
    return x;
}

Test(map, workers_share_a_range_that_one_has_claimed, .timeout = 60)
{
    enum { TASKS = 2000 };
    static bask_future *warm[TASKS], *f[4];
    bask_client *c = open_client("threads://4");
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(bask_map(c, nothing, TASKS, warm), BASK_OK); /* so that ranges are long */
        cr_assert_eq(bask_wait(warm, TASKS, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
        free_all(warm, TASKS);
        atomic_store(&entered, 0);
        cr_assert_eq(bask_map(c, meets, 4, f, 1), BASK_OK); /* returns if all four run at once */
        cr_assert_eq(bask_wait(f, 4, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
        free_all(f, 4);
    }
    bask_close(c);
}

static void *use(void *client)
{
    enum { TASKS = 300 };
    bask_future *f[TASKS], *g[TASKS];
    int64_t xs[TASKS];
    for (int round = 0; round < 30; round++) {
        for (int i = 0; i < TASKS; i++)
            xs[i] = i * round;
        cr_assert_eq(bask_map(client, inc, TASKS, f, bask_each(xs)), BASK_OK);
        cr_assert_eq(bask_map(client, inc, TASKS, g, bask_each_future(f)), BASK_OK);
        for (int i = round % 7; i < TASKS; i += 7)
            bask_cancel(f[i]);
        free_all(f, TASKS);
        for (int i = 0; i < TASKS; i++) {
            int64_t x = 0;
            bask_status status = bask_result(g[i], &x);
            if (i % 7 != round % 7 || status == BASK_OK)
                cr_assert_eq(x, xs[i] + 2);
            else
                cr_assert_eq(status, BASK_ECANCELLED);
        }
        free_all(g, TASKS);
    }
    return NULL;
}

Test(map, several_threads_map_cancel_and_free_at_once)
{
    pthread_t threads[3];
    bask_client *c = open_client("threads://3");
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, use, c);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    bask_close(c);
}

Test(map, futures_are_freed_in_any_order_before_and_after_the_client)
{
    static bask_future *f[N];
    bask_client *c = open_client("threads://2");
    cr_assert_eq(bask_map(c, bytes, N, f, 100), BASK_OK);
    for (int i = 0; i < N; i += 3)
        bask_future_free(f[i]);
    for (int i = 1; i < N; i += 3)
        cr_assert_eq(bask_wait(&f[i], 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    bask_close(c);
    bask_span s;
    cr_assert_eq(bask_result(f[1], &s), BASK_OK);
    cr_assert_eq(((const char *)s.data)[99], 100);
    for (int i = N - 1; i >= 0; i--)
        if (i % 3)
            bask_future_free(f[i]);
}

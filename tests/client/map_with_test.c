/* SPDX-License-Identifier: Apache-2.0 */
/* Many tasks in one call, with options; and retries of mapped tasks. */
#include "support/clusters.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { N = 300 };

static atomic_int calls, at_once, most_at_once;
static _Atomic int64_t released;
static atomic_bool fails_now;

/* Fails in the first call for each number, where that is odd. */
static atomic_int called[N];
BASK_KERNEL(int64_t, odd_at_first, (int64_t, x), (int64_t, plus))
{
    atomic_fetch_add(&calls, 1);
    if (x % 2 && atomic_fetch_add(&called[x], 1) == 0)
        (void)bask_fail(BASK_EIO, "%d is odd", (int)x);
    return x + plus;
}
BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    atomic_fetch_add(&calls, 1);
    return x + 1;
}
BASK_KERNEL(int64_t, until_cancelled, (int64_t, x))
{
    while (!bask_cancelled())
        sched_yield();
    return x;
}
BASK_KERNEL(int64_t, one_at_once, (int64_t, x))
{
    int now = atomic_fetch_add(&at_once, 1) + 1, before = atomic_load(&most_at_once);
    while (before < now && !atomic_compare_exchange_weak(&most_at_once, &before, now))
        ;
    sched_yield();
    atomic_fetch_sub(&at_once, 1);
    return x;
}
BASK_KERNEL(int64_t, note_of, (int64_t, x))
{
    const char *note = bask_task_annotation("note");
    return note ? x + note[0] : -1;
}
static void count_release(void *data, void *user)
{
    (void)data, (void)user;
    atomic_fetch_add(&released, 1);
}
BASK_KERNEL(bask_buffer *, wrapped, (int64_t, n))
{
    static char bytes[N + 1];
    return bask_buffer_wrap(bytes, (size_t)n, count_release, NULL);
}
BASK_KERNEL(int64_t, size_if_allowed, (bask_span, s), (bask_span, common))
{
    if (atomic_load(&fails_now) && s.size % 10 == 0)
        (void)bask_fail(BASK_EIO, "%zu bytes", s.size);
    return (int64_t)(s.size + common.size);
}
BASK_KERNEL_UNTYPED(int64_t, first_or_fail)
{
    int64_t x = 0;
    if (atomic_load(&fails_now))
        return bask_fail(BASK_EIO, "asked to");
    bask_status status = bask_task_int64(task, 0, &x);
    return status != BASK_OK ? status : bask_return(task, &x);
}

static void free_all(bask_future **f, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bask_future_free(f[i]);
}
static void wait_all(bask_future **f, size_t n)
{
    cr_assert_eq(bask_wait(f, n, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
}
static void assert_value(bask_future *f, int64_t want)
{
    int64_t x = -1;
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(x, want);
}
static void assert_freed_value(bask_future *f, int64_t want)
{
    assert_value(f, want);
    bask_future_free(f);
}

static int64_t numbers[N];
static void set_up(void)
{
    for (int i = 0; i < N; i++) {
        numbers[i] = i;
        atomic_store(&called[i], 0);
    }
    atomic_store(&calls, 0);
}

/* ---- options ---- */

static void named_and_retried(bask_client *c)
{
    bask_future *f[N], *g[N], *h[N];
    bask_task_options o = {.size = sizeof o, .name = "step", .retries = 1, .annotations = "k=v"};
    set_up();
    bask_future *hundred = bask_submit(c, inc, 99);
    cr_assert_eq(bask_map_with(c, &o, odd_at_first, N, f, bask_each(numbers), hundred), BASK_OK);
    cr_assert_eq(bask_map_with(c, &o, inc, N, g, bask_each_future(f)), BASK_OK);
    cr_assert_eq(bask_map_with(c, NULL, inc, N, h, bask_each_future(g)), BASK_OK);
    bask_future_free(hundred);
    for (int i = 0; i < N; i++) {
        assert_value(f[i], i + 100);
        assert_value(h[i], i + 102);
        cr_assert_str_eq(bask_future_name(f[i]), "step");
        cr_assert_str_eq(bask_future_name(h[i]), "inc");
        cr_assert_str_eq(bask_future_annotation(g[i], "k"), "v");
    }
    free_all(f, N), free_all(g, N), free_all(h, N);
    cr_assert_eq(atomic_load(&calls), 1 + N + N / 2 + 2 * N);
}
Test(map_with, names_and_retries_each_task)
{
    each_cluster(named_and_retried);
}

static void run_again(bask_client *c)
{
    bask_future *f[N];
    bask_task_options o = {.size = sizeof o, .name = "step"};
    set_up();
    cr_assert_eq(bask_map_with(c, &o, odd_at_first, N, f, bask_each(numbers), 5), BASK_OK);
    wait_all(f, N);
    for (int i = 1; i < N; i += 2) {
        cr_assert_eq(bask_future_status(f[i]), BASK_EIO);
        bask_future *again = bask_retry(f[i]);
        cr_assert_str_eq(bask_future_name(again), "step");
        assert_freed_value(again, i + 5);
    }
    free_all(f, N);
}
Test(map_with, each_can_be_run_again)
{
    each_cluster(run_again);
}

Test(map_with, time_limits_and_resources, .timeout = 60)
{
    bask_future *f[N];
    bask_client *c = open_client("threads://4?resources=gate:1");
    set_up();
    bask_task_options limited = {.size = sizeof limited, .timeout_ms = 1};
    cr_assert_eq(bask_map_with(c, &limited, until_cancelled, 9, f, bask_each(numbers)), BASK_OK);
    wait_all(f, 9);
    for (int i = 0; i < 9; i++)
        cr_assert_eq(bask_future_status(f[i]), BASK_ETIMEDOUT, "%s", bask_future_error(f[i]));
    free_all(f, 9);
    bask_task_options gated = {.size = sizeof gated, .resources = "gate", .annotations = "note=a"};
    cr_assert_eq(bask_map_with(c, &gated, one_at_once, N, f, bask_each(numbers)), BASK_OK);
    for (int i = 0; i < N; i++)
        assert_freed_value(f[i], i);
    cr_assert_eq(atomic_load(&most_at_once), 1);
    cr_assert_eq(bask_map_with(c, &gated, note_of, N, f, bask_each(numbers)), BASK_OK);
    for (int i = 0; i < N; i++)
        assert_freed_value(f[i], i + 'a');
    bask_close(c);
}

static void equal_ones(bask_client *c)
{
    bask_future *f[N], *g[N];
    bask_task_options o = {.size = sizeof o, .pure = true};
    set_up();
    for (int i = 0; i < N; i++)
        numbers[i] = i % 10;
    cr_assert_eq(bask_map_with(c, &o, inc, N, f, bask_each(numbers)), BASK_OK);
    cr_assert_eq(bask_map_with(c, &o, inc, N, g, bask_each(numbers)), BASK_OK);
    for (int i = 0; i < N; i++) {
        cr_assert_eq(f[i], f[i % 10]);
        cr_assert_eq(g[i], f[i]);
        assert_value(f[i], i % 10 + 1);
    }
    free_all(f, N), free_all(g, N);
    cr_assert_eq(atomic_load(&calls), 10);
}
Test(map_with, equal_pure_tasks_are_one)
{
    each_cluster(equal_ones);
}

BASK_KERNEL(int64_t, always_pure, (int64_t, x))
{
    return x;
}
BASK_PURE(always_pure);

static void wrong(bask_client *c)
{
    bask_future *f[3] = {(bask_future *)c, NULL, NULL};
    bask_task_options o = {.size = sizeof o, .resources = "unicorn"};
    set_up();
    cr_assert_eq(bask_map_with(c, &o, inc, 3, f, bask_each(numbers)), BASK_EINVAL);
    cr_assert(strstr(bask_last_error(), "unicorn"), "%s", bask_last_error());
    cr_assert_null(f[0]);
    o = (bask_task_options){.size = 1};
    cr_assert_eq(bask_map_with(c, &o, inc, 3, f, bask_each(numbers)), BASK_EINVAL);
    o = (bask_task_options){.size = sizeof o};
    cr_assert_eq(bask_map_with(c, &o, inc, 3, f, bask_each(numbers)), BASK_OK);
    for (int i = 0; i < 3; i++)
        assert_freed_value(f[i], i + 1);
    cr_assert_eq(atomic_load(&calls), 3);
    cr_assert_eq(bask_map(c, always_pure, 3, f, 4), BASK_OK);
    cr_assert(f[0] == f[1] && f[1] == f[2]);
    free_all(f, 3);
}
Test(map_with, wrong_options_and_none)
{
    each_cluster(wrong);
}

/* ---- plain mapped tasks are run again ---- */

static void retried(bask_client *c)
{
    bask_future *f[N], *g[N], *h[N];
    set_up();
    cr_assert_eq(bask_map(c, odd_at_first, N, f, bask_each(numbers), 7), BASK_OK);
    cr_assert_eq(bask_map(c, inc, N, g, bask_each_future(f)), BASK_OK);
    cr_assert_eq(bask_map(c, inc, N, h, g[1]), BASK_OK); /* fails upstream */
    free_all(f, N);
    wait_all(g, N), wait_all(h, N);
    for (int i = 1; i < N; i += 2) {
        cr_assert_eq(bask_future_status(g[i]), BASK_EUPSTREAM);
        assert_freed_value(bask_retry(g[i]), i + 8);
    }
    bask_future *same = bask_retry(g[0]);
    cr_assert_eq(same, g[0], "it has not failed");
    bask_future_free(same);
    free_all(g, N);
    assert_freed_value(bask_retry(h[2]), 10);
    free_all(h, N);
    atomic_store(&fails_now, true);
    bask_arg args[] = {bask_arg_each(numbers, sizeof numbers[0], BASK_INT64)};
    cr_assert_eq(bask_map_array(c, &first_or_fail_kernel, N, f, args, 1), BASK_OK);
    wait_all(f, N);
    atomic_store(&fails_now, false);
    assert_freed_value(bask_retry(f[N - 1]), N - 1);
    free_all(f, N);
}
Test(map_retry, with_what_failed_upstream)
{
    each_cluster(retried);
}

static void cancelled(bask_client *c)
{
    bask_future *first = bask_submit(c, inc, 0), *f[N], *again[N];
    set_up();
    cr_assert_eq(bask_map(c, odd_at_first, N, f, first, bask_each(numbers)), BASK_OK);
    bask_future_free(first);
    for (int i = 0; i < N; i += 3)
        bask_cancel(f[i]);
    for (int i = 0; i < N; i++)
        again[i] = bask_retry(f[i]); /* while others run */
    wait_all(again, N);
    wait_all(f, N);
    for (int i = 0; i < N; i++) {
        bask_future *last = bask_retry(again[i]);
        wait_all(&last, 1);
        bask_future_free(last);
    }
    free_all(f, N), free_all(again, N);
}
Test(map_retry, of_what_was_cancelled, .timeout = 60)
{
    for (int i = 0; i < 20; i++)
        each_cluster(cancelled);
}

/* What failed tasks need stays until the futures go; what the others need goes at once. */
static void arguments(bask_client *c)
{
    bask_future *inputs[N], *f[N];
    set_up();
    for (int i = 0; i < N; i++)
        numbers[i] = i + 1;
    atomic_store(&released, 0);
    atomic_store(&fails_now, true);
    bask_future *common = bask_submit(c, wrapped, 5);
    cr_assert_eq(bask_map(c, wrapped, N, inputs, bask_each(numbers)), BASK_OK);
    cr_assert_eq(bask_map(c, size_if_allowed, N, f, bask_each_future(inputs), common), BASK_OK);
    bask_future_free(common);
    free_all(inputs, N);
    wait_all(f, N);
    bask_future *again[N / 10];
    for (int i = 0; i < N / 10; i++)
        again[i] = bask_retry(f[10 * i + 9]); /* fails again */
    wait_all(again, N / 10);
    atomic_store(&fails_now, false);
    for (int i = 0; i < N / 10; i++) {
        assert_freed_value(bask_retry(f[10 * i + 9]), 10 * i + 15);
        assert_freed_value(bask_retry(again[i]), 10 * i + 15);
    }
    free_all(again, N / 10);
    cr_assert_leq(atomic_load(&released), N - N / 10);
    free_all(f, N);
}
Test(map_retry, arguments_stay_for_as_long_as_failed_futures)
{
    static const char *const clusters[] = {"threads://1", "threads://4", "sync://"};
    for (int i = 0; i < 3; i++) {
        bask_client *c = open_client(clusters[i]);
        arguments(c);
        bask_close(c);
        cr_assert_eq(atomic_load(&released), N + 1, "%ld", (long)atomic_load(&released));
    }
}

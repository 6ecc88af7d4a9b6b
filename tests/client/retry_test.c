/* SPDX-License-Identifier: Apache-2.0 */
/* Retries of a task by itself, and running what has failed again. */
#include "support/clusters.h"

static _Atomic int calls, failures_left, good_calls;
static _Atomic int64_t released;
static _Atomic(bask_future *) to_cancel;

BASK_KERNEL(int64_t, fails_at_first, (int64_t, x))
{
    int call = atomic_fetch_add(&calls, 1);
    if (atomic_fetch_sub(&failures_left, 1) > 0)
        bask_fail(BASK_EIO, "call %d of %ld", call, (long)x);
    return x;
}
BASK_KERNEL_UNTYPED(int64_t, returns_at_first)
{
    (void)task;
    return atomic_fetch_add(&calls, 1) == 0
               ? bask_return(task, &(int64_t){7}) || bask_fail(BASK_EIO, "after all")
               : BASK_OK;
}
BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    atomic_fetch_add(&good_calls, 1);
    return x + 1;
}
BASK_KERNEL(int64_t, add, (int64_t, x), (int64_t, y))
{
    atomic_fetch_add(&good_calls, 1);
    return x + y;
}
BASK_KERNEL(int64_t, cancels_itself, (int64_t, x))
{
    atomic_fetch_add(&calls, 1);
    while (!atomic_load(&to_cancel))
        ;
    bask_cancel(atomic_load(&to_cancel));
    bask_fail(BASK_EIO, "for nobody");
    return x;
}

static void note_release(void *data, void *user)
{
    (void)data, (void)user;
    atomic_fetch_add(&released, 1);
}
BASK_KERNEL(bask_buffer *, buffer_at_last, (int64_t, x))
{
    static char bytes[] = "text";
    if (atomic_fetch_sub(&failures_left, 1) > 0)
        bask_fail(BASK_EIO, "number %ld", (long)x);
    return bask_buffer_wrap(bytes, (size_t)x, note_release, NULL);
}

static void assert_value(bask_future *f, int64_t want)
{
    int64_t x = -1;
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(x, want);
    bask_future_free(f);
}
static void assert_error(bask_future *f, bask_status status, const char *text)
{
    cr_assert_eq(bask_wait(&f, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    cr_assert_eq(bask_future_status(f), status, "%s", bask_last_error());
    cr_assert(strstr(bask_future_error(f), text), "%s", bask_future_error(f));
}

/* ---- by itself ---- */

static void retries(bask_client *c)
{
    bask_task_options o = {.size = sizeof o, .retries = 3};
    for (int fail = 0; fail <= 3; fail++) {
        atomic_store(&calls, 0);
        atomic_store(&failures_left, fail);
        assert_value(bask_submit_with(c, &o, fails_at_first, 5), 5);
        cr_assert_eq(atomic_load(&calls), fail + 1);
    }
    atomic_store(&calls, 0);
    atomic_store(&failures_left, 1000);
    bask_future *f = bask_submit_with(c, &o, fails_at_first, 5);
    bask_future *after = bask_submit_with(c, &o, inc, f);
    assert_error(f, BASK_EIO, "fails_at_first failed: call 3 of 5");
    assert_error(after, BASK_EUPSTREAM, "call 3 of 5");
    cr_assert_eq(atomic_load(&calls), 4);
    cr_assert_eq(atomic_load(&good_calls), 0);
    bask_future_free(f);
    bask_future_free(after);
    atomic_store(&calls, 0);
    f = bask_submit(c, fails_at_first, 5);
    assert_error(f, BASK_EIO, "call 0 of 5");
    bask_future_free(f);
}
Test(retry, by_itself)
{
    each_cluster(retries);
}

static void stale_results(bask_client *c)
{
    bask_task_options o = {.size = sizeof o, .retries = 1};
    atomic_store(&calls, 0);
    bask_future *f = bask_submit_array_with(c, &o, &returns_at_first_kernel, NULL, 0);
    assert_error(f, BASK_EKERNEL, "returned no value");
    bask_future_free(f);
    atomic_store(&released, 0);
    atomic_store(&failures_left, 1);
    bask_span span;
    f = bask_submit_with(c, &o, buffer_at_last, 4);
    cr_assert_eq(bask_result(f, &span), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(span.size, 4);
    cr_assert_eq(atomic_load(&released), 1, "that of the call that has failed");
    bask_future_free(f);
    atomic_store(&failures_left, 2);
    f = bask_submit_with(c, &o, buffer_at_last, 4);
    assert_error(f, BASK_EIO, "number 4");
    bask_future_free(f);
}
Test(retry, nothing_is_left_of_a_call_that_failed)
{
    each_cluster(stale_results);
    bask_client *c = open_client("threads://2");
    stale_results(c);
    bask_close(c);
    cr_assert_eq(atomic_load(&released), 4);
}

Test(retry, not_when_nobody_wants_the_result)
{
    bask_client *c = open_client("threads://2");
    bask_task_options o = {.size = sizeof o, .retries = 1000000};
    bask_future *f = bask_submit_with(c, &o, cancels_itself, 1);
    atomic_store(&to_cancel, f);
    assert_error(f, BASK_ECANCELLED, "was cancelled");
    bask_close(c);
    bask_future_free(f);
    cr_assert_eq(atomic_load(&calls), 1);
}

/* ---- again ---- */

static void again(bask_client *c)
{
    bask_task_options named = {.size = sizeof named, .name = "first", .annotations = "a=b"};
    atomic_store(&failures_left, 1);
    bask_future *f = bask_submit_with(c, &named, fails_at_first, 5);
    assert_error(f, BASK_EIO, "first failed");
    bask_future *g = bask_retry(f);
    assert_error(f, BASK_EIO, "first failed");
    cr_assert_str_eq(bask_future_name(g), "first");
    cr_assert_str_eq(bask_future_annotation(g, "a"), "b");
    bask_future *same = bask_retry(g);
    assert_value(g, 5);
    cr_assert_eq(same, g, "it has not failed");
    assert_value(same, 5);
    bask_future_free(f);
    cr_assert_null(bask_retry(NULL));
    cr_assert(strstr(bask_last_error(), "NULL"), "%s", bask_last_error());
}
Test(retry, is_a_new_future)
{
    each_cluster(again);
}

/* source -> left, right -> both, and a constant; `both` is named before what it shares with `last`. */
static void upstream(bask_client *c)
{
    atomic_store(&calls, 0);
    atomic_store(&good_calls, 0);
    atomic_store(&failures_left, 1);
    bask_future *source = bask_submit(c, fails_at_first, 1), *good = bask_submit(c, inc, 99);
    bask_future *left = bask_submit(c, inc, source), *right = bask_submit(c, add, source, good);
    bask_future *both = bask_submit(c, add, left, right), *last = bask_submit(c, add, left, both);
    bask_future *all[] = {source, good, left, right, both, last};
    cr_assert_eq(bask_wait(all, 6, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    assert_error(last, BASK_EUPSTREAM, "fails_at_first failed");
    bask_future *retried = bask_retry(last);
    for (int i = 0; i < 6; i++)
        bask_future_free(all[i]);
    assert_value(retried, 2 + (2 + 101));
    cr_assert_eq(atomic_load(&calls), 2, "once each");
    cr_assert_eq(atomic_load(&good_calls), 5, "what has finished is not run again");
}
Test(retry, runs_what_failed_upstream_once)
{
    each_cluster(upstream);
}

/* None of this may need stack in proportion. */
static void long_chain(bask_client *c)
{
    enum { LENGTH = 100000 };
    atomic_store(&failures_left, 1);
    bask_future *f = bask_submit(c, fails_at_first, 0);
    for (int i = 0; i < LENGTH; i++) {
        bask_future *next = bask_submit(c, inc, f);
        bask_future_free(f);
        f = next;
    }
    assert_error(f, BASK_EUPSTREAM, "fails_at_first failed");
    bask_future *retried = bask_retry(f);
    bask_future_free(f);
    assert_value(retried, LENGTH);
}
Test(retry, of_a_long_chain)
{
    each_cluster(long_chain);
}

static void cancelled(bask_client *c)
{
    bask_future *f = bask_submit(c, inc, 1), *after = bask_submit(c, inc, f);
    bask_cancel(f);
    bask_cancel(after);
    bask_future *retried = bask_retry(after);
    bask_future_free(f);
    bask_future_free(after);
    assert_value(retried, 3);
}
Test(retry, of_what_was_cancelled_or_just_finished)
{
    for (int i = 0; i < 100; i++)
        each_cluster(cancelled);
}

static void graphs(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    atomic_store(&failures_left, 1);
    bask_delayed *bad = bask_delay(g, fails_at_first, 5), *good = bask_delay(g, inc, 7);
    bask_delayed *out[] = {good, bask_delay(g, add, bad, good), bad};
    bask_compute_options o = {.size = sizeof o, .annotations = "k=v"};
    bask_future *f[3], *retried;
    cr_assert_eq(bask_compute_with(c, out, 3, f, &o), BASK_OK);
    bask_graph_free(g);
    assert_error(f[1], BASK_EUPSTREAM, "fails_at_first");
    bask_future_free(f[0]);
    bask_future_free(f[2]);
    retried = bask_retry(f[1]);
    cr_assert_not_null(retried, "%s", bask_last_error());
    cr_assert_str_eq(bask_future_annotation(retried, "k"), "v");
    assert_value(retried, 13);
    /* as an argument of a task that runs again */
    atomic_store(&failures_left, 1);
    bask_future *after = bask_submit(c, inc, f[1]);
    assert_error(after, BASK_EUPSTREAM, "fails_at_first");
    atomic_store(&failures_left, 0);
    retried = bask_retry(after);
    assert_value(retried, 14);
    bask_future_free(f[1]);
    bask_future_free(after);
}
Test(retry, of_graphs)
{
    each_cluster(graphs);
}

/* The graph has the future as an argument, and is kept for it. */
BASK_KERNEL(int64_t, of_buffer, (bask_span, b), (int64_t, x))
{
    return x + (int64_t)b.size;
}
static void in_a_circle(bask_client *c)
{
    atomic_store(&failures_left, 0);
    atomic_store(&released, 0);
    bask_graph *g = bask_graph_new(c);
    bask_future *buffer = bask_submit(c, buffer_at_last, 4), *f[2];
    bask_span span;
    cr_assert_eq(bask_result(buffer, &span), BASK_OK);
    bask_delayed *d = bask_delay(g, fails_at_first, 5);
    atomic_store(&failures_left, 1);
    cr_assert_eq(bask_compute(c, &d, 1, &f[0]), BASK_OK);
    assert_error(f[0], BASK_EIO, "call");
    d = bask_delay(g, of_buffer, buffer, f[0]);
    cr_assert_eq(bask_compute(c, &d, 1, &f[1]), BASK_OK);
    assert_error(f[1], BASK_EUPSTREAM, "call");
    bask_future *single = bask_submit(c, inc, f[1]);
    (void)bask_delay(g, inc, single);
    bask_future_free(single);
    bask_future_free(buffer);
    bask_graph_free(g);
    bask_future_free(f[0]);
    bask_future_free(f[1]);
}
Test(retry, what_is_kept_for_it_goes_with_the_last_handle)
{
    static const char *const clusters[] = {"threads://1", "threads://2", "sync://"};
    for (int i = 0; i < 3; i++) {
        bask_client *c = open_client(clusters[i]);
        in_a_circle(c);
        bask_close(c);
        cr_assert_eq(atomic_load(&released), 1, "%s", clusters[i]);
    }
}

Test(retry, of_a_graph_that_still_runs)
{
    bask_client *c = open_client("threads://1");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, inc, 1), *out[] = {bask_delay(g, inc, d), d};
    bask_future *f[2];
    for (int i = 0; i < 200; i++) {
        cr_assert_eq(bask_compute(c, out, 2, f), BASK_OK);
        bask_cancel(f[0]);
        assert_value(bask_retry(f[0]), 3);
        assert_value(f[1], 2);
        bask_future_free(f[0]);
    }
    bask_graph_free(g);
    bask_close(c);
}

Test(retry, a_closed_client_says_so)
{
    bask_client *c = open_client("threads://1");
    atomic_store(&failures_left, 1);
    bask_future *f = bask_submit(c, fails_at_first, 5);
    assert_error(f, BASK_EIO, "call");
    bask_close(c);
    cr_assert_null(bask_retry(f));
    cr_assert(strstr(bask_last_error(), "closed"), "%s", bask_last_error());
    bask_future_free(f);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers: who holds them, when exactly the last one lets go, and who may overwrite them. */
#include "support/clusters.h"

enum { NUMBERS = 1000 };

static _Atomic long made, released;

static void count_release(void *data, void *user)
{
    (void)user;
    free(data);
    atomic_fetch_add(&released, 1);
}

static bask_buffer *counted(int64_t n)
{
    int64_t *x = malloc((size_t)n * sizeof *x);
    for (int64_t i = 0; i < n; i++)
        x[i] = i;
    atomic_fetch_add(&made, 1);
    return bask_buffer_wrap(x, (size_t)n * sizeof *x, count_release, NULL);
}

static int64_t sum(bask_span in)
{
    int64_t s = 0;
    for (size_t i = 0; i < in.size / sizeof s; i++)
        s += ((const int64_t *)in.data)[i];
    return s;
}

static const int64_t SUM = (int64_t)NUMBERS * (NUMBERS - 1) / 2;

BASK_KERNEL(bask_buffer *, block, (int64_t, n))
{
    return counted(n);
}
/* The buffer's address, or NULL where it was copied, is in `taken`. */
static _Atomic(const void *) taken;
BASK_KERNEL(bask_buffer *, twice, (bask_span, in))
{
    bask_buffer *b = bask_take(in);
    int64_t *x = bask_buffer_data(b);
    atomic_store(&taken, x == in.data ? in.data : NULL);
    for (size_t i = 0; i < in.size / sizeof *x; i++)
        x[i] *= 2;
    return b;
}
BASK_KERNEL(int64_t, sum_of, (bask_span, in))
{
    return sum(in);
}
BASK_KERNEL(int64_t, add, (int64_t, x), (int64_t, y))
{
    return x + y;
}
BASK_KERNEL(int64_t, sum_of_two, (bask_span, a), (bask_span, b))
{
    return sum(a) + sum(b);
}
BASK_KERNEL(bask_buffer *, fails_with_a_buffer, (bask_span, in))
{
    bask_fail(BASK_EKERNEL, "no more");
    return counted((int64_t)(in.size / sizeof(int64_t)));
}
BASK_KERNEL(bask_buffer *, takes_and_fails, (bask_span, in))
{
    bask_fail(BASK_EKERNEL, "no more");
    return bask_take(in);
}
BASK_KERNEL(bask_buffer *, takes_twice, (bask_span, in))
{
    bask_buffer *a = bask_take(in), *b = bask_take(in);
    int64_t *x = bask_buffer_data(b);
    x[0] += bask_buffer_data(a) != bask_buffer_data(b);
    bask_buffer_release(a);
    return b;
}
BASK_KERNEL(bask_buffer *, returns_nothing, (int64_t, x))
{
    (void)x;
    return NULL;
}
BASK_KERNEL_UNTYPED(bask_buffer *, joined)
{
    int64_t s = 0;
    for (size_t i = 0; i < bask_task_argument_count(task); i++) {
        bask_span in;
        bask_status status = bask_task_span(task, i, &in);
        if (status != BASK_OK)
            return status;
        s += sum(in);
    }
    bask_buffer *b = counted(1);
    memcpy(bask_buffer_data(b), &s, sizeof s);
    return bask_return(task, &b);
}

/* ---- each in turn on every cluster; afterwards nothing may be left ---- */

static void all_are_released(void (*check)(bask_client *c, bask_graph *g), const char *address)
{
    bask_client *c = open_client(address);
    bask_graph *g = bask_graph_new(c);
    check(c, g);
    bask_graph_free(g);
    bask_close(c);
    cr_assert_eq(atomic_load(&released), atomic_load(&made), "%s: %ld of %ld are released", address,
                 atomic_load(&released), atomic_load(&made));
}

#define BUFFER_TEST(name)                                                                          \
    static void name##_check(bask_client *c, bask_graph *g);                                       \
    Test(buffer, name)                                                                             \
    {                                                                                              \
        all_are_released(name##_check, "threads://1");                                             \
        all_are_released(name##_check, "threads://2");                                             \
        all_are_released(name##_check, "threads://8");                                             \
        all_are_released(name##_check, "sync://");                                                 \
    }                                                                                              \
    static void name##_check(bask_client *c, bask_graph *g)

static int64_t sum_in(bask_future *f)
{
    bask_span span;
    cr_assert_eq(bask_result(f, &span), BASK_OK, "%s", bask_last_error());
    return sum(span);
}

BUFFER_TEST(are_shared_by_consumers_and_futures)
{
    bask_delayed *b = bask_delay(g, block, NUMBERS), *t = bask_delay(g, twice, b);
    bask_delayed *out[] = {bask_delay(g, add, bask_delay(g, sum_of, b), bask_delay(g, sum_of, t)),
                           t};
    bask_future *f[2];
    int64_t x;
    cr_assert_eq(bask_compute_sync(c, out, 2, f), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(bask_result(f[0], &x), BASK_OK);
    cr_assert_eq(x, 3 * SUM);
    cr_assert_eq(sum_in(f[1]), 2 * SUM);
    bask_future *again = bask_submit(c, sum_of, f[1]);
    cr_assert_eq(bask_result(again, &x), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(x, 2 * SUM);
    bask_future_free(again);
    bask_future_free(f[0]);
    bask_future_free(f[1]);
}

BUFFER_TEST(are_released_at_their_last_use)
{
    long before = atomic_load(&released);
    bask_delayed *d =
        bask_delay(g, sum_of_two, bask_delay(g, block, NUMBERS), bask_delay(g, block, NUMBERS));
    bask_future *f;
    int64_t x;
    cr_assert_eq(bask_compute(c, &d, 1, &f), BASK_OK);
    cr_assert_eq(bask_result(f, &x), BASK_OK);
    cr_assert_eq(x, 2 * SUM);
    cr_assert_eq(atomic_load(&released), before + 2, "not only when the future is freed");
    bask_future_free(f);
}

BUFFER_TEST(live_as_long_as_their_future)
{
    bask_delayed *d = bask_delay(g, block, NUMBERS);
    bask_delayed *out[] = {d, bask_delay(g, twice, d), d}; /* an output named twice */
    bask_future *f[3];
    cr_assert_eq(bask_compute_sync(c, out, 3, f), BASK_OK);
    cr_assert_null(atomic_load(&taken), "a future holds it, so it was copied");
    long before = atomic_load(&released);
    bask_future *more = bask_future_retain(f[0]);
    bask_future_free(f[0]);
    bask_future_free(f[1]);
    cr_assert_eq(sum_in(f[2]), SUM);
    bask_future_free(f[2]);
    cr_assert_eq(sum_in(more), SUM);
    cr_assert_eq(atomic_load(&released), before);
    bask_future_free(more);
}

BUFFER_TEST(outlive_graph_and_client)
{
    (void)g;
    bask_graph *own = bask_graph_new(c);
    bask_delayed *d = bask_delay(own, block, NUMBERS);
    bask_future *f;
    bask_span span;
    cr_assert_eq(bask_compute_sync(c, &d, 1, &f), BASK_OK);
    cr_assert_eq(bask_result(f, &span), BASK_OK);
    bask_graph_free(own);
    bask_client *other = open_client("sync://");
    bask_future *g2 = bask_submit(other, block, NUMBERS);
    bask_span span2;
    cr_assert_eq(bask_result(g2, &span2), BASK_OK);
    bask_close(other);
    cr_assert_eq(sum(span) + sum(span2), 2 * SUM);
    bask_future_free(f);
    bask_future_free(g2);
}

BUFFER_TEST(the_last_user_takes_without_a_copy)
{
    bask_delayed *d = bask_delay(g, sum_of, bask_delay(g, twice, bask_delay(g, block, NUMBERS)));
    bask_future *f;
    int64_t x;
    cr_assert_eq(bask_compute(c, &d, 1, &f), BASK_OK);
    cr_assert_eq(bask_result(f, &x), BASK_OK);
    cr_assert_eq(x, 2 * SUM);
    cr_assert_not_null(atomic_load(&taken));
    bask_future_free(f);
}

BUFFER_TEST(takers_of_the_same_buffer_do_not_see_each_other)
{
    enum { TAKERS = 50 };
    bask_delayed *b = bask_delay(g, block, NUMBERS), *out[TAKERS];
    bask_future *f[TAKERS];
    for (int i = 0; i < TAKERS; i++)
        out[i] = bask_delay(g, twice, b);
    cr_assert_eq(bask_compute(c, out, TAKERS, f), BASK_OK);
    for (int i = 0; i < TAKERS; i++) {
        cr_assert_eq(sum_in(f[i]), 2 * SUM);
        bask_future_free(f[i]);
    }
}

BUFFER_TEST(a_second_take_is_a_copy)
{
    bask_delayed *d = bask_delay(g, takes_twice, bask_delay(g, block, NUMBERS));
    bask_future *f;
    cr_assert_eq(bask_compute(c, &d, 1, &f), BASK_OK);
    cr_assert_eq(sum_in(f), SUM + 1);
    bask_future_free(f);
}

BUFFER_TEST(of_futures_are_copied_by_take)
{
    (void)g;
    bask_future *f = bask_submit(c, block, NUMBERS), *t = bask_submit(c, twice, f);
    cr_assert_eq(sum_in(t), 2 * SUM);
    cr_assert_null(atomic_load(&taken));
    cr_assert_eq(sum_in(f), SUM);
    bask_future_free(f);
    bask_future_free(t);
}

BUFFER_TEST(the_same_dependency_twice)
{
    bask_delayed *b = bask_delay(g, block, NUMBERS), *d = bask_delay(g, sum_of_two, b, b);
    bask_future *f;
    int64_t x;
    cr_assert_eq(bask_compute(c, &d, 1, &f), BASK_OK);
    cr_assert_eq(bask_result(f, &x), BASK_OK);
    cr_assert_eq(x, 2 * SUM);
    bask_future_free(f);
}

BUFFER_TEST(untyped_kernels_take_many)
{
    enum { N = 100 };
    bask_arg args[N];
    for (int i = 0; i < N; i++)
        args[i] = bask_arg_delayed(bask_delay(g, block, NUMBERS));
    bask_delayed *d = bask_delay_array(g, &joined_kernel, args, N);
    bask_future *f;
    cr_assert_eq(bask_compute(c, &d, 1, &f), BASK_OK);
    cr_assert_eq(sum_in(f), N * SUM);
    bask_future_free(f);
}

/* ---- failure, cancellation, plans ---- */

BUFFER_TEST(failures_drop_what_was_made)
{
    bask_delayed *b = bask_delay(g, block, NUMBERS);
    bask_delayed *out[] = {bask_delay(g, sum_of, bask_delay(g, fails_with_a_buffer, b)),
                           bask_delay(g, sum_of, bask_delay(g, takes_and_fails, b)),
                           bask_delay(g, sum_of_two, b, bask_delay(g, returns_nothing, 1)),
                           bask_delay(g, sum_of, b)};
    bask_future *f[4];
    int64_t x;
    cr_assert_eq(bask_compute_sync(c, out, 4, f), BASK_EUPSTREAM);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(bask_result(f[i], &x), BASK_EUPSTREAM);
    cr_assert(strstr(bask_last_error(), "returned no buffer"), "%s", bask_last_error());
    cr_assert_eq(bask_result(f[3], &x), BASK_OK);
    cr_assert_eq(x, SUM);
    for (int i = 0; i < 4; i++)
        bask_future_free(f[i]);
}

BUFFER_TEST(cancelled_futures_hold_nothing)
{
    enum { N = 200 };
    bask_delayed *out[2 * N];
    bask_future *f[2 * N];
    for (int i = 0; i < N; i++) {
        out[2 * i] = bask_delay(g, block, NUMBERS);
        out[2 * i + 1] = bask_delay(g, twice, out[2 * i]);
    }
    cr_assert_eq(bask_compute(c, out, 2 * N, f), BASK_OK);
    for (int i = 0; i < 2 * N; i += 3)
        bask_cancel(f[i]);
    cr_assert_eq(bask_wait(f, 2 * N, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    for (int i = 0; i < 2 * N; i++)
        bask_future_free(f[i]);
}

BUFFER_TEST(plans_keep_their_outputs_until_the_next_run)
{
    enum { RUNS = 5 };
    bask_delayed *b = bask_delay(g, block, NUMBERS);
    bask_delayed *out[] = {bask_delay(g, twice, b), b, bask_delay(g, sum_of, b)};
    bask_plan *plan;
    bask_span span;
    int64_t x;
    cr_assert_eq(bask_plan_new(c, out, 3, &plan), BASK_OK, "%s", bask_last_error());
    long before = atomic_load(&released);
    for (int i = 0; i < RUNS; i++) {
        cr_assert_eq(bask_plan_run(plan), BASK_OK, "%s", bask_last_error());
        cr_assert_eq(bask_plan_result(plan, 0, &span), BASK_OK);
        cr_assert_eq(sum(span), 2 * SUM);
        cr_assert_eq(bask_plan_result(plan, 1, &span), BASK_OK);
        cr_assert_eq(sum(span), SUM);
        cr_assert_eq(bask_plan_result(plan, 2, &x), BASK_OK);
        cr_assert_eq(x, SUM);
        cr_assert_eq(atomic_load(&released), before + i, "one block for each run but the last");
    }
    bask_plan_free(plan);
    cr_assert_eq(atomic_load(&released), before + RUNS);
}

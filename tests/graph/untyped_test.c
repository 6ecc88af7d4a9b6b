/* SPDX-License-Identifier: Apache-2.0 */
/* What kernels of the untyped form can ask of their task, and what they are told where they ask wrong. */
#include "support/clusters.h"

/* Which of the three getters the kernels below call, and for which argument. */
static char getter;
static size_t asked;

BASK_KERNEL(bask_buffer *, buffer_of, (int64_t, x))
{
    bask_buffer *b = bask_buffer_new(sizeof x);
    memcpy(bask_buffer_data(b), &x, sizeof x);
    return b;
}
BASK_KERNEL(int8_t, small, (int64_t, x))
{
    return (int8_t)x;
}
BASK_KERNEL_UNTYPED(double, got)
{
    double x = 0;
    int64_t n = 0;
    bask_span s = {NULL, 0};
    bask_status status = getter == 'd'   ? bask_task_double(task, asked, &x)
                         : getter == 'i' ? bask_task_int64(task, asked, &n)
                                         : bask_task_span(task, asked, &s);
    if (status != BASK_OK)
        return status;
    x = getter == 'i' ? (double)n : getter == 's' ? (double)s.size : x;
    return bask_return(task, &x);
}
BASK_KERNEL_UNTYPED(double, too_small)
{
    float x = 1;
    return bask_return(task, &x);
}
BASK_KERNEL_UNTYPED(void, nothing)
{
    (void)task;
    return BASK_OK;
}
BASK_KERNEL_UNTYPED(int64_t, gives_up)
{
    (void)task;
    return BASK_EIO; /* without a message */
}

static bask_status run(const bask_kernel *kernel, const bask_arg *args, size_t nargs, double *x)
{
    bask_client *c = open_client("sync://");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay_array(g, kernel, args, nargs);
    cr_assert_not_null(d, "%s", bask_last_error());
    bask_future *f;
    bask_status status = bask_compute_sync(c, &d, 1, &f);
    if (status == BASK_OK && x)
        cr_assert_eq(bask_result(f, x), BASK_OK, "%s", bask_last_error());
    bask_future_free(f);
    bask_graph_free(g);
    bask_close(c);
    return status;
}

static void assert_gets(char how, bask_arg arg, double want)
{
    double x = -1;
    getter = how;
    asked = 0;
    cr_assert_eq(run(&got_kernel, &arg, 1, &x), BASK_OK, "%c: %s", how, bask_last_error());
    cr_assert_eq(x, want, "%c: %f", how, x);
}

static void assert_refuses(char how, size_t at, bask_arg arg, bask_status want, const char *text)
{
    getter = how;
    asked = at;
    cr_assert_eq(run(&got_kernel, &arg, 1, NULL), want);
    cr_assert(strstr(bask_last_error(), text), "\"%s\" has no \"%s\"", bask_last_error(), text);
}

Test(untyped, any_number_is_a_double_and_any_that_fits_an_int64)
{
#define CHECK(type, dtype, value)                                                                  \
    do {                                                                                           \
        type number = (value);                                                                     \
        assert_gets('d', bask_arg_literal(&number, sizeof number, dtype), (double)number);         \
        assert_gets('i', bask_arg_literal(&number, sizeof number, dtype), (double)number);         \
    } while (0)
    CHECK(bool, BASK_BOOL, true);
    CHECK(int8_t, BASK_INT8, -7);
    CHECK(uint8_t, BASK_UINT8, 200);
    CHECK(int16_t, BASK_INT16, -300);
    CHECK(uint16_t, BASK_UINT16, 60000);
    CHECK(int32_t, BASK_INT32, -70000);
    CHECK(uint32_t, BASK_UINT32, 4000000000);
    CHECK(int64_t, BASK_INT64, -5000000000);
    float number = 1.5f;
    bask_arg single = bask_arg_literal(&number, sizeof number, BASK_FLOAT32);
    assert_gets('d', bask_literal(UINT64_C(1) << 63), 9223372036854775808.0);
    assert_gets('d', single, 1.5);
    assert_gets('d', bask_literal(2.25), 2.25);
    assert_refuses('i', 0, bask_literal(UINT64_C(1)), BASK_ETYPE,
                   "argument 1 is uint64, not an integer that fits int64");
    assert_refuses('i', 0, bask_literal(1.5), BASK_ETYPE, "argument 1 is float64, not an integer");
    assert_refuses('i', 0, single, BASK_ETYPE, "argument 1 is float32, not an integer");
}

Test(untyped, other_arguments_are_no_numbers_and_numbers_no_spans)
{
    struct {
        char text[16];
    } other = {"other"};
    bask_arg arg = bask_arg_literal(&other, sizeof other, BASK_OTHER);
    assert_refuses('d', 0, arg, BASK_ETYPE, "argument 1 is other, not a number");
    assert_refuses('i', 0, arg, BASK_ETYPE, "argument 1 is other, not an integer");
    assert_refuses('s', 0, arg, BASK_ETYPE, "argument 1 is other, not a span");
    for (const char *how = "dis"; *how; how++)
        assert_refuses(*how, 8, arg, BASK_EINVAL, "argument 9 is asked for, but there are 1");
}

Test(untyped, results_of_nodes_and_futures_have_the_type_of_their_kernel)
{
    bask_client *c = open_client("threads://2");
    bask_graph *g = bask_graph_new(c);
    bask_future *number = bask_submit(c, small, -3), *bytes = bask_submit(c, buffer_of, 1), *f[4];
    bask_arg args[] = {bask_arg_future(number), bask_arg_future(bytes),
                       bask_arg_delayed(bask_delay(g, small, -4)),
                       bask_arg_delayed(bask_delay(g, buffer_of, 1))};
    static const double want[] = {-3, 8, -4, 8};
    for (int i = 0; i < 4; i++) {
        double x = 0;
        getter = i % 2 ? 's' : 'd';
        asked = (size_t)i;
        bask_delayed *d = bask_delay_array(g, &got_kernel, args, 4);
        cr_assert_eq(bask_compute_sync(c, &d, 1, &f[i]), BASK_OK, "%s", bask_last_error());
        cr_assert_eq(bask_result(f[i], &x), BASK_OK);
        cr_assert_eq(x, want[i], "%d: %f", i, x);
        bask_future_free(f[i]);
    }
    bask_future_free(number);
    bask_future_free(bytes);
    bask_graph_free(g);
    bask_close(c);
}

Test(untyped, what_is_returned_must_be_the_result)
{
    cr_assert_eq(run(&too_small_kernel, NULL, 0, NULL), BASK_ETYPE);
    cr_assert(strstr(bask_last_error(), "too_small returns 4 bytes, but its result is double (8"),
              "%s", bask_last_error());
    cr_assert_eq(run(&nothing_kernel, NULL, 0, NULL), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(run(&gives_up_kernel, NULL, 0, NULL), BASK_EIO);
    cr_assert(strstr(bask_last_error(), bask_status_text(BASK_EIO)), "%s", bask_last_error());
}

Test(untyped, outside_of_tasks_nothing_fails)
{
    cr_assert_eq(bask_fail(BASK_EIO, "said outside"), BASK_EIO);
    cr_assert_str_eq(bask_last_error(), "said outside");
    cr_assert(!bask_cancelled());
    int64_t five = 5;
    bask_buffer *b = bask_take((bask_span){&five, sizeof five});
    cr_assert_not_null(b);
    cr_assert_neq(bask_buffer_data(b), &five, "nobody's input is copied");
    cr_assert_eq(*(int64_t *)bask_buffer_data(b), 5);
    bask_buffer_release(b);
    b = bask_take((bask_span){NULL, 0});
    cr_assert_eq(bask_buffer_size(b), 0);
    bask_buffer_release(b);
}

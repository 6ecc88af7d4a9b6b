/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that are answered without doing anything: NULLs, wrong sizes, what is not there. */
#include "support/clusters.h"
#include <stdlib.h>

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}
BASK_KERNEL(int64_t, five)
{
    return 5;
}
BASK_KERNEL(bask_buffer *, block, (int64_t, n))
{
    return bask_buffer_new((size_t)n);
}

#define ASSERT_REFUSED(call, want, text)                                                           \
    do {                                                                                           \
        cr_assert_eq((call), (want), "%s: %s", #call, bask_last_error());                          \
        cr_assert(strstr(bask_last_error(), (text)), "%s: %s", #call, bask_last_error());          \
    } while (0)

Test(refusals, nulls_have_an_answer)
{
    bask_pool_stats stats = {.tasks = 5};
    cr_assert_str_eq(bask_client_address(NULL), "");
    cr_assert_eq(bask_client_workers(NULL), 0);
    bask_client_stats(NULL, &stats);
    cr_assert_eq(stats.tasks, 0);
    cr_assert_eq(bask_graph_size(NULL), 0);
    cr_assert_null(bask_graph_new(NULL));
    cr_assert_str_eq(bask_delayed_name(NULL), "");
    cr_assert_str_eq(bask_future_name(NULL), "");
    cr_assert_str_eq(bask_future_error(NULL), "the future is NULL");
    cr_assert_eq(bask_future_state(NULL), BASK_ERROR);
    cr_assert_eq(bask_future_status(NULL), BASK_EINVAL);
    cr_assert_eq(bask_cancel(NULL), BASK_EINVAL);
    cr_assert_null(bask_future_retain(NULL));
    cr_assert_eq(bask_plan_size(NULL), 0);
    cr_assert_null(bask_buffer_data(NULL));
    cr_assert_eq(bask_buffer_size(NULL), 0);
    cr_assert_str_eq(bask_dtype_name((bask_dtype)99), "unknown");
    bask_buffer_retain(NULL);
    bask_buffer_release(NULL);
    bask_future_free(NULL);
    bask_graph_free(NULL);
    bask_plan_free(NULL);
    bask_close(NULL);
}

Test(refusals, open)
{
    bask_client *c = (bask_client *)1;
    ASSERT_REFUSED(bask_open("sync://", NULL), BASK_EINVAL, "client is NULL");
    setenv("BASK_CLUSTER", "sync://8", 1);
    ASSERT_REFUSED(bask_open(NULL, &c), BASK_EADDRESS, "sync:// takes no \"8\"");
    cr_assert_null(c);
    setenv("BASK_CLUSTER", "sync://", 1);
    cr_assert_eq(bask_open(NULL, &c), BASK_OK, "%s", bask_last_error());
    cr_assert_str_eq(bask_client_address(c), "sync://");
    bask_close(c);
    setenv("BASK_CLUSTER", "", 1);
    setenv("BASK_NUM_THREADS", "1", 1);
    cr_assert_eq(bask_open(NULL, &c), BASK_OK, "%s", bask_last_error());
    cr_assert_str_eq(bask_client_address(c), "threads://1");
    cr_assert_eq(bask_wait_for_workers(c, 1, BASK_FOREVER), BASK_OK);
    ASSERT_REFUSED(bask_wait_for_workers(c, 2, 0), BASK_EINVAL, "threads://1 has 1");
    ASSERT_REFUSED(bask_wait_for_workers(NULL, 1, 0), BASK_EINVAL, "client is NULL");
    bask_close(c);
    unsetenv("BASK_CLUSTER");
    cr_assert_eq(bask_open(NULL, &c), BASK_OK, "%s", bask_last_error());
    bask_close(c);
}

Test(refusals, compute_and_submit)
{
    bask_client *c = open_client("sync://");
    bask_graph *g = bask_graph_new(c), *other = bask_graph_new(c);
    bask_delayed *out[] = {bask_delay(g, inc, 1), bask_delay(other, inc, 1)}, *none = NULL;
    bask_future *f[2];
    bask_compute_options o = {.size = 3};
    ASSERT_REFUSED(bask_compute(c, NULL, 1, f), BASK_EINVAL, "there are no outputs");
    ASSERT_REFUSED(bask_compute(c, out, 1, NULL), BASK_EINVAL, "futures is NULL");
    ASSERT_REFUSED(bask_compute(c, out, 0, NULL), BASK_EINVAL, "there are no outputs");
    ASSERT_REFUSED(bask_compute_with(c, out, 1, f, &o), BASK_EINVAL, "options.size");
    ASSERT_REFUSED(bask_compute(c, out, 2, f), BASK_ECLIENT, "another graph than output 0");
    bask_fail(BASK_EIO, "an earlier fault");
    ASSERT_REFUSED(bask_compute(c, &none, 1, f), BASK_EINVAL, "the last error was: an earlier");
    cr_assert_null(bask_submit_array(c, NULL, NULL, 0));
    cr_assert(strstr(bask_last_error(), "kernel is NULL"), "%s", bask_last_error());
    cr_assert_null(bask_submit_array(c, &inc_kernel, NULL, 1));
    cr_assert(strstr(bask_last_error(), "array of arguments is NULL"), "%s", bask_last_error());
    cr_assert_null(bask_submit_array(NULL, &inc_kernel, NULL, 0));
    bask_graph_free(g);
    bask_graph_free(other);
    bask_close(c);
}

Test(refusals, delay)
{
    cr_assert_null(bask_delay(NULL, five));
    cr_assert(strstr(bask_last_error(), "graph is NULL"), "%s", bask_last_error());
    cr_assert_null(bask_delay(NULL, inc, 1));
    bask_client *c = open_client("sync://");
    bask_graph *g = bask_graph_new(c);
    cr_assert_null(bask_delay_array(g, NULL, NULL, 0));
    cr_assert(strstr(bask_last_error(), "kernel is NULL"), "%s", bask_last_error());
    cr_assert_null(bask_delay_array(g, &inc_kernel, NULL, 1));
    cr_assert(strstr(bask_last_error(), "array of arguments is NULL"), "%s", bask_last_error());
    cr_assert_null(
        bask_delay_array(g, &five_kernel, &(bask_arg){{0, 0}, BASK_ARG_FUTURE, 0, 0}, 1));
    cr_assert(strstr(bask_last_error(), "five takes 0 arguments, not 1"), "%s", bask_last_error());
    bask_graph_free(g);
    bask_close(c);
}

Test(refusals, results)
{
    bask_client *c = open_client("sync://");
    bask_future *f = bask_submit(c, block, 5);
    int64_t x;
    bask_span s;
    ASSERT_REFUSED(bask_result(f, &x), BASK_ETYPE,
                   "the result of block is a bask_span (16 bytes), not int64 (8 bytes)");
    ASSERT_REFUSED(bask_result(f, (bask_span *)NULL), BASK_EINVAL, "the place is NULL");
    ASSERT_REFUSED(bask_result((bask_future *)NULL, &s), BASK_EINVAL, "the future is NULL");
    cr_assert_eq(bask_result_as(f, &s, BASK_SPAN, 3, 0), BASK_ETYPE);
    cr_assert_eq(bask_result(f, &s), BASK_OK);
    cr_assert_eq(s.size, 5);
    cr_assert_str_eq(bask_future_error(f), "");
    bask_future_free(f);
    bask_close(c);
}

Test(refusals, plans)
{
    bask_client *c = open_client("sync://");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *out[] = {bask_delay(g, inc, 1), bask_delay(g, block, 24)};
    bask_plan *p;
    int64_t x;
    double wrong;
    bask_span s;
    ASSERT_REFUSED(bask_plan_new(c, out, 2, NULL), BASK_EINVAL, "plan is NULL");
    ASSERT_REFUSED(bask_plan_new(c, out, 0, &p), BASK_EINVAL, "there are no outputs");
    ASSERT_REFUSED(bask_plan_run(NULL), BASK_EINVAL, "the plan is NULL");
    cr_assert_eq(bask_plan_new(c, out, 2, &p), BASK_OK, "%s", bask_last_error());
    ASSERT_REFUSED(bask_plan_result(p, 0, &x), BASK_EINVAL, "has not been run");
    cr_assert_eq(bask_plan_run(p), BASK_OK);
    ASSERT_REFUSED(bask_plan_result(p, 2, &x), BASK_EINVAL, "there is no such output");
    ASSERT_REFUSED(bask_plan_result(p, 0, (int64_t *)NULL), BASK_EINVAL, "an argument is NULL");
    ASSERT_REFUSED(bask_plan_result((bask_plan *)NULL, 0, &x), BASK_EINVAL, "an argument is NULL");
    ASSERT_REFUSED(bask_plan_result(p, 0, &wrong), BASK_ETYPE, "output 0, of inc, is int64_t");
    ASSERT_REFUSED(bask_plan_result(p, 1, &wrong), BASK_ETYPE, "output 1, of block, is");
    cr_assert_eq(bask_plan_result_as(p, 0, &x, BASK_INT64, 4), BASK_ETYPE);
    cr_assert_eq(bask_plan_result(p, 0, &x), BASK_OK);
    cr_assert_eq(x, 2);
    cr_assert_eq(bask_plan_result(p, 1, &s), BASK_OK);
    cr_assert_eq(s.size, 24);
    cr_assert_eq(bask_plan_size(p), 2);
    bask_graph_free(g);
    bask_close(c);
    ASSERT_REFUSED(bask_plan_run(p), BASK_ECLOSED, "is closed");
    bask_plan_free(p);
}

Test(refusals, kernels)
{
    bask_kernel k = inc_kernel;
    k.name = NULL;
    cr_assert_eq(bask_register(&k), BASK_EINVAL);
    k.name = "";
    cr_assert_eq(bask_register(&k), BASK_EINVAL);
    cr_assert_eq(bask_register(NULL), BASK_EINVAL);
    k = inc_kernel;
    k.result.type = "long long";
    cr_assert_eq(bask_register(&k), BASK_EEXIST, "another result");
    k = inc_kernel;
    k.nparams = 0;
    cr_assert_eq(bask_register(&k), BASK_EEXIST, "other parameters");
    k = inc_kernel;
    bask_unregister(&k); /* which is not there */
    cr_assert_eq(bask_kernel_find("inc"), &inc_kernel);
}

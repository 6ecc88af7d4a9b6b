/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments that do not fit are refused where the node is made, and the graph remembers why. */
#include "support/clusters.h"

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}
BASK_KERNEL(double, half, (double, x))
{
    return x / 2;
}
BASK_KERNEL(void, nothing, (int64_t, x))
{
    (void)x;
}
BASK_KERNEL(int64_t, size_of, (bask_span, in))
{
    return (int64_t)in.size;
}
BASK_KERNEL(bask_buffer *, block, (int64_t, n))
{
    return bask_buffer_new((size_t)n);
}
BASK_KERNEL_UNTYPED(int64_t, count_of_int64)
{
    int64_t sum = 0;
    for (size_t i = 0; i < bask_task_argument_count(task); i++)
        sum += bask_task_argument_dtype(task, i) == BASK_INT64;
    return bask_return(task, &sum);
}

static bask_client *client;
static bask_graph *graph;

/* MADE was refused with STATUS and TEXT, which computing the graph repeats. */
static void refusal(const bask_delayed *made, bask_status status, const char *text)
{
    cr_assert_null(made);
    cr_assert(strstr(bask_last_error(), text), "\"%s\" is not in \"%s\"", text, bask_last_error());
    bask_delayed *d = bask_delay(graph, inc, 1);
    bask_future *f;
    cr_assert_eq(bask_compute(client, &d, 1, &f), status, "%s", bask_last_error());
    cr_assert(strstr(bask_last_error(), text), "%s", bask_last_error());
    bask_graph_free(graph);
    graph = bask_graph_new(client);
}
static void refused(const bask_kernel *kernel, const bask_arg *args, size_t n, bask_status status,
                    const char *text)
{
    refusal(bask_delay_array(graph, kernel, args, n), status, text);
}

Test(args, that_do_not_fit)
{
    client = open_client("threads://1");
    graph = bask_graph_new(client);
    bask_client *other = open_client("sync://");
    bask_graph *second = bask_graph_new(client);
    bask_future *f = bask_submit(client, half, 1), *foreign = bask_submit(other, inc, 1);
    double x = 1;
    char large[17] = "";
    bask_arg args[2] = {bask_literal(1), bask_literal(2)};

    refused(&inc_kernel, args, 0, BASK_EINVAL, "inc takes 1 arguments, not 0");
    refused(&inc_kernel, args, 2, BASK_EINVAL, "inc takes 1 arguments, not 2");
    refused(&inc_kernel, NULL, 1, BASK_EINVAL, "array of arguments is NULL");
    refused(NULL, args, 1, BASK_EINVAL, "kernel is NULL");
    args[0] = bask_arg_literal(&x, sizeof x, BASK_FLOAT64);
    refused(&inc_kernel, args, 1, BASK_ETYPE, "the literal is float64");
    args[0] = bask_arg_literal(large, sizeof large, BASK_OTHER);
    refused(&count_of_int64_kernel, args, 1, BASK_ETYPE, "17 bytes");
    args[0] = bask_arg_delayed(NULL);
    refused(&inc_kernel, args, 1, BASK_EINVAL, "a delayed that is NULL");
    args[0] = bask_arg_future(NULL);
    refused(&inc_kernel, args, 1, BASK_EINVAL, "a future that is NULL");
    args[0] = bask_arg_delayed(bask_delay(second, inc, 1));
    refused(&inc_kernel, args, 1, BASK_ECLIENT, "a node of another graph");
    args[0] = bask_arg_future(foreign);
    refused(&inc_kernel, args, 1, BASK_ECLIENT, "a future of another client");
    args[0] = bask_arg_future(f);
    refused(&inc_kernel, args, 1, BASK_ETYPE, "half returns double");
    args[0] = bask_arg_delayed(bask_delay(graph, nothing, 1));
    refused(&inc_kernel, args, 1, BASK_ETYPE, "nothing returns void");
    args[0] = bask_arg_delayed(bask_delay(graph, block, 1));
    refused(&inc_kernel, args, 1, BASK_ETYPE, "block returns bask_buffer *");
    args[0] = bask_arg_delayed(bask_delay(graph, inc, 1));
    refused(&size_of_kernel, args, 1, BASK_ETYPE, "inc returns int64_t");
    cr_assert_null(bask_submit_array(client, &inc_kernel, args, 1));
    cr_assert(strstr(bask_last_error(), "submit takes literals and futures"));
    cr_assert_null(bask_delay(NULL, inc, 1));

    bask_graph_free(graph);
    bask_graph_free(second);
    bask_future_free(f);
    bask_future_free(foreign);
    bask_close(other);
    bask_close(client);
}

BASK_KERNEL(int64_t, mix, (int64_t, x), (float, y), (int64_t, z))
{
    return x + (int64_t)y + z;
}
BASK_KERNEL(float, narrow, (int64_t, x))
{
    return (float)x;
}
BASK_KERNEL(int64_t, scaled, (int64_t, x), (double, factor))
{
    return (int64_t)((double)x * factor);
}

/* bask_delay itself knows the types of literals, but not what a delayed yields. */
Test(args, that_do_not_fit_where_types_are_known)
{
    client = open_client("sync://");
    graph = bask_graph_new(client);
    bask_graph *second = bask_graph_new(client);
    bask_delayed *foreign = bask_delay(second, inc, 1), *none = NULL;
    cr_assert_null(bask_delay(NULL, mix, 1, 2, 3));
    cr_assert(strstr(bask_last_error(), "the graph is NULL"));
    refusal(bask_delay(graph, inc, none), BASK_EINVAL,
            "argument 1 of inc is a delayed that is NULL");
    refusal(bask_delay(graph, scaled, none, 2), BASK_EINVAL, "argument 1 of scaled is a delayed");
    refusal(bask_delay(graph, mix, 1, 2, none), BASK_EINVAL, "argument 3 of mix is a delayed");
    refusal(bask_delay(graph, inc, foreign), BASK_ECLIENT,
            "argument 1 of inc is a node of another");
    refusal(bask_delay(graph, scaled, 1, foreign), BASK_ECLIENT, "argument 2 of scaled is a node");
    refusal(bask_delay(graph, mix, foreign, 2, 3), BASK_ECLIENT, "argument 1 of mix is a node");
    refusal(bask_delay(graph, inc, bask_delay(graph, half, 1)), BASK_ETYPE, "half returns double");
    refusal(bask_delay(graph, inc, bask_delay(graph, nothing, 1)), BASK_ETYPE, "returns void");
    refusal(bask_delay(graph, inc, bask_delay(graph, block, 1)), BASK_ETYPE, "bask_buffer *");
    refusal(bask_delay(graph, scaled, 1, bask_delay(graph, inc, 1)), BASK_ETYPE,
            "argument 2 ('factor') of scaled is double, but inc returns int64_t");
    refusal(bask_delay(graph, mix, 1, 2, bask_delay(graph, narrow, 1)), BASK_ETYPE,
            "argument 3 ('z') of mix is int64_t, but narrow returns float");
    refusal(bask_delay(graph, size_of, bask_delay(graph, inc, 1)), BASK_ETYPE,
            "inc returns int64_t");
    refusal(bask_delay(graph, block, none), BASK_EINVAL, "argument 1 of block is a delayed");
    bask_graph_free(graph);
    bask_graph_free(second);
    bask_close(client);
}

Test(args, of_several_types_in_one_node)
{
    client = open_client("threads://1");
    graph = bask_graph_new(client);
    bask_delayed *d = bask_delay(graph, inc, 1);
    cr_assert_null(bask_delay(graph, scaled, d, d));
    cr_assert_eq(bask_graph_size(graph), 1, "a refused node is none");
    bask_graph_free(graph);
    graph = bask_graph_new(client);
    d = bask_delay(graph, inc, 1);
    bask_delayed *out = bask_delay(graph, mix, d, bask_delay(graph, narrow, d), -4);
    bask_future *f;
    int64_t x;
    cr_assert_eq(bask_compute(client, &out, 1, &f), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(bask_result(f, &x), BASK_OK);
    cr_assert_eq(x, 0);
    bask_future_free(f);
    bask_graph_free(graph);
    bask_close(client);
}

/* An untyped kernel takes any number of arguments, whatever its description lists. */
static void described_untyped(bask_client *c)
{
    enum { N = 100 };
    static const bask_param one = {"x", "double", BASK_FLOAT64, sizeof(double)};
    bask_kernel described = count_of_int64_kernel;
    described.params = &one;
    described.nparams = 1;
    bask_arg args[N];
    for (int i = 0; i < N; i++)
        args[i] = bask_literal(i);
    bask_future *f = bask_submit_array(c, &described, args, N);
    int64_t x = -1;
    cr_assert_not_null(f, "%s", bask_last_error());
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(x, N);
    bask_future_free(f);
}
Test(args, of_untyped_kernels)
{
    each_cluster(described_untyped);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs of every shape against what a serial evaluation gives. */
#include "support/clusters.h"
#include "support/draw.h"

enum { MILLION = 1000000 };

BASK_KERNEL(int64_t, leaf, (int64_t, x))
{
    return x;
}
BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}
BASK_KERNEL(int64_t, sum, (int64_t, x), (int64_t, y))
{
    return x + y;
}
BASK_KERNEL(int64_t, most, (int64_t, x), (int64_t, y))
{
    return (x > y ? x : y) + 1;
}
BASK_KERNEL_UNTYPED(int64_t, total)
{
    int64_t sum = 0, x;
    for (size_t i = 0; i < bask_task_argument_count(task); i++) {
        bask_status status = bask_task_int64(task, i, &x);
        if (status != BASK_OK)
            return status;
        sum += x;
    }
    return bask_return(task, &sum);
}

static int64_t value_of(bask_client *c, bask_delayed *d)
{
    bask_future *f;
    int64_t x = -1;
    cr_assert_eq(bask_compute(c, &d, 1, &f), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    bask_future_free(f);
    return x;
}

static void chain(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, leaf, 0);
    for (int i = 1; i < MILLION; i++)
        d = bask_delay(g, inc, d);
    cr_assert_eq(value_of(c, d), MILLION - 1);
    bask_graph_free(g);
}
Test(graph, chain_of_a_million)
{
    each_cluster(chain);
}

static void fan_in(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    bask_arg *args = malloc(MILLION * sizeof *args);
    for (int i = 0; i < MILLION; i++)
        args[i] = bask_arg_delayed(bask_delay(g, leaf, i));
    bask_delayed *d = bask_delay_array(g, &total_kernel, args, MILLION);
    bask_delayed *after = bask_delay(g, inc, d);
    cr_assert_eq(value_of(c, after), (int64_t)MILLION * (MILLION - 1) / 2 + 1);
    free(args);
    bask_graph_free(g);
}
Test(graph, fan_in_of_a_million)
{
    each_cluster(fan_in);
}

static void tree(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed **d = malloc((size_t)MILLION / 2 * sizeof *d);
    int n = MILLION / 2;
    for (int i = 0; i < n; i++)
        d[i] = bask_delay(g, leaf, i);
    for (int w = n; w > 1; w = (w + 1) / 2)
        for (int i = 0; i < w / 2; i++) {
            d[i] = bask_delay(g, sum, d[2 * i], d[2 * i + 1]);
            if (w % 2 && i == w / 2 - 1)
                d[w / 2] = d[w - 1];
        }
    cr_assert_eq(value_of(c, d[0]), (int64_t)n * (n - 1) / 2);
    free(d);
    bask_graph_free(g);
}
Test(graph, tree_of_a_million)
{
    each_cluster(tree);
}

static void wavefront(bask_client *c)
{
    enum { W = 1000 };
    bask_graph *g = bask_graph_new(c);
    bask_delayed **d = malloc((size_t)W * W * sizeof *d);
    for (int i = 0; i < W * W; i++)
        d[i] = i == 0       ? bask_delay(g, leaf, 1)
               : i < W      ? bask_delay(g, inc, d[i - 1])
               : i % W == 0 ? bask_delay(g, inc, d[i - W])
                            : bask_delay(g, most, d[i - W], d[i - 1]);
    cr_assert_eq(value_of(c, d[W * W - 1]), 2 * W - 1);
    free(d);
    bask_graph_free(g);
}
Test(graph, wavefront_of_a_million)
{
    each_cluster(wavefront);
}

static void independent(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed **d = malloc(MILLION * sizeof *d);
    bask_plan *plan;
    for (int i = 0; i < MILLION; i++)
        d[i] = bask_delay(g, sum, i, 1);
    cr_assert_eq(bask_plan_new(c, d, MILLION, &plan), BASK_OK, "%s", bask_last_error());
    for (int run = 0; run < 3; run++) {
        cr_assert_eq(bask_plan_run(plan), BASK_OK);
        for (int64_t i = 0, x; i < MILLION; i++) {
            cr_assert_eq(bask_plan_result(plan, (size_t)i, &x), BASK_OK);
            cr_assert_eq(x, i + 1);
        }
    }
    bask_plan_free(plan);
    free(d);
    bask_graph_free(g);
}
Test(graph, a_million_independent_thrice)
{
    each_cluster(independent);
}

/* The run ends with `d`, while the worker that ran `a` still looks at the consumers of `a`. */
static void unwanted_consumers(bask_client *c)
{
    for (int round = 0; round < 20; round++) {
        bask_graph *g = bask_graph_new(c);
        bask_delayed *a = bask_delay(g, leaf, 1), *b = bask_delay(g, leaf, 2);
        for (int i = 0; i < 200000; i++)
            (void)bask_delay(g, inc, a);
        bask_delayed *d = bask_delay(g, sum, a, b);
        bask_future *f;
        int64_t x;
        cr_assert_eq(bask_compute(c, &d, 1, &f), BASK_OK);
        bask_graph_free(g);
        cr_assert_eq(bask_result(f, &x), BASK_OK);
        cr_assert_eq(x, 3);
        bask_future_free(f);
    }
}
Test(graph, many_consumers_that_are_not_wanted)
{
    each_cluster(unwanted_consumers);
}

BASK_KERNEL(uint64_t, three, (uint64_t, a), (uint64_t, b), (uint64_t, c))
{
    return a + 3 * b + 5 * c + 1;
}

/* Each node has three dependencies of the layer before; called directly, the kernel gives what each
 * node must be. Every node of the last layer is an output. */
static void layers(bask_client *c)
{
    enum { W = 1000 };
    uint64_t seed = DRAW_SEED;
    bask_graph *g = bask_graph_new(c);
    bask_delayed **d = malloc((size_t)MILLION * sizeof *d);
    uint64_t *want = malloc((size_t)MILLION * sizeof *want);
    for (int i = 0; i < MILLION; i++) {
        int before = (i / W - 1) * W;
        if (before < 0) {
            want[i] = (uint64_t)i;
            d[i] = bask_delay(g, three, want[i] - 1, 0, 0);
            continue;
        }
        int x = before + (int)draw(&seed, W), y = before + (int)draw(&seed, W),
            z = before + (int)draw(&seed, W);
        want[i] = three(want[x], want[y], want[z]);
        d[i] = bask_delay(g, three, d[x], d[y], d[z]);
    }
    bask_plan *plan;
    cr_assert_eq(bask_plan_new(c, d + MILLION - W, W, &plan), BASK_OK, "%s", bask_last_error());
    for (int run = 0; run < 2; run++) {
        cr_assert_eq(bask_plan_run(plan), BASK_OK);
        for (size_t i = 0; i < W; i++) {
            uint64_t x;
            cr_assert_eq(bask_plan_result(plan, i, &x), BASK_OK);
            cr_assert_eq(x, want[MILLION - W + i]);
        }
    }
    bask_plan_free(plan);
    free(want);
    free(d);
    bask_graph_free(g);
}
Test(graph, random_layers_of_a_million)
{
    each_cluster(layers);
}

/* ---- random graphs ---- */

/* In uint64_t, where arithmetic wraps around; called directly they give the expected values. */
BASK_KERNEL(uint64_t, first, (uint64_t, x))
{
    return x;
}
BASK_KERNEL(uint64_t, mix, (uint64_t, x), (uint64_t, y))
{
    return x * 5 + y * 7 + 1;
}
BASK_KERNEL(uint64_t, five, (uint64_t, a), (uint64_t, b), (uint64_t, c), (uint64_t, d),
            (uint64_t, e))
{
    return a + 2 * b + 3 * c + 5 * d + 7 * e;
}
BASK_KERNEL(uint64_t, eight, (uint64_t, a), (uint64_t, b), (uint64_t, c), (uint64_t, d),
            (uint64_t, e), (uint64_t, f), (uint64_t, g), (uint64_t, h))
{
    return five(a, b, c, d, e) + 11 * f + 13 * g + 17 * h;
}
BASK_KERNEL_UNTYPED(uint64_t, weigh)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < bask_task_argument_count(task); i++)
        sum += (i + 1) * *(const uint64_t *)bask_task_argument(task, i);
    return bask_return(task, &sum);
}

enum { MOST_NODES = 60, MOST_OUTPUTS = 4, MOST_ARGUMENTS = 20 };

/* Node I of a random graph, of older ones; V holds the expected values. */
static bask_delayed *random_node(bask_graph *g, uint64_t *seed, bask_delayed **d, uint64_t *v,
                                 unsigned i)
{
    if (i == 0) {
        v[0] = draw(seed, 9);
        return bask_delay(g, first, v[0]);
    }
    unsigned p[MOST_ARGUMENTS], count = draw(seed, MOST_ARGUMENTS + 1);
    bask_arg args[MOST_ARGUMENTS];
    for (unsigned k = 0; k < MOST_ARGUMENTS; k++)
        p[k] = draw(seed, i); /* the same one may come twice */
    switch (draw(seed, 6)) {
    case 0:
        v[i] = first(v[p[0]]);
        return bask_delay(g, first, d[p[0]]);
    case 1:
        v[i] = mix(v[p[0]], v[p[1]]);
        return bask_delay(g, mix, d[p[0]], d[p[1]]);
    case 2:
        v[i] = mix(3, v[p[0]]);
        return bask_delay(g, mix, 3, d[p[0]]);
    case 3:
        v[i] = five(v[p[0]], 1, v[p[1]], v[p[2]], v[p[3]]);
        return bask_delay(g, five, d[p[0]], 1, d[p[1]], d[p[2]], d[p[3]]);
    case 4:
        v[i] = eight(1, v[p[0]], v[p[1]], 2, v[p[2]], v[p[3]], 3, v[p[4]]);
        return bask_delay(g, eight, 1, d[p[0]], d[p[1]], 2, d[p[2]], d[p[3]], 3, d[p[4]]);
    default:
        v[i] = 0;
        for (unsigned k = 0; k < count; k++) {
            args[k] = bask_arg_delayed(d[p[k]]);
            v[i] += (k + 1) * v[p[k]];
        }
        return bask_delay_array(g, &weigh_kernel, args, count);
    }
}

static void random_graph(bask_client *c, uint64_t *seed)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d[MOST_NODES], *out[MOST_OUTPUTS];
    bask_future *futures[MOST_OUTPUTS];
    uint64_t v[MOST_NODES], x;
    unsigned n = 1 + draw(seed, MOST_NODES), k = 1 + draw(seed, MOST_OUTPUTS), which[MOST_OUTPUTS];
    for (unsigned i = 0; i < n; i++)
        d[i] = random_node(g, seed, d, v, i);
    for (unsigned i = 0; i < k; i++)
        out[i] = d[which[i] = draw(seed, n)]; /* the same node may be asked for twice */
    cr_assert_eq(bask_compute(c, out, k, futures), BASK_OK, "%s", bask_last_error());
    for (unsigned i = 0; i < k; i++) {
        cr_assert_eq(bask_result(futures[i], &x), BASK_OK, "%s", bask_last_error());
        cr_assert_eq(x, v[which[i]]);
        bask_future_free(futures[i]);
    }
    bask_graph_free(g);
}

static void random_graphs(bask_client *c)
{
    uint64_t seed = DRAW_SEED;
    for (int i = 0; i < 10000; i++)
        random_graph(c, &seed);
}
Test(graph, ten_thousand_random_graphs)
{
    each_cluster(random_graphs);
}

static void thousand_arguments(bask_client *c)
{
    enum { N = 1000 };
    bask_graph *g = bask_graph_new(c);
    bask_arg args[N];
    bask_delayed *l = bask_delay(g, first, 3);
    for (int i = 0; i < N; i++)
        args[i] = i % 2 ? bask_arg_delayed(l) : bask_literal((uint64_t)i);
    bask_delayed *d = bask_delay_array(g, &weigh_kernel, args, N);
    uint64_t want = 0, x;
    for (uint64_t i = 0; i < N; i++)
        want += (i + 1) * (i % 2 ? 3 : i);
    bask_future *f;
    cr_assert_eq(bask_compute(c, &d, 1, &f), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(x, want);
    bask_future_free(f);
    bask_graph_free(g);
}
Test(graph, a_thousand_arguments)
{
    each_cluster(thousand_arguments);
}

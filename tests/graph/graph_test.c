/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs of every shape against what a serial evaluation gives. */
#include <bask.h>
#include <criterion/criterion.h>
#include <unistd.h>

BASK_KERNEL(int64_t, leaf, (int64_t, x))
{
    return x;
}
BASK_KERNEL(int64_t, one, (int64_t, x))
{
    return x * 3 + 1;
}
BASK_KERNEL(int64_t, two, (int64_t, x), (int64_t, y))
{
    return x * 5 + y * 7;
}
BASK_KERNEL(int64_t, five, (int64_t, a), (int64_t, b), (int64_t, c), (int64_t, d), (int64_t, e))
{
    return a + 2 * b + 3 * c + 5 * d + 7 * e;
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

static const char *const clusters[] = {"threads://1", "threads://2", "threads://8", "sync://"};

/* All arithmetic is modulo 2^64 in the check as in the kernels' own wrap-around-free ranges. */
static int64_t value_of(bask_client *c, bask_delayed *d)
{
    bask_future *f;
    int64_t x = -1;
    cr_assert_eq(bask_compute(c, &d, 1, &f), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    bask_future_free(f);
    return x;
}

static void each_cluster(void (*check)(bask_client *c))
{
    for (size_t i = 0; i < sizeof clusters / sizeof clusters[0]; i++) {
        bask_client *c;
        cr_assert_eq(bask_open(clusters[i], &c), BASK_OK, "%s", bask_last_error());
        check(c);
        bask_close(c);
    }
}

enum { MILLION = 1000000 };

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

/* ---- random graphs ---- */

static uint64_t seed;
static unsigned draw(unsigned n)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (unsigned)(seed >> 20) % n;
}

static void random_graph(bask_client *c)
{
    enum { MOST = 60 };
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d[MOST];
    int64_t want[MOST];
    unsigned n = 1 + draw(MOST);
    for (unsigned i = 0; i < n; i++) {
        unsigned p[5];
        for (int k = 0; k < 5; k++)
            p[k] = i ? draw(i) : 0;
        switch (i ? draw(5) : 0) {
        case 0:
            want[i] = draw(9);
            d[i] = bask_delay(g, leaf, want[i]);
            break;
        case 1:
            d[i] = bask_delay(g, inc, bask_delay(g, two, bask_delay(g, leaf, 0), 0));
            want[i] = 1;
            break;
        case 2:
            want[i] = (want[p[0]] > want[p[1]] ? want[p[0]] : want[p[1]]) + 1;
            d[i] = bask_delay(g, most, d[p[0]], d[p[1]]);
            break;
        case 3:
            want[i] = (want[p[0]] > 4 ? want[p[0]] : 4) + 1;
            d[i] = bask_delay(g, most, d[p[0]], 4);
            break;
        default: {
            bask_arg args[5];
            want[i] = 0;
            unsigned count = 1 + draw(2);
            for (unsigned k = 0; k < count; k++) {
                args[k] = bask_arg_delayed(d[p[k]]);
                want[i] += want[p[k]] % 1000;
            }
            /* total of values that may be large: reduce by leaf copies */
            want[i] = 0;
            for (unsigned k = 0; k < count; k++)
                want[i] += want[p[k]];
            if (want[i] > INT64_C(1) << 40) {
                want[i] = 7;
                d[i] = bask_delay(g, leaf, 7);
            } else {
                d[i] = bask_delay_array(g, &total_kernel, args, count);
            }
        }
        }
        cr_assert_not_null(d[i], "%s", bask_last_error());
    }
    bask_delayed *out[4];
    bask_future *futures[4];
    unsigned which[4], k = 1 + draw(4);
    for (unsigned i = 0; i < k; i++)
        out[i] = d[which[i] = draw(n)]; /* the same node may be asked for twice */
    cr_assert_eq(bask_compute(c, out, k, futures), BASK_OK);
    for (unsigned i = 0; i < k; i++) {
        int64_t x;
        cr_assert_eq(bask_result(futures[i], &x), BASK_OK, "%s", bask_last_error());
        cr_assert_eq(x, want[which[i]]);
        bask_future_free(futures[i]);
    }
    bask_graph_free(g);
}

static void random_graphs(bask_client *c)
{
    seed = 88172645463325252u;
    for (int i = 0; i < 10000; i++)
        random_graph(c);
}
Test(graph, ten_thousand_random_graphs)
{
    each_cluster(random_graphs);
}

/* ---- buffers ---- */

static _Atomic long released;
static void count_release(void *data, void *user)
{
    (void)user;
    free(data);
    atomic_fetch_add(&released, 1);
}
BASK_KERNEL(bask_buffer *, block, (int64_t, n))
{
    int64_t *x = malloc((size_t)n * sizeof *x);
    for (int64_t i = 0; i < n; i++)
        x[i] = i;
    return bask_buffer_wrap(x, (size_t)n * sizeof *x, count_release, NULL);
}
BASK_KERNEL(bask_buffer *, twice, (bask_span, in))
{
    bask_buffer *b = bask_take(in);
    int64_t *x = bask_buffer_data(b);
    for (size_t i = 0; i < in.size / sizeof *x; i++)
        x[i] *= 2;
    return b;
}
BASK_KERNEL(int64_t, sum_of, (bask_span, in))
{
    int64_t s = 0;
    for (size_t i = 0; i < in.size / sizeof s; i++)
        s += ((const int64_t *)in.data)[i];
    return s;
}

static void buffers(bask_client *c)
{
    atomic_store(&released, 0);
    bask_graph *g = bask_graph_new(c);
    bask_delayed *b = bask_delay(g, block, 1000), *t = bask_delay(g, twice, b);
    bask_delayed *out[] = {bask_delay(g, sum, bask_delay(g, sum_of, b), bask_delay(g, sum_of, t)),
                           t};
    bask_future *f[2];
    int64_t x;
    bask_span span;
    cr_assert_eq(bask_compute_sync(c, out, 2, f), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(bask_result(f[0], &x), BASK_OK);
    cr_assert_eq(x, 3 * 999 * 500);
    cr_assert_eq(bask_result(f[1], &span), BASK_OK);
    cr_assert(span.size == 8000 && ((const int64_t *)span.data)[999] == 1998);
    bask_future *g2 = bask_submit(c, sum_of, f[1]);
    cr_assert_eq(bask_result(g2, &x), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(x, 2 * 999 * 500);
    bask_future_free(g2);
    bask_future_free(f[0]);
    bask_future_free(f[1]);
    bask_graph_free(g);
}
static void buffers_are_released(bask_client *c)
{
    buffers(c);
    bask_plan *plan;
    bask_graph *g = bask_graph_new(c);
    bask_delayed *t = bask_delay(g, twice, bask_delay(g, block, 10));
    cr_assert_eq(bask_plan_new(c, &t, 1, &plan), BASK_OK);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(bask_plan_run(plan), BASK_OK);
    bask_plan_free(plan);
    bask_graph_free(g);
    cr_assert_eq(atomic_load(&released), 6);
}
Test(graph, buffers_are_shared_taken_and_released)
{
    each_cluster(buffers_are_released);
}

Test(graph, five_arguments_and_pictures)
{
    bask_client *c;
    cr_assert_eq(bask_open("threads://2", &c), BASK_OK);
    bask_graph *g = bask_graph_new(c);
    bask_delayed *l = bask_delay(g, leaf, 10);
    bask_delayed *d = bask_delay(g, five, 1, l, 1, l, l);
    cr_assert_eq(value_of(c, d), 1 + 20 + 3 + 50 + 70);
    char path[] = "/tmp/bask-graph-XXXXXX.dot";
    int fd = mkstemps(path, 4);
    cr_assert_eq(bask_visualize(&d, 1, path), BASK_OK, "%s", bask_last_error());
    char text[4096] = "";
    cr_assert_gt(read(fd, text, sizeof text - 1), 0);
    cr_assert(strstr(text, "label=\"five\"") && strstr(text, "->"));
    close(fd);
    unlink(path);
    cr_assert_eq(bask_visualize(&d, 1, "/tmp/graph.txt"), BASK_EINVAL);
    cr_assert_eq(bask_visualize(&d, 1, "/nowhere/graph.dot"), BASK_EIO);
    bask_graph_free(g);
    bask_close(c);
}

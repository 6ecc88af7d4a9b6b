/* SPDX-License-Identifier: Apache-2.0 */
#include "support/clusters.h"

typedef struct point {
    double x, y;
} point;
typedef struct odd {
    char text[5];
} odd;

BASK_KERNEL(double, add, (double, x), (double, y))
{
    return x + y;
}
BASK_KERNEL(double, norm, (point, p))
{
    return p.x * p.x + p.y * p.y;
}
BASK_KERNEL(int32_t, second, (odd, o))
{
    return o.text[1];
}
BASK_KERNEL(const void *, where, (bask_span, s))
{
    return s.data;
}

static void free_all(bask_future **f, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bask_future_free(f[i]);
}

static void values(bask_client *c)
{
    enum { N = 1000 };
    static double xs[N], got[N];
    static bask_future *f[N], *g[N];
    for (int i = 0; i < N; i++)
        xs[i] = i;
    cr_assert_eq(bask_scatter(c, xs, N, f), BASK_OK);
    memset(xs, 0, sizeof xs); /* they were copied */
    for (int i = 0; i < N; i++)
        cr_assert_eq(bask_future_state(f[i]), BASK_FINISHED);
    cr_assert_eq(bask_map(c, add, N, g, bask_each_future(f), f[7]), BASK_OK);
    cr_assert_eq(bask_gather(f, N, got), BASK_OK);
    cr_assert_eq(got[N - 1], N - 1);
    free_all(f, N);
    cr_assert_eq(bask_gather(g, N, got), BASK_OK);
    for (int i = 0; i < N; i++)
        cr_assert_eq(got[i], i + 7);
    free_all(g, N);
}

Test(scatter, makes_finished_futures)
{
    each_cluster(values);
}

static void structs(bask_client *c)
{
    const point p[2] = {{3, 4}, {5, 12}};
    const odd o = {"abcd"};
    const bask_scatter_options everywhere = {sizeof everywhere, true};
    bask_future *f[3];
    double x;
    int32_t n;
    point q;
    cr_assert_eq(bask_scatter_with(c, p, 2, f, &everywhere), BASK_OK);
    cr_assert_eq(bask_scatter(c, &o, 1, &f[2]), BASK_OK);
    cr_assert_eq(bask_result(f[0], &q), BASK_OK);
    cr_assert_eq(q.y, 4);
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, norm, f[1]);
    bask_future *computed, *submitted = bask_submit(c, second, f[2]);
    cr_assert_eq(bask_compute(c, &d, 1, &computed), BASK_OK);
    cr_assert_eq(bask_result(computed, &x), BASK_OK);
    cr_assert_eq(x, 169);
    cr_assert_eq(bask_result(submitted, &n), BASK_OK);
    cr_assert_eq(n, 'b');
    cr_assert_str_eq(bask_future_name(f[0]), "bask_scatter");
    free_all(f, 3), bask_future_free(computed), bask_future_free(submitted);
    bask_graph_free(g);
}

Test(scatter, takes_structs_and_is_an_argument_of_graphs_and_tasks)
{
    each_cluster(structs);
}

static int released;
static void release(void *data, void *user)
{
    (void)data, (void)user;
    released++;
}

static void buffers(bask_client *c)
{
    static char memory[100];
    bask_buffer *b[2] = {bask_buffer_wrap(memory, sizeof memory, release, NULL),
                         bask_buffer_new(10)};
    bask_future *f[2], *w;
    const void *there;
    released = 0;
    cr_assert_eq(bask_scatter(c, b, 2, f), BASK_OK);
    bask_buffer_release(b[0]), bask_buffer_release(b[1]);
    w = bask_submit(c, where, f[0]);
    cr_assert_eq(bask_result(w, &there), BASK_OK);
    cr_assert_eq(there, (const void *)memory, "no copy is made");
    bask_future_free(w);
    bask_future_free(f[0]);
    bask_future_free(f[1]);
}

Test(scatter, shares_buffers)
{
    each_cluster(buffers);
    bask_client *c = open_client("sync://");
    buffers(c);
    cr_assert_eq(released, 1);
    bask_close(c);
}

Test(scatter, values_outlive_the_client)
{
    bask_client *c = open_client("threads://1");
    bask_buffer *b = bask_buffer_new(3);
    memcpy(bask_buffer_data(b), "abc", 3);
    bask_future *f;
    bask_span s;
    cr_assert_eq(bask_scatter(c, &b, 1, &f), BASK_OK);
    bask_buffer_release(b);
    bask_close(c);
    cr_assert_eq(bask_result(f, &s), BASK_OK);
    cr_assert_eq(((const char *)s.data)[2], 'c');
    bask_future_free(f);
}

#define ASSERT_ERROR(call, status, part)                                                           \
    do {                                                                                           \
        f[0] = f[1] = (bask_future *)f;                                                            \
        cr_assert_eq((call), (status), "%s", bask_last_error());                                   \
        cr_assert(strstr(bask_last_error(), (part)), "%s", bask_last_error());                     \
        cr_assert(!f[0] && !f[1]);                                                                 \
    } while (0)

Test(scatter, wrong_calls)
{
    bask_client *c = open_client("threads://1");
    bask_future *f[2], *good;
    const double x[2] = {1, 2}, *none = NULL;
    struct large {
        double of[3];
    } large[2] = {{{1}}, {{2}}};
    bask_span spans[2] = {{"a", 1}, {"b", 1}};
    bask_buffer *b[2] = {NULL, NULL};
    bask_scatter_options wrong = {0, false};
    ASSERT_ERROR(bask_scatter(NULL, x, 2, f), BASK_EINVAL, "client is NULL");
    ASSERT_ERROR(bask_scatter(c, none, 2, f), BASK_EINVAL, "values is NULL");
    ASSERT_ERROR(bask_scatter(c, large, 2, f), BASK_ETYPE, "24 bytes");
    ASSERT_ERROR(bask_scatter(c, spans, 2, f), BASK_ETYPE, "has no owner");
    ASSERT_ERROR(bask_scatter(c, b, 2, f), BASK_EINVAL, "buffer 0 is NULL");
    ASSERT_ERROR(bask_scatter_with(c, x, 2, f, &wrong), BASK_EINVAL, "options.size");
    cr_assert_eq(bask_scatter(c, x, 2, NULL), BASK_EINVAL);
    cr_assert_eq(bask_scatter(c, x, 0, NULL), BASK_OK);
    cr_assert_eq(bask_scatter(c, x, 1, &good), BASK_OK);
    bask_close(c);
    ASSERT_ERROR(bask_scatter(c, x, 2, f), BASK_ECLOSED, "closed");
    bask_future_free(good);
}

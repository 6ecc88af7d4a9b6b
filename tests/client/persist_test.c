/* SPDX-License-Identifier: Apache-2.0 */
#include "support/clusters.h"

#include <sched.h>
#include <stdatomic.h>

typedef struct point {
    double x, y;
} point;

static atomic_int calls, opened;

BASK_KERNEL(int64_t, counted, (int64_t, x))
{
    atomic_fetch_add(&calls, 1);
    return x * 10;
}
BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}
BASK_KERNEL(int64_t, fails, (int64_t, x))
{
    (void)bask_fail(BASK_EIO, "no %d", (int)x);
    return 0;
}
BASK_KERNEL(int64_t, waits, (int64_t, x))
{
    while (!atomic_load(&opened) && !bask_cancelled())
        sched_yield();
    return x;
}
BASK_KERNEL(point, at, (double, x))
{
    point p = {x, -x};
    return p;
}
BASK_KERNEL(double, height, (point, p))
{
    return p.y;
}
BASK_KERNEL(bask_buffer *, bytes, (int64_t, n))
{
    bask_buffer *b = bask_buffer_new((size_t)n);
    if (b)
        memset(bask_buffer_data(b), 7, (size_t)n);
    return b;
}
BASK_KERNEL(const void *, where, (bask_span, s))
{
    return s.data;
}
BASK_KERNEL(void, nothing)
{
}

static int64_t compute(bask_client *c, bask_delayed *d)
{
    bask_future *f;
    int64_t x = -1;
    cr_assert_eq(bask_compute(c, &d, 1, &f), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    bask_future_free(f);
    return x;
}

static void once(bask_client *c)
{
    bask_graph *g = bask_graph_new(c), *kept;
    bask_delayed *d[2] = {bask_delay(g, counted, 1), bask_delay(g, counted, 2)}, *p[2];
    atomic_store(&calls, 0);
    cr_assert_eq(bask_persist(c, d, 2, &kept, p), BASK_OK, "%s", bask_last_error());
    bask_graph_free(g);
    bask_delayed *more = bask_delay(kept, inc, p[0]), *most = bask_delay(kept, inc, p[1]);
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(compute(c, more), 11);
        cr_assert_eq(compute(c, most), 21);
        cr_assert_eq(compute(c, p[1]), 20);
    }
    cr_assert_eq(atomic_load(&calls), 2);
    bask_graph_free(kept);
}

Test(persist, computes_once_and_builds_on)
{
    each_cluster(once);
}

static void types(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d[3] = {bask_delay(g, at, 2.5), bask_delay(g, bytes, 1000),
                          bask_delay(g, nothing)};
    bask_graph *kept;
    cr_assert_eq(bask_persist(c, d, 3, &kept, d), BASK_OK, "in place");
    bask_graph_free(g);
    bask_delayed *all[4] = {bask_delay(kept, height, d[0]), bask_delay(kept, where, d[1]), d[1],
                            d[2]};
    bask_future *f[4];
    double y;
    const void *place;
    bask_span s;
    cr_assert_eq(bask_compute(c, all, 4, f), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(bask_result(f[0], &y), BASK_OK);
    cr_assert_eq(y, -2.5);
    cr_assert_eq(bask_result(f[1], &place), BASK_OK);
    cr_assert_eq(bask_result(f[2], &s), BASK_OK);
    cr_assert_eq(place, s.data, "no copy is made");
    cr_assert_eq(s.size, 1000u);
    cr_assert_eq(((const char *)s.data)[999], 7);
    cr_assert_eq(bask_result_as(f[3], NULL, BASK_VOID, 0, BASK_FOREVER), BASK_OK);
    for (int i = 0; i < 4; i++)
        bask_future_free(f[i]);
    bask_graph_free(kept);
    bask_pool_stats stats;
    do /* the workers let go of them a moment after the futures are done */
        bask_client_stats(c, &stats);
    while (stats.live_bytes);
}

Test(persist, results_of_any_type, .timeout = 60)
{
    each_cluster(types);
}

static void failed(bask_client *c)
{
    bask_graph *g = bask_graph_new(c), *kept;
    bask_delayed *d[2] = {bask_delay(g, fails, 3), bask_delay(g, counted, 4)};
    bask_future *f;
    int64_t x;
    cr_assert_eq(bask_persist(c, d, 2, &kept, d), BASK_OK);
    bask_graph_free(g);
    bask_delayed *more = bask_delay(kept, inc, d[0]);
    cr_assert_eq(bask_compute(c, &more, 1, &f), BASK_OK);
    cr_assert_eq(bask_result(f, &x), BASK_EUPSTREAM);
    cr_assert(strstr(bask_future_error(f), "fails failed: no 3"), "%s", bask_future_error(f));
    cr_assert_eq(compute(c, d[1]), 40);
    bask_future_free(f);
    bask_graph_free(kept);
}

Test(persist, failures_are_passed_on_to_what_is_built_on_them)
{
    each_cluster(failed);
}

Test(persist, does_not_wait)
{
    bask_client *c = open_client("threads://1");
    bask_graph *g = bask_graph_new(c), *kept;
    bask_delayed *d = bask_delay(g, waits, 5);
    bask_future *f;
    int64_t x;
    atomic_store(&opened, 0);
    cr_assert_eq(bask_persist(c, &d, 1, &kept, &d), BASK_OK);
    bask_graph_free(g);
    bask_delayed *more = bask_delay(kept, inc, d);
    cr_assert_eq(bask_compute(c, &more, 1, &f), BASK_OK);
    cr_assert_eq(bask_future_state(f), BASK_PENDING);
    atomic_store(&opened, 1);
    cr_assert_eq(bask_result(f, &x), BASK_OK);
    cr_assert_eq(x, 6);
    bask_future_free(f);
    bask_graph_free(kept);
    bask_close(c);
}

Test(persist, wrong_calls)
{
    bask_client *c = open_client("threads://1");
    bask_graph *g = bask_graph_new(c), *kept = g;
    bask_delayed *d = bask_delay(g, inc, 5), *before = d;
    cr_assert_eq(bask_persist(NULL, &d, 1, &kept, &d), BASK_EINVAL);
    cr_assert_null(kept);
    cr_assert_eq(bask_persist(c, &d, 0, &kept, &d), BASK_EINVAL);
    cr_assert_eq(bask_persist(c, &d, 1, NULL, &d), BASK_EINVAL);
    cr_assert_eq(bask_persist(c, &d, 1, &kept, NULL), BASK_EINVAL);
    bask_close(c);
    cr_assert_eq(bask_persist(c, &d, 1, &kept, &d), BASK_ECLOSED);
    cr_assert_eq(d, before);
    bask_graph_free(g);
}

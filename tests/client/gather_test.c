/* SPDX-License-Identifier: Apache-2.0 */
#include "support/clusters.h"

#include <sched.h>
#include <stdatomic.h>

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}
BASK_KERNEL(double, half, (double, x))
{
    return x / 2;
}
BASK_KERNEL(void, nothing)
{
}
BASK_KERNEL(int64_t, thirds_fail, (int64_t, x))
{
    if (x % 3 == 1)
        (void)bask_fail(BASK_ETYPE, "not %d", (int)x);
    return x;
}
BASK_KERNEL(bask_buffer *, bytes, (int64_t, n))
{
    bask_buffer *b = bask_buffer_new((size_t)n);
    if (b)
        memset(bask_buffer_data(b), (int)n, (size_t)n);
    return b;
}

enum { N = 100 };

static void free_all(bask_future **f, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bask_future_free(f[i]);
}

static void map_numbers(bask_client *c, bask_future **f)
{
    int64_t xs[N];
    for (int i = 0; i < N; i++)
        xs[i] = i;
    cr_assert_eq(bask_map(c, thirds_fail, N, f, bask_each(xs)), BASK_OK);
}

static void all_good(bask_client *c)
{
    bask_future *f[N], *nothings[3];
    int64_t got[N], sizes[N];
    bask_span spans[N];
    for (int i = 0; i < N; i++)
        f[i] = bask_submit(c, inc, i);
    cr_assert_eq(bask_gather(f, N, got), BASK_OK, "%s", bask_last_error());
    for (int i = 0; i < N; i++)
        cr_assert_eq(got[i], i + 1);
    free_all(f, N);
    for (int i = 0; i < N; i++)
        sizes[i] = i + 1;
    cr_assert_eq(bask_map(c, bytes, N, f, bask_each(sizes)), BASK_OK);
    cr_assert_eq(bask_gather(f, N, spans), BASK_OK);
    for (int i = 0; i < N; i++) {
        cr_assert_eq(spans[i].size, (size_t)i + 1);
        cr_assert_eq(((const char *)spans[i].data)[i], i + 1);
    }
    free_all(f, N);
    cr_assert_eq(bask_map(c, nothing, 3, nothings), BASK_OK);
    cr_assert_eq(bask_gather_as(nothings, 3, NULL, BASK_VOID, 0, BASK_RAISE, NULL, NULL), BASK_OK);
    free_all(nothings, 3);
    cr_assert_eq(bask_gather((bask_future **)NULL, 0, got), BASK_OK);
}

Test(gather, gives_all_results_in_order)
{
    each_cluster(all_good);
}

static void raises(bask_client *c)
{
    bask_future *f[N];
    int64_t got[N] = {0};
    map_numbers(c, f);
    got[0] = got[1] = got[2] = -1;
    cr_assert_eq(bask_gather(f, N, got), BASK_ETYPE);
    cr_assert_str_eq(bask_last_error(), "bask_gather: future 1: thirds_fail failed: not 1");
    cr_assert_eq(got[0], 0);
    cr_assert_eq(got[1], -1);
    cr_assert_eq(got[2], -1);
    free_all(f, N);
}

Test(gather, raises_the_first_failure)
{
    each_cluster(raises);
}

static void skips(bask_client *c)
{
    bask_future *f[N];
    int64_t got[N];
    size_t which[N], count = 0;
    map_numbers(c, f);
    cr_assert_eq(bask_gather_skip(f, N, got, which, &count), BASK_OK);
    cr_assert_eq(count, (size_t)N - N / 3);
    for (size_t k = 0; k < count; k++) {
        cr_assert_eq(which[k], k / 2 * 3 + (k % 2 ? 2 : 0));
        cr_assert_eq((size_t)got[k], which[k]);
    }
    cr_assert_eq(bask_gather_skip(f, N, got, NULL, &count), BASK_OK);
    cr_assert_eq(count, (size_t)N - N / 3);
    cr_assert_eq(bask_gather_skip(f + 1, 1, got, which, &count), BASK_OK);
    cr_assert_eq(count, 0u);
    free_all(f, N);
}

Test(gather, skips_failures_and_tells_which_are_left)
{
    each_cluster(skips);
}

BASK_KERNEL(int64_t, until_cancelled, (int64_t, x))
{
    while (!bask_cancelled())
        sched_yield();
    return x;
}

Test(gather, cancelled_futures_and_closed_clients)
{
    bask_client *c = open_client("threads://1");
    bask_future *f[3] = {bask_submit(c, inc, 1), bask_submit(c, until_cancelled, 1),
                         bask_submit(c, inc, 2)};
    int64_t got[3];
    size_t which[3], count;
    cr_assert_eq(bask_wait(f, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    bask_cancel(f[1]);
    cr_assert_eq(bask_gather(f, 3, got), BASK_ECANCELLED);
    cr_assert_eq(bask_gather_skip(f, 3, got, which, &count), BASK_OK);
    cr_assert_eq(count, 2u);
    cr_assert_eq(which[1], 2u);
    cr_assert_eq(got[1], 3);
    bask_close(c);
    cr_assert_eq(bask_gather_skip(f, 3, got, which, &count), BASK_OK);
    cr_assert_eq(count, 2u);
    free_all(f, 3);
}

Test(gather, wrong_calls)
{
    bask_client *c = open_client("threads://1");
    bask_future *f[2] = {bask_submit(c, inc, 1), bask_submit(c, half, 1)};
    bask_future *none[2] = {f[0], NULL};
    int64_t got[2], *nowhere = NULL;
    size_t count;
    cr_assert_eq(bask_gather(f, 2, got), BASK_ETYPE);
    cr_assert(strstr(bask_last_error(), "future 1: the result of half is double"));
    cr_assert_eq(bask_gather_skip(f, 2, got, NULL, &count), BASK_ETYPE, "that is no failed task");
    cr_assert_eq(bask_gather(none, 2, got), BASK_EINVAL);
    cr_assert(strstr(bask_last_error(), "future 1"));
    cr_assert_eq(bask_gather(f, 2, nowhere), BASK_EINVAL);
    cr_assert_eq(bask_gather((bask_future **)NULL, 2, got), BASK_EINVAL);
    free_all(f, 2);
    bask_close(c);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Results that are alive are counted, and how many may be is said by an option. */
#include "support/budget.h"

#include "client/core.h"

/* ---- counting ---- */

static void count(bask_client *c)
{
    enum { N = 20, SIZE = BLOCK * N };
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d[N];
    bask_future *f[N];
    for (int i = 0; i < N; i++)
        d[i] = bask_delay(g, load, i);
    cr_assert_eq(bask_compute_sync(c, d, N, f), BASK_OK);
    settles_at(c, SIZE);
    for (int i = 0; i < N; i += 2)
        bask_future_free(f[i]);
    settles_at(c, SIZE / 2);
    uint64_t slack = BUDGET_SLACK * (stats_of(c).workers + 1), peak = stats_of(c).peak_bytes;
    cr_assert(peak + slack >= SIZE && peak <= SIZE + slack, "%llu", (unsigned long long)peak);
    for (int i = 1; i < N; i += 2)
        bask_future_free(f[i]);
    bask_future *single = bask_submit(c, load, 1);
    cr_assert_eq(bask_wait(&single, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    settles_at(c, BLOCK);
    bask_future_free(single);
    settles_at(c, 0);
    bask_graph_free(g);
}

Test(budget, results_are_counted_until_their_last_use)
{
    each_cluster(count);
}

Test(budget, the_peak_of_one_thread_is_exact)
{
    enum { N = 10 };
    static const char *const addresses[] = {"threads://1?memory=1G", "sync://"};
    for (int i = 0; i < 2; i++) {
        bask_client *c = open_client(addresses[i]);
        bask_graph *g = bask_graph_new(c);
        bask_delayed *d[N];
        bask_future *f;
        for (int k = 0; k < N; k++)
            d[k] = bask_delay(g, first_of,
                              bask_delay(g, sum, bask_delay(g, load, k), bask_delay(g, load, k)));
        bask_delayed *all = tree(g, d, N);
        cr_assert_eq(bask_compute(c, &all, 1, &f), BASK_OK);
        cr_assert_eq(bask_wait(&f, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
        cr_assert_eq(stats_of(c).peak_bytes, 2 * BLOCK, "%s: depth first", addresses[i]);
        bask_future_free(f);
        bask_graph_free(g);
        close_empty(c);
    }
}

static char store[1000];
static void nothing(void *data, void *user)
{
    (void)data, (void)user;
}
BASK_KERNEL(bask_buffer *, wrapped, (bool, released))
{
    return bask_buffer_wrap(store, sizeof store, released ? nothing : NULL, NULL);
}

static void count_wrapped(bask_client *c)
{
    bask_future *f[] = {bask_submit(c, wrapped, true), bask_submit(c, wrapped, false)};
    cr_assert_eq(bask_wait(f, 2, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    settles_at(c, sizeof store); /* of the one that is released */
    bask_future_free(f[0]);
    bask_future_free(f[1]);
    settles_at(c, 0);
}

Test(budget, wrapped_memory_counts_if_it_is_released)
{
    each_cluster(count_wrapped);
}

static void fail_and_cancel(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d[LOADS];
    bask_future *f[LOADS];
    for (int i = 0; i < LOADS; i++) {
        bask_delayed *b = bask_delay(g, load, i);
        bask_arg args[] = {bask_arg_delayed(b), bask_literal(1)};
        d[i] = i % 2 ? bask_delay_array(g, &total_kernel, args, 2) : bask_delay(g, first_of, b);
    }
    cr_assert_eq(bask_compute(c, d, LOADS, f), BASK_OK);
    for (int i = 0; i < LOADS; i += 4)
        bask_cancel(f[i]);
    cr_assert_eq(bask_wait(f, LOADS, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    cr_assert_eq(bask_future_status(f[1]), BASK_ETYPE);
    for (int i = 0; i < LOADS; i++)
        bask_future_free(f[i]);
    cr_assert_eq(bask_compute(c, d, LOADS, f), BASK_OK);
    for (int i = 0; i < LOADS; i++) {
        bask_cancel(f[i]);
        bask_future_free(f[i]);
    }
    bask_graph_free(g);
    settles_at(c, 0);
}

Test(budget, failures_and_cancellation_leave_nothing)
{
    each_cluster(fail_and_cancel);
    for (int workers = 1; workers <= 4; workers++) {
        bask_client *c = open_limited(workers, BLOCK);
        fail_and_cancel(c);
        close_empty(c);
    }
}

/* ---- where the limit comes from ---- */

static int64_t limit_of(const char *address)
{
    bask_client *c = open_client(address);
    int64_t limit = c->pool->budget->limit;
    bask_close(c);
    return limit;
}

Test(budget, the_limit_is_an_option_or_in_the_environment)
{
    bask_client *c;
    cr_assert_eq(limit_of("threads://2"), INT64_MAX);
    cr_assert_eq(limit_of("threads://2?memory=3M"), 3 << 20);
    setenv("BASK_MEMORY_LIMIT", "2G", 1);
    cr_assert_eq(limit_of("threads://2"), INT64_C(2) << 30);
    cr_assert_eq(limit_of("threads://2?memory=300K"), 300 << 10);
    cr_assert_eq(limit_of("threads://2?memory=0"), INT64_MAX);
    cr_assert_eq(limit_of("sync://"), INT64_MAX);
    setenv("BASK_MEMORY_LIMIT", "2 GB", 1);
    cr_assert_eq(limit_of("threads://2?memory=1"), 1);
    cr_assert_eq(bask_open("threads://2", &c), BASK_EADDRESS);
    cr_assert_str_eq(bask_last_error(),
                     "BASK_MEMORY_LIMIT=2 GB is not a size such as 65536, 256K or 1M");
    cr_assert_eq(bask_open("threads://2?memory=x", &c), BASK_EADDRESS);
    cr_assert(strstr(bask_last_error(), "memory=x"), "%s", bask_last_error());
    setenv("BASK_MEMORY_LIMIT", "", 1);
    cr_assert_eq(limit_of("threads://2"), INT64_MAX);
}

Test(budget, results_outlive_the_client_that_counts_them)
{
    bask_client *c = open_limited(2, LIMIT), *other = open_client("threads://2");
    bask_future *f[] = {bask_submit(c, load, 3), bask_submit(other, load, 4)};
    bask_span span[2];
    for (int i = 0; i < 2; i++)
        cr_assert_eq(bask_result(f[i], &span[i]), BASK_OK);
    bask_close(c);
    bask_close(other);
    cr_assert_eq(first_of(span[0]) + first_of(span[1]), 7);
    bask_future_free(f[0]);
    bask_future_free(f[1]);
}

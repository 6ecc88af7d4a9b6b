/* SPDX-License-Identifier: Apache-2.0 */
/* Futures that outlive their client. */
#include "support/clusters.h"

#include <sched.h>
#include <stdatomic.h>

static atomic_int entered;

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}
BASK_KERNEL(int64_t, fails, (int64_t, x))
{
    (void)bask_fail(BASK_EIO, "no %d", (int)x);
    return 0;
}
BASK_KERNEL(bask_buffer *, squares, (int64_t, n))
{
    bask_buffer *b = bask_buffer_new((size_t)n * sizeof(int64_t));
    int64_t *x = bask_buffer_data(b);
    for (int64_t i = 0; b && i < n; i++)
        x[i] = i * i;
    return b;
}
BASK_KERNEL(int64_t, ends_when_cancelled, (int64_t, x))
{
    atomic_fetch_add(&entered, 1);
    while (!bask_cancelled())
        sched_yield();
    return x;
}

static void each_address(void (*check)(const char *address))
{
    check("threads://1");
    check("threads://4?memory=4K");
    check("sync://");
}

static void results(const char *address)
{
    bask_client *c = open_client(address);
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d[2] = {bask_delay(g, squares, 1000), bask_delay(g, inc, 40)};
    bask_future *f[2], *failed = bask_submit(c, fails, 3), *both[3];
    cr_assert_eq(bask_compute(c, d, 2, f), BASK_OK);
    both[0] = f[0], both[1] = f[1], both[2] = failed;
    cr_assert_eq(bask_wait(both, 3, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    bask_graph_free(g);
    bask_close(c);
    bask_span span;
    int64_t x = 0;
    cr_assert_eq(bask_result(f[0], &span), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(span.size, 8000u);
    cr_assert_eq(((const int64_t *)span.data)[999], 999 * 999);
    cr_assert_eq(bask_result_timeout(f[1], &x, 0), BASK_OK);
    cr_assert_eq(x, 41);
    cr_assert_eq(bask_result(failed, &x), BASK_EIO);
    cr_assert_str_eq(bask_future_error(failed), "fails failed: no 3");
    cr_assert_eq(bask_wait(both, 3, BASK_ALL, 0, NULL), BASK_OK);
    cr_assert_eq(bask_wait(both, 3, BASK_ANY, 0, NULL), BASK_OK);
    cr_assert_eq(bask_future_state(f[0]), BASK_FINISHED);
    for (int i = 0; i < 3; i++)
        bask_future_free(both[i]);
}

Test(outlive, finished_futures_give_their_results_after_the_client_is_closed)
{
    each_address(results);
}

Test(outlive, pending_futures_are_cancelled)
{
    bask_client *c = open_client("threads://1");
    atomic_store(&entered, 0);
    bask_future *f[3] = {bask_submit(c, ends_when_cancelled, 1), bask_submit(c, inc, 1)};
    f[2] = bask_submit(c, inc, f[0]);
    while (!atomic_load(&entered))
        sched_yield();
    bask_close(c);
    for (int i = 0; i < 3; i++) {
        int64_t x;
        cr_assert_eq(bask_future_state(f[i]), BASK_CANCELLED);
        cr_assert_eq(bask_result(f[i], &x), BASK_ECANCELLED);
        bask_future_free(f[i]);
    }
}

static bask_client *another;
static bask_future *done;

BASK_KERNEL(int64_t, reads, (int64_t, x))
{
    int64_t y = 0;
    cr_assert_eq(bask_result(done, &y), BASK_OK);
    return x + y;
}

Test(outlive, results_are_read_inside_tasks_of_another_client)
{
    another = open_client("threads://2");
    bask_client *c = open_client("threads://2");
    done = bask_submit(c, inc, 1);
    cr_assert_eq(bask_wait(&done, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    bask_close(c);
    bask_future *f = bask_submit(another, reads, 5);
    int64_t x = 0;
    cr_assert_eq(bask_result(f, &x), BASK_OK);
    cr_assert_eq(x, 7);
    bask_close(another);
    bask_future_free(f), bask_future_free(done);
}

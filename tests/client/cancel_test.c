/* SPDX-License-Identifier: Apache-2.0 */
/* What cancelling does to the tasks behind a future, to those that only it needs and to those that
 * depend on it. */
#include "client/core.h"
#include "support/clusters.h"

static _Atomic int open_gate, entered, calls;

/* Each waits at the gate and says that it has come so far. */
static void wait_at_gate(void)
{
    atomic_fetch_add(&entered, 1);
    while (!atomic_load(&open_gate))
        ;
}
BASK_KERNEL(int64_t, at_gate, (int64_t, x))
{
    wait_at_gate();
    return x;
}
BASK_KERNEL(int64_t, polls, (int64_t, x))
{
    atomic_fetch_add(&entered, 1);
    for (int64_t i = 0;; i++)
        if (bask_cancelled())
            return x + i; /* half done: no result that anybody may see */
}
BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    atomic_fetch_add(&calls, 1);
    return x + 1;
}
BASK_KERNEL(int64_t, add, (int64_t, x), (int64_t, y))
{
    atomic_fetch_add(&calls, 1);
    return x + y;
}
BASK_KERNEL(int64_t, fails, (int64_t, x))
{
    bask_fail(BASK_EKERNEL, "at once");
    return x;
}

static void await_entered(int n)
{
    while (atomic_load(&entered) < n)
        ;
}

static void assert_cancelled(bask_future *f)
{
    int64_t x = -1;
    cr_assert_eq(bask_result(f, &x), BASK_ECANCELLED, "%s has %ld: %s", bask_future_name(f), x,
                 bask_last_error());
    cr_assert_eq(bask_future_state(f), BASK_CANCELLED);
    cr_assert(strstr(bask_future_error(f), "was cancelled"), "%s", bask_future_error(f));
    bask_future_free(f);
}

static void assert_value(bask_future *f, int64_t want)
{
    int64_t x = -1;
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(x, want);
    bask_future_free(f);
}

Test(cancel, the_result_of_a_running_task_is_dropped_for_all)
{
    bask_client *c = open_client("threads://2");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, at_gate, 1);
    bask_delayed *out[] = {d, bask_delay(g, inc, d), bask_delay(g, inc, 5)};
    bask_future *f[3];
    cr_assert_eq(bask_compute(c, out, 3, f), BASK_OK);
    await_entered(1);
    bask_future *later = bask_submit(c, inc, f[0]);
    cr_assert_eq(bask_cancel(f[0]), BASK_OK);
    cr_assert_eq(bask_future_state(f[0]), BASK_CANCELLED, "at once");
    atomic_store(&open_gate, 1);
    assert_cancelled(f[0]);
    assert_cancelled(f[1]);
    assert_cancelled(later);
    assert_value(f[2], 6);
    bask_graph_free(g);
    bask_close(c);
}

/* at_gate -> a -> b -> left (cancelled)
 *              \-> mid -> right */
Test(cancel, tasks_that_only_it_needs_do_not_start)
{
    bask_client *c = open_client("threads://1");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *a = bask_delay(g, inc, bask_delay(g, at_gate, 1)), *only = a;
    for (int i = 0; i < 100; i++)
        only = bask_delay(g, add, only, bask_delay(g, inc, a));
    bask_delayed *out[] = {bask_delay(g, inc, only), bask_delay(g, inc, bask_delay(g, inc, a))};
    bask_future *f[2];
    cr_assert_eq(bask_compute(c, out, 2, f), BASK_OK);
    await_entered(1);
    bask_cancel(f[0]);
    atomic_store(&open_gate, 1);
    assert_value(f[1], 4);
    assert_cancelled(f[0]);
    bask_graph_free(g);
    bask_close(c);
    cr_assert_eq(atomic_load(&calls), 3, "%d of 204 tasks have started", atomic_load(&calls));
}

Test(cancel, a_node_named_twice_goes_on_for_the_other_future)
{
    bask_client *c = open_client("threads://1");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, inc, bask_delay(g, at_gate, 1));
    bask_delayed *out[] = {d, bask_delay(g, inc, 0), d, d};
    bask_future *f[4];
    cr_assert_eq(bask_compute(c, out, 4, f), BASK_OK);
    await_entered(1);
    bask_cancel(f[0]);
    bask_cancel(f[2]);
    atomic_store(&open_gate, 1);
    assert_cancelled(f[0]);
    assert_value(f[1], 1);
    assert_cancelled(f[2]);
    assert_value(f[3], 2);
    bask_graph_free(g);
    bask_close(c);
}

Test(cancel, a_running_kernel_can_ask)
{
    bask_client *c = open_client("threads://2");
    bask_future *f = bask_submit(c, polls, 1), *after = bask_submit(c, inc, f);
    await_entered(1);
    bask_cancel(f);
    assert_cancelled(f);
    assert_cancelled(after);
    bask_close(c);
}

Test(cancel, a_kernel_that_only_a_cancelled_future_needs_can_ask)
{
    bask_client *c = open_client("threads://2");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *out[] = {bask_delay(g, inc, bask_delay(g, polls, 1)), bask_delay(g, at_gate, 2)};
    bask_future *f[2];
    cr_assert_eq(bask_compute(c, out, 2, f), BASK_OK);
    await_entered(2);
    bask_cancel(f[0]);
    bask_graph_free(g);
    assert_cancelled(f[0]);
    /* polls has seen it, or its worker would not take this */
    assert_value(bask_submit(c, inc, 1), 2);
    atomic_store(&open_gate, 1);
    assert_value(f[1], 2);
    bask_close(c);
}

Test(cancel, what_a_kernel_returns_when_told_to_stop_is_no_result)
{
    bask_client *c = open_client("threads://2");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *out[] = {bask_delay(g, polls, 1),
                           bask_delay(g, fails, bask_delay(g, at_gate, 2))};
    bask_future *f[2];
    bask_compute_options o = {.size = sizeof o, .on_error = BASK_FAIL_FAST};
    cr_assert_eq(bask_compute_with(c, out, 2, f, &o), BASK_OK);
    await_entered(2);
    atomic_store(&open_gate, 1);
    assert_cancelled(f[0]);
    cr_assert_eq(bask_wait(&f[1], 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    cr_assert_eq(bask_future_status(f[1]), BASK_EKERNEL);
    bask_future_free(f[1]);
    bask_graph_free(g);
    bask_close(c);
}

Test(cancel, is_no_failure_to_fail_fast_computes)
{
    bask_client *c = open_client("threads://1");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *first = bask_delay(g, at_gate, 2);
    bask_delayed *out[] = {bask_delay(g, inc, first), bask_delay(g, add, first, 5)};
    bask_future *f[2];
    bask_compute_options o = {.size = sizeof o, .on_error = BASK_FAIL_FAST};
    cr_assert_eq(bask_compute_with(c, out, 2, f, &o), BASK_OK);
    await_entered(1);
    bask_cancel(f[0]);
    atomic_store(&open_gate, 1);
    assert_value(f[1], 7);
    assert_cancelled(f[0]);
    bask_graph_free(g);
    bask_close(c);
}

static void already_done(bask_client *c)
{
    bask_future *ok = bask_submit(c, inc, 1), *bad = bask_submit(c, fails, 1);
    cr_assert_eq(bask_wait((bask_future *[]){ok, bad}, 2, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    bask_cancel(ok);
    bask_cancel(bad);
    cr_assert_eq(bask_future_status(bad), BASK_EKERNEL);
    bask_future_free(bad);
    assert_value(ok, 2);
    cr_assert_eq(bask_cancel(NULL), BASK_EINVAL);
}
Test(cancel, a_done_future_stays_as_it_is)
{
    each_cluster(already_done);
}

static void note_cancel(activity *a)
{
    (void)a;
    atomic_fetch_add(&calls, 1);
}
/* A task may have found the client open just before. */
Test(cancel, what_begins_while_the_client_closes)
{
    bask_client *c = open_client("sync://");
    activity a = {.cancel = note_cancel};
    client_begin(c, &a);
    cr_assert_eq(atomic_load(&calls), 0);
    client_end(c, &a);
    atomic_store(&c->closed, true);
    client_begin(c, &a);
    cr_assert_eq(atomic_load(&calls), 1);
    client_end(c, &a);
    bask_close(c);
}

/* ---- cancelled futures as arguments ---- */

static void arguments(bask_client *c)
{
    bask_future *f = bask_submit(c, polls, 1);
    bask_graph *g = bask_graph_new(c), *g2 = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, add, f, f), *d2 = bask_delay(g2, inc, f);
    bask_future *waits, *waits2, *comes_late;
    cr_assert_eq(bask_compute(c, &d, 1, &waits), BASK_OK);
    cr_assert_eq(bask_compute(c, &d2, 1, &waits2), BASK_OK);
    bask_cancel(f);
    cr_assert_eq(bask_compute(c, &d, 1, &comes_late), BASK_OK);
    assert_cancelled(waits);
    assert_cancelled(waits2);
    assert_cancelled(comes_late);
    assert_cancelled(bask_submit(c, inc, f));
    assert_cancelled(f);
    bask_graph_free(g);
    bask_graph_free(g2);
    cr_assert_eq(atomic_load(&calls), 0);
}
Test(cancel, reaches_graphs_that_wait_for_the_future)
{
    static const char *const clusters[] = {"threads://1", "threads://2", "threads://8"};
    for (int i = 0; i < 3; i++) {
        bask_client *c = open_client(clusters[i]);
        arguments(c);
        bask_close(c);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Roots wait while the results that are alive exceed the limit, but never for ever. */
#include "client/core.h"
#include "pool/sleep.h"
#include "support/budget.h"

/* ---- kernels ---- */

static _Atomic bool go_on;   /* lets `blocker` end */
static _Atomic bool blocked; /* it runs */

BASK_KERNEL(int64_t, blocker, (int64_t, x))
{
    atomic_store(&blocked, true);
    while (!atomic_load(&go_on))
        sched_yield();
    return x;
}
/* Checks that nobody has overwritten the block. */
BASK_KERNEL(int64_t, map, (bask_span, in), (int64_t, x))
{
    const int64_t *p = in.data;
    for (size_t i = 0; i < in.size / sizeof *p; i++)
        if (p[i] != p[0])
            bask_fail(BASK_EKERNEL, "the block is torn");
    return p[0] + x;
}

static void reset(void)
{
    atomic_store(&loads, 0);
    atomic_store(&go_on, false);
    atomic_store(&blocked, false);
}

/* ---- holding back ---- */

static bool all_asleep_but(bask_client *c, int n)
{
    uint64_t idle = atomic_load(&c->pool->idle);
    return idle_searchers(idle) == 0 &&
           idle_sleepers(idle) == (uint64_t)(bask_client_workers(c) - n);
}

/* The buffers of all loads are alive until `blocker` has run, if they are loaded before. */
static bask_future *start_gated(bask_client *c, bask_graph *g)
{
    bask_delayed *d[LOADS], *gate = bask_delay(g, blocker, 1);
    bask_future *f;
    reset();
    for (int i = 0; i < LOADS; i++)
        d[i] = bask_delay(g, map, bask_delay(g, load, i), gate);
    bask_delayed *all = tree(g, d, LOADS);
    cr_assert_eq(bask_compute(c, &all, 1, &f), BASK_OK);
    return f;
}

static const int64_t GATED_SUM = (int64_t)LOADS * (LOADS - 1) / 2 + LOADS;

static void finish(bask_future *f, int64_t want)
{
    int64_t x = -1;
    atomic_store(&go_on, true);
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(x, want);
    bask_future_free(f);
}

Test(hold, without_a_limit_all_roots_are_started)
{
    bask_client *c = open_client("threads://2");
    bask_graph *g = bask_graph_new(c);
    bask_future *f = start_gated(c, g);
    while (atomic_load(&loads) < LOADS)
        sched_yield();
    finish(f, GATED_SUM);
    cr_assert_geq(stats_of(c).peak_bytes, (LOADS - 8) * BLOCK);
    bask_graph_free(g);
    close_empty(c);
}

Test(hold, roots_wait_while_something_runs)
{
    for (int workers = 2; workers <= 8; workers *= 2) {
        bask_client *c = open_limited(workers, LIMIT);
        bask_graph *g = bask_graph_new(c);
        bask_future *f = start_gated(c, g);
        while (atomic_load(&loads) < LOADS && !(atomic_load(&blocked) && all_asleep_but(c, 1)))
            sched_yield();
        long most = LIMIT / BLOCK + workers; /* each worker begins one just below the limit */
        cr_assert_leq(atomic_load(&loads), most, "%d workers", workers);
        cr_assert_geq(atomic_load(&loads), LIMIT / BLOCK);
        finish(f, GATED_SUM);
        cr_assert_leq(stats_of(c).peak_bytes, (uint64_t)(most + 1) * BLOCK, "%d workers", workers);
        cr_assert_eq(atomic_load(&loads), LOADS);
        bask_graph_free(g);
        close_empty(c);
    }
}

Test(hold, roots_go_on_when_the_host_frees_results)
{
    bask_client *c = open_limited(2, LIMIT);
    bask_graph *g = bask_graph_new(c);
    bask_future *f = start_gated(c, g), *held[2 * LIMIT / BLOCK];
    size_t n = sizeof held / sizeof held[0];
    while (!(atomic_load(&blocked) && all_asleep_but(c, 1)))
        sched_yield();
    for (size_t i = 0; i < n; i++) /* submitted tasks are not held back */
        held[i] = bask_submit(c, load, 7);
    cr_assert_eq(bask_wait(held, n, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    finish(f, GATED_SUM);
    cr_assert_gt(stats_of(c).live_bytes, LIMIT);

    /* now nothing is free before the host lets go of it */
    reset();
    bask_delayed *d[LOADS], *gate = bask_delay(g, blocker, 0);
    for (int i = 0; i < LOADS; i++)
        d[i] = bask_delay(g, first_of, bask_delay(g, load, i));
    bask_delayed *out[] = {gate, tree(g, d, LOADS)};
    bask_future *f2[2];
    cr_assert_eq(bask_compute(c, out, 2, f2), BASK_OK);
    while (!(atomic_load(&blocked) && all_asleep_but(c, 1)))
        sched_yield();
    cr_assert_lt(atomic_load(&loads), LOADS);
    for (size_t i = 0; i < n; i++)
        bask_future_free(held[i]);
    cr_assert_eq(bask_wait(&f2[1], 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    cr_assert(!atomic_load(&go_on), "the other worker was busy all the time");
    bask_future_free(f2[1]);
    finish(f2[0], 0);
    bask_graph_free(g);
    close_empty(c);
}

/* Holds results beyond the limit, and one of the two workers. */
typedef struct full {
    bask_client *client;
    bask_future *held[2 * LIMIT / BLOCK], *blocker;
} full;

static full fill(void)
{
    full s = {.client = open_limited(2, LIMIT)};
    size_t n = sizeof s.held / sizeof s.held[0];
    reset();
    for (size_t i = 0; i < n; i++)
        s.held[i] = bask_submit(s.client, load, 7);
    cr_assert_eq(bask_wait(s.held, n, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    s.blocker = bask_submit(s.client, blocker, 1);
    while (!atomic_load(&blocked))
        sched_yield();
    return s;
}

static void empty(full *s)
{
    finish(s->blocker, 1);
    for (size_t i = 0; i < sizeof s->held / sizeof s->held[0]; i++)
        bask_future_free(s->held[i]);
    close_empty(s->client);
}

/* The sum of the numbers below N, with buffers or without. */
static bask_future *start_sum(bask_client *c, int n, bool buffers)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed **d = malloc((size_t)n * sizeof(bask_delayed *));
    bask_future *f;
    for (int i = 0; i < n; i++)
        d[i] = buffers ? bask_delay(g, first_of, bask_delay(g, load, i)) : bask_delay(g, add, i, 0);
    bask_delayed *all = tree(g, d, n);
    cr_assert_eq(bask_compute(c, &all, 1, &f), BASK_OK);
    bask_graph_free(g);
    free(d);
    return f;
}

static int64_t sum_below(int64_t n)
{
    return n * (n - 1) / 2;
}

Test(hold, graphs_without_buffers_do_not_wait)
{
    full s = fill();
    bask_future *held = start_sum(s.client, LOADS, true), *f = start_sum(s.client, 1000, false);
    cr_assert_eq(bask_wait(&f, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    cr_assert_not(bask_future_done(held));
    atomic_store(&go_on, true);
    finish(held, sum_below(LOADS));
    finish(f, sum_below(1000));
    empty(&s);
}

Test(hold, each_client_has_its_own)
{
    full s = fill();
    bask_client *other = open_limited(2, LIMIT);
    settles_at(other, 0);
    bask_future *held = start_sum(s.client, LOADS, true), *f = start_sum(other, LOADS, true);
    cr_assert_eq(bask_wait(&f, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    cr_assert_not(bask_future_done(held));
    cr_assert_eq(stats_of(s.client).live_bytes, 2 * LIMIT);
    finish(f, sum_below(LOADS));
    close_empty(other);
    finish(held, sum_below(LOADS));
    empty(&s);
}

/* All results are needed at once. */
BASK_KERNEL(int64_t, runs_inside, (bask_client *, c))
{
    bask_graph *g = bask_graph_new(c);
    bask_arg args[LOADS];
    bask_future *f;
    int64_t sum = -1;
    for (int i = 0; i < LOADS; i++)
        args[i] = bask_arg_delayed(bask_delay(g, load, i));
    bask_delayed *all = bask_delay_array(g, &total_kernel, args, LOADS);
    if (bask_compute(c, &all, 1, &f) != BASK_OK || bask_result(f, &sum) != BASK_OK)
        bask_fail(BASK_EKERNEL, "%s", bask_last_error());
    bask_future_free(f);
    bask_graph_free(g);
    return sum;
}

Test(hold, roots_of_a_run_inside_a_task_wait_as_well)
{
    bask_client *c = open_limited(2, LIMIT);
    reset();
    bask_future *busy = bask_submit(c, blocker, 1), *f = bask_submit(c, runs_inside, c);
    while (atomic_load(&loads) < LOADS && !(atomic_load(&loads) && all_asleep_but(c, 1)))
        sched_yield();
    cr_assert_eq(atomic_load(&loads), LIMIT / BLOCK + 1);
    finish(busy, 1);
    finish(f, sum_below(LOADS));
    close_empty(c);
}

enum { SMALL = 1024, MANY = 5000 };
BASK_KERNEL(bask_buffer *, load_small, (int64_t, x))
{
    bask_buffer *b = bask_buffer_new(SMALL);
    memcpy(bask_buffer_data(b), &x, sizeof x);
    atomic_fetch_add(&loads, 1);
    return b;
}

/* Roots that take no time are claimed many at a time. */
Test(hold, roots_that_are_claimed_wait_as_well)
{
    enum { FIT = 100, WORKERS = 3 };
    bask_client *c = open_limited(WORKERS, FIT * SMALL);
    bask_graph *g = bask_graph_new(c);
    static bask_arg args[MANY];
    bask_future *f;
    reset();
    bask_future *busy = bask_submit(c, blocker, 1);
    for (int i = 0; i < MANY; i++)
        args[i] = bask_arg_delayed(bask_delay(g, load_small, i));
    bask_delayed *all = bask_delay_array(g, &total_kernel, args, MANY);
    while (!atomic_load(&blocked))
        sched_yield();
    cr_assert_eq(bask_compute(c, &all, 1, &f), BASK_OK);
    while (atomic_load(&loads) < MANY && !(atomic_load(&loads) && all_asleep_but(c, 1)))
        sched_yield();
    cr_assert_leq(atomic_load(&loads), FIT + FIT / 8 + 1 + WORKERS, "the slack is an eighth");
    cr_assert_geq(atomic_load(&loads), FIT - FIT / 8);
    finish(busy, 1);
    finish(f, sum_below(MANY));
    bask_graph_free(g);
    close_empty(c);
}

/* ---- no limit is too small ---- */

static void never_fits(bask_client *c, bask_graph *g)
{
    bask_arg args[LOADS];
    bask_future *f;
    for (int i = 0; i < LOADS; i++)
        args[i] = bask_arg_delayed(bask_delay(g, load, i));
    bask_delayed *all = bask_delay_array(g, &total_kernel, args, LOADS);
    cr_assert_eq(bask_compute(c, &all, 1, &f), BASK_OK);
    finish(f, sum_below(LOADS));
    cr_assert_geq(stats_of(c).peak_bytes, LOADS * BLOCK);
}

/* Rows of buffers, each of which is made of two of the row before. */
static void stencil(bask_client *c, bask_graph *g)
{
    enum { WIDTH = 16, ROWS = 20 };
    bask_delayed *above[WIDTH], *here[WIDTH];
    bask_future *f[WIDTH];
    for (int row = 0; row < ROWS; row++) {
        for (int i = 0; i < WIDTH; i++)
            here[i] =
                row ? bask_delay(g, sum, above[i], above[(i + 1) % WIDTH]) : bask_delay(g, load, 1);
        memcpy(above, here, sizeof above);
    }
    for (int i = 0; i < WIDTH; i++)
        here[i] = bask_delay(g, first_of, above[i]);
    cr_assert_eq(bask_compute_sync(c, here, WIDTH, f), BASK_OK);
    for (int i = 0; i < WIDTH; i++)
        finish(f[i], 1 << (ROWS - 1));
}

static bask_client *inner_client;
BASK_KERNEL(bask_buffer *, nested, (int64_t, x))
{
    bask_future *f = start_sum(inner_client, 8, true);
    int64_t sum = 0;
    if (bask_result(f, &sum) != BASK_OK || sum != sum_below(8))
        bask_fail(BASK_EKERNEL, "%s", bask_last_error());
    bask_future_free(f);
    return load(x);
}

/* Roots that run graphs of their own, and wait for them. */
static void waits_inside(bask_client *c, bask_graph *g)
{
    enum { N = 40 };
    bask_delayed *d[N];
    bask_future *f;
    inner_client = c;
    for (int i = 0; i < N; i++)
        d[i] = bask_delay(g, first_of, bask_delay(g, nested, i));
    bask_delayed *all = tree(g, d, N);
    cr_assert_eq(bask_compute(c, &all, 1, &f), BASK_OK);
    finish(f, sum_below(N));
}

static void plans(bask_client *c, bask_graph *g)
{
    bask_delayed *out[LOADS];
    bask_plan *plan;
    int64_t x;
    for (int i = 0; i < LOADS; i++)
        out[i] = i % 2 ? bask_delay(g, first_of, bask_delay(g, load, i)) : bask_delay(g, load, i);
    cr_assert_eq(bask_plan_new(c, out, LOADS, &plan), BASK_OK);
    for (int run = 0; run < 3; run++) {
        cr_assert_eq(bask_plan_run(plan), BASK_OK);
        cr_assert_eq(bask_plan_result(plan, 1, &x), BASK_OK);
        cr_assert_eq(x, 1);
        settles_at(c, LOADS / 2 * BLOCK);
    }
    bask_plan_free(plan);
}

static void with_any_limit(void (*check)(bask_client *c, bask_graph *g))
{
    static const long limits[] = {1, BLOCK, LIMIT};
    for (int workers = 1; workers <= 8; workers *= 2)
        for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
            bask_client *c = open_limited(workers, limits[i]);
            bask_graph *g = bask_graph_new(c);
            check(c, g);
            bask_graph_free(g);
            close_empty(c);
        }
}

Test(hold, what_can_never_fit_completes)
{
    with_any_limit(never_fits);
}

Test(hold, stencils_complete)
{
    with_any_limit(stencil);
}

Test(hold, waiting_inside_a_task_completes)
{
    with_any_limit(waits_inside);
}

Test(hold, plans_run_again)
{
    with_any_limit(plans);
}

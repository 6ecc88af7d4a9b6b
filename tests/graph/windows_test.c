/* SPDX-License-Identifier: Apache-2.0 */
/* Windows: several workers run tiny kernels in memory order, and go on per node where they are not. */
#include "graph/windows.h"

#include "base/clock.h"
#include "client/core.h"
#include "support/clusters.h"
#include "support/draw.h"

enum { N = 40000 };

static _Atomic bool slow, met;
static _Atomic int inside, told;
static _Atomic(plan *) to_cancel;

BASK_KERNEL(int64_t, leaf, (int64_t, x))
{
    return x;
}
BASK_KERNEL(int64_t, next, (int64_t, x))
{
    return x + 1;
}
BASK_KERNEL(int64_t, add, (int64_t, x), (int64_t, y))
{
    return (x + 3 * y) % 1000003;
}
BASK_KERNEL(int64_t, five, (int64_t, a), (int64_t, b), (int64_t, c), (int64_t, d), (int64_t, e))
{
    return (a + 2 * b + 3 * c + 4 * d + 5 * e) % 1000003;
}
BASK_KERNEL(int64_t, bad_if_odd, (int64_t, x))
{
    if (x % 2)
        bask_fail(BASK_EKERNEL, "%ld", (long)x);
    return x;
}
BASK_KERNEL(int64_t, sometimes_slow, (int64_t, x), (int64_t, y))
{
    for (int64_t start = clock_ns(); atomic_load(&slow) && clock_ns() - start < 25000;)
        ;
    return (x + 3 * y) % 1000003;
}
BASK_KERNEL(int64_t, meets, (int64_t, x))
{
    if (atomic_fetch_add(&inside, 1) > 0)
        atomic_store(&met, true);
    while (!atomic_load(&met))
        ;
    atomic_fetch_sub(&inside, 1);
    return x;
}
BASK_KERNEL(int64_t, cancels, (int64_t, x))
{
    plan *p = atomic_load(&to_cancel);
    if (p)
        plan_cancel(p);
    return x + 1;
}
/* Wide by itself, and narrow again for whatever comes next. */
BASK_KERNEL(int64_t, wide, (int64_t, x))
{
    if (bask_threads(INT32_MAX) < 1 || !task_current->wide)
        bask_fail(BASK_EKERNEL, "not wide");
    return x + 1;
}
BASK_KERNEL(int64_t, narrow, (int64_t, x))
{
    if (task_current->wide)
        bask_fail(BASK_EKERNEL, "still wide");
    return x + 1;
}
BASK_KERNEL(int64_t, until_told, (int64_t, x))
{
    while (!atomic_load(&told))
        ;
    return x;
}

/* ---- plans, run by hand ---- */

static bask_pool *pool;
static _Atomic uint32_t ended;

static void end(plan *p)
{
    word_finish(p->pool, &ended, 0, NULL);
}

static plan *plan_of(bask_client *c, bask_graph *g, bask_delayed **out, size_t n)
{
    plan *p;
    cr_assert_eq(plan_new(g, out, n, &p), BASK_OK);
    p->pool = pool = c->pool;
    p->on_end = end;
    p->trial.bearable = 0; /* by several workers, but for some runs now and then */
    return p;
}

/* Frees P, its graph G, and closes C. */
static void finish(bask_client *c, bask_graph *g, plan *p)
{
    plan_free(p);
    bask_graph_free(g);
    bask_close(c);
}

static void run(plan *p)
{
    atomic_store(&ended, 0);
    plan_start(p);
    word_wait(pool, &ended, INT64_MAX, true);
}

static int64_t result(const plan *p, size_t i)
{
    const state *s = plan_state(p, p->outputs[i]);
    cr_assert(!(s->mark & MARK_FAILED));
    return *(const int64_t *)s->result.bytes;
}

/* N chains of LENGTH nodes of KERNEL, the middle one of MIDDLE, side by side: chain I begins with the
 * number I. D: their ends. */
static void chains(bask_graph *g, bask_delayed **d, int n, int length, const bask_kernel *kernel,
                   const bask_kernel *middle)
{
    for (int i = 0; i < n; i++)
        d[i] = bask_delay(g, leaf, i);
    for (int k = 0; k < length; k++)
        for (int i = 0; i < n; i++) {
            bask_arg arg = bask_arg_delayed(d[i]);
            d[i] = bask_delay_array(g, k == length / 2 ? middle : kernel, &arg, 1);
        }
}

static void run_chains(plan *p, int n, int length)
{
    run(p);
    for (int i = 0; i < n; i++)
        cr_assert_eq(result(p, (size_t)i), i + length);
}

/* ---- graphs, and what their nodes must be ---- */

typedef struct drawn {
    bask_delayed *nodes[N];
    int64_t values[N];
} drawn;

/* The nodes that one depends on lie up to FAR before it. */
static void draw_graph(bask_graph *g, drawn *d, unsigned far, uint64_t seed)
{
    uint64_t state = seed;
    for (int i = 0; i < N; i++) {
        int from[5];
        for (int k = 0; k < 5; k++)
            from[k] = i - 1 - (int)draw(&state, (unsigned)i < far ? (unsigned)i + 1 : far);
        unsigned kind = draw(&state, 16);
        for (int k = 0; k < 5; k++)
            if (from[k] < 0)
                kind = 0;
        bask_delayed **n = d->nodes;
        int64_t *v = d->values;
        if (kind == 0) {
            n[i] = bask_delay(g, leaf, i);
            v[i] = i;
        } else if (kind == 1) {
            n[i] = bask_delay(g, five, n[from[0]], 7, n[from[1]], n[from[2]], n[from[3]]);
            v[i] = (v[from[0]] + 14 + 3 * v[from[1]] + 4 * v[from[2]] + 5 * v[from[3]]) % 1000003;
        } else if (kind < 4) {
            n[i] = bask_delay(g, next, n[from[0]]);
            v[i] = v[from[0]] + 1;
        } else if (kind < 6) {
            n[i] = bask_delay(g, add, i, n[from[0]]);
            v[i] = (i + 3 * v[from[0]]) % 1000003;
        } else {
            n[i] = bask_delay(g, sometimes_slow, n[from[0]], n[from[1]]);
            v[i] = (v[from[0]] + 3 * v[from[1]]) % 1000003;
        }
    }
}

/* Outputs: all nodes that no other depends on, or one in 80. */
static size_t outputs_of(const drawn *d, bool all, bask_delayed **out, int64_t *want)
{
    size_t n = 0;
    for (int i = 0; i < N; i++)
        if (all ? atomic_load(&((const node *)d->nodes[i])->consumers) == 0 : i % 80 == 79) {
            out[n] = d->nodes[i];
            want[n++] = d->values[i];
        }
    return n;
}

static bool known; /* the kernels */

static void check_drawn(bask_client *c, unsigned far, bool all, bool hand_over)
{
    static drawn d;
    static bask_delayed *out[N];
    static int64_t want[N];
    bask_graph *g = bask_graph_new(c);
    draw_graph(g, &d, far, DRAW_SEED + far);
    size_t n = outputs_of(&d, all, out, want);
    plan *p = plan_of(c, g, out, n);
    cr_assert_eq(p->all, all);
    cr_assert_not_null(p->windows, "%zu nodes are wanted", p->wanted);
    if (!known) /* later that depends on how long the kernels took */
        cr_assert(windows_fit(p));
    known = true;
    for (int lap = 0; lap < 5; lap++) {
        atomic_store(&slow, hand_over && lap % 2);
        for (ref r = plan_first(p); r < p->end; r = plan_after(p, r))
            plan_state(p, r)->result.align = 0xdead;
        run(p);
        if (hand_over && lap % 2)
            cr_assert_eq(p->counts, COUNT_ARRIVALS, "it went on per node");
        for (size_t i = 0; i < n; i++)
            cr_assert_eq(result(p, i), want[i]);
    }
    plan_free(p);
    bask_graph_free(g);
}

static void random_graphs(bask_client *c)
{
    if (bask_client_workers(c) < 2)
        return;
    for (unsigned far = 1; far <= N; far = far * 7 + 1)
        check_drawn(c, far, far % 2, false);
}

Test(windows, graphs_near_and_far_come_out_right)
{
    each_cluster(random_graphs);
}

static void slow_graphs(bask_client *c)
{
    if (bask_client_workers(c) < 2)
        return;
    check_drawn(c, 3000, false, true);
}

Test(windows, kernels_that_turn_out_slow_are_run_per_node)
{
    each_cluster(slow_graphs);
}

static void meet(bask_client *c, int n)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed **out = malloc((size_t)n * sizeof *out);
    bask_future **f = malloc((size_t)n * sizeof *f);
    for (int i = 0; i < n; i++)
        out[i] = bask_delay(g, meets, i);
    atomic_store(&met, false);
    cr_assert_eq(bask_compute_sync(c, out, (size_t)n, f), BASK_OK);
    for (int i = 0; i < n; i++)
        bask_future_free(f[i]);
    bask_graph_free(g);
    free(out);
    free(f);
}

static void meet_in_all_sizes(bask_client *c)
{
    if (bask_client_workers(c) >= 2)
        for (int n = 2; n < 20000; n = n * 3 + 1)
            meet(c, n);
}

Test(windows, kernels_that_nobody_knows_run_side_by_side)
{
    each_cluster(meet_in_all_sizes);
}

/* Each result is a number or a failure, as its own chain says. */
Test(windows, failures_reach_what_depends_on_them)
{
    enum { CHAINS = 64, LENGTH = 200 };
    bask_client *c = open_client("threads://2");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d[CHAINS];
    chains(g, d, CHAINS, LENGTH, &next_kernel, &bad_if_odd_kernel);
    plan *p = plan_of(c, g, d, CHAINS);
    cr_assert(p->windows && windows_fit(p));
    for (int lap = 0; lap < 4; lap++) {
        run(p);
        for (int i = 0; i < CHAINS; i++) {
            const state *s = plan_state(p, p->outputs[i]);
            bool fails = (i + LENGTH / 2) % 2;
            cr_assert_eq((s->mark & MARK_FAILED) != 0, fails);
            if (fails)
                cr_assert_eq(s->result.failure->status, BASK_EKERNEL);
            else
                cr_assert_eq(*(const int64_t *)s->result.bytes, i + LENGTH - 1);
        }
    }
    finish(c, g, p);
}

Test(windows, a_wide_kernel_leaves_the_next_one_its_share)
{
    enum { CHAINS = 64, LENGTH = 100 };
    bask_client *c = open_client("threads://2?omp=1");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d[CHAINS];
    chains(g, d, CHAINS, LENGTH, &narrow_kernel, &wide_kernel);
    plan *p = plan_of(c, g, d, CHAINS);
    cr_assert(p->windows && windows_fit(p));
    for (int lap = 0; lap < 4; lap++)
        run_chains(p, CHAINS, LENGTH);
    finish(c, g, p);
}

enum { BUILDERS = 4, LINKS = 3000 };

static void *build_chain(void *p)
{
    bask_graph *g = p;
    bask_delayed *d = bask_delay(g, leaf, 1);
    for (int i = 0; i < LINKS; i++)
        d = bask_delay(g, next, d);
    return d;
}

Test(windows, what_several_threads_have_built)
{
    bask_client *c = open_client("threads://2");
    bask_graph *g = bask_graph_new(c);
    pthread_t threads[BUILDERS];
    bask_delayed *d[BUILDERS];
    for (int i = 0; i < BUILDERS; i++)
        pthread_create(&threads[i], NULL, build_chain, g);
    for (int i = 0; i < BUILDERS; i++)
        pthread_join(threads[i], (void **)&d[i]);
    plan *p = plan_of(c, g, d, BUILDERS);
    cr_assert(p->windows && windows_fit(p));
    for (int lap = 0; lap < 6; lap++) {
        run(p);
        for (int i = 0; i < BUILDERS; i++)
            cr_assert_eq(result(p, (size_t)i), LINKS + 1);
    }
    finish(c, g, p);
}

static _Atomic(pthread_t) first_thread;
static _Atomic int elsewhere;

/* Takes its time until some other thread has run one. */
BASK_KERNEL(int64_t, calls_for_help, (int64_t, x))
{
    pthread_t none = 0, self = pthread_self();
    if (!atomic_compare_exchange_strong(&first_thread, &none, self) &&
        atomic_load(&first_thread) != self)
        atomic_store(&elsewhere, 1);
    for (int64_t start = clock_ns();
         atomic_load(&slow) && !atomic_load(&elsewhere) && clock_ns() - start < 1000000;)
        ;
    return x + 1;
}

/* A graph that one worker begins alone, as a walk. */
Test(windows, a_walk_over_slow_kernels_is_shared_in_the_end)
{
    enum { CHAINS = 8, LENGTH = 1000 };
    bask_client *c = open_client("threads://2");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d[CHAINS];
    chains(g, d, CHAINS, LENGTH, &calls_for_help_kernel, &calls_for_help_kernel);
    plan *p;
    cr_assert_eq(plan_new(g, d, CHAINS, &p), BASK_OK);
    p->pool = pool = c->pool;
    p->on_end = end;
    cr_assert_gt(p->trial.bearable, 0);
    atomic_store(&slow, true);
    run_chains(p, CHAINS, LENGTH);
    cr_assert_eq(p->counts, COUNT_ARRIVALS, "it went on per node");
    cr_assert(atomic_load(&elsewhere));
    atomic_store(&slow, false);
    run_chains(p, CHAINS, LENGTH);
    finish(c, g, p);
}

Test(windows, a_cancelled_run_ends_and_runs_no_more_kernels)
{
    bask_client *c = open_client("threads://2");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, cancels, 0);
    for (int i = 0; i < N; i++)
        d = i == N / 2 ? bask_delay(g, cancels, d) : bask_delay(g, next, d);
    plan *p = plan_of(c, g, &d, 1);
    bask_pool_stats before, after;
    run(p);
    cr_assert_eq(result(p, 0), N + 1);
    bask_client_stats(c, &before);
    atomic_store(&to_cancel, p);
    run(p);
    bask_client_stats(c, &after);
    cr_assert_eq(plan_state(p, p->outputs[0])->result.failure, &failure_cancelled);
    cr_assert_eq(after.tasks - before.tasks, 1, "the first kernel, which cancels, and no more");
    finish(c, g, p);
}

Test(windows, every_kernel_is_counted_once)
{
    bask_client *c = open_client("threads://2");
    bask_graph *g = bask_graph_new(c);
    static bask_delayed *d[N];
    for (int i = 0; i < N; i++)
        d[i] = i < 100 ? bask_delay(g, leaf, i) : bask_delay(g, add, d[i - 100], d[i / 2]);
    plan *p = plan_of(c, g, &d[N - 100], 100);
    bask_pool_stats before, after;
    for (int lap = 0; lap < 3; lap++) {
        bask_client_stats(c, &before);
        run(p);
        bask_client_stats(c, &after);
        cr_assert_eq(after.tasks - before.tasks, p->wanted);
    }
    finish(c, g, p);
}

/* Both workers are in endless runs, one behind the other, when there is other work. */
Test(windows, what_is_submitted_meanwhile_gets_its_turn)
{
    bask_client *c = open_client("threads://2");
    bask_graph *g = bask_graph_new(c);
    bask_future *runs[4], *meanwhile;
    for (int k = 0; k < 4; k++) {
        bask_delayed *d = bask_delay(g, until_told, k);
        for (int i = 0; i < N; i++)
            d = bask_delay(g, next, d);
        cr_assert_eq(bask_compute(c, &d, 1, &runs[k]), BASK_OK);
    }
    meanwhile = bask_submit(c, next, 1);
    atomic_store(&told, 1);
    int64_t x = 0;
    cr_assert_eq(bask_result(meanwhile, &x), BASK_OK);
    cr_assert_eq(x, 2);
    bask_future_free(meanwhile);
    for (int k = 0; k < 4; k++) {
        cr_assert_eq(bask_result(runs[k], &x), BASK_OK);
        cr_assert_eq(x, k + N);
        bask_future_free(runs[k]);
    }
    bask_graph_free(g);
    bask_close(c);
}

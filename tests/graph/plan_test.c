/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan makes of its outputs, and keeps from one run to the next. */
#include "graph/plan.h"

#include "client/core.h"
#include "support/clusters.h"

BASK_KERNEL(int64_t, fails, (int64_t, x))
{
    bask_fail(BASK_EKERNEL, "always");
    return x;
}
BASK_KERNEL(bask_buffer *, fails_to_make, (int64_t, x))
{
    bask_fail(BASK_EKERNEL, "at %ld", (long)x);
    return NULL;
}

static void nothing(plan *p)
{
    (void)p;
}

static int failures(const plan *p)
{
    int n = 0;
    for (failure *f = atomic_load(&p->failures); f; f = f->next)
        n++;
    return n;
}

Test(plan, failures_of_a_run_go_when_the_next_begins)
{
    bask_client *c = open_client("sync://");
    for (int buffers = 0; buffers < 2; buffers++) { /* a walk, and depth-first order */
        bask_graph *g = bask_graph_new(c);
        bask_delayed *d = buffers ? bask_delay(g, fails_to_make, 1) : bask_delay(g, fails, 1);
        plan *p;
        cr_assert_eq(plan_new(g, &d, 1, &p), BASK_OK);
        p->on_end = nothing;
        for (int run = 0; run < 5; run++) {
            cr_assert_eq(plan_run_here(p), 1);
            cr_assert_eq(failures(p), 1);
        }
        plan_free(p);
        bask_graph_free(g);
    }
    bask_close(c);
}

/* ---- outputs ---- */

static void check_outputs(bask_client *c, bask_delayed **out, size_t n, size_t wanted,
                          int64_t (*want)(size_t i))
{
    bask_plan *plan;
    cr_assert_eq(bask_plan_new(c, out, n, &plan), BASK_OK);
    cr_assert_eq(bask_plan_size(plan), wanted);
    for (int run = 0; run < 2; run++) {
        cr_assert_eq(bask_plan_run(plan), BASK_OK);
        for (size_t i = 0; i < n; i++) {
            int64_t x = -1;
            cr_assert_eq(bask_plan_result(plan, i, &x), BASK_OK);
            cr_assert_eq(x, want(i), "output %zu", i);
        }
    }
    bask_plan_free(plan);
}

BASK_KERNEL(int64_t, increment, (int64_t, x))
{
    return x + 1;
}

enum { N = 300000 }; /* nodes; so many outputs lie in slabs, and the nodes in several */

BASK_KERNEL(int64_t, itself, (int64_t, x))
{
    return x;
}
static int64_t upwards(size_t i)
{
    return (int64_t)i;
}
static int64_t downwards(size_t i)
{
    return N - 1 - (int64_t)i;
}
static int64_t twice(size_t i)
{
    return (int64_t)(i % N);
}
static int64_t in_pairs(size_t i)
{
    return (int64_t)(i / 2);
}
static int64_t every_other(size_t i)
{
    return (int64_t)(2 * i);
}

static void outputs_in_all_orders(bask_client *c)
{
    static bask_delayed *nodes[N], *out[2 * N];
    static const struct {
        size_t n, wanted;
        int64_t (*place)(size_t i);
    } orders[] = {{N, N, upwards},
                  {N, N, downwards},
                  {2 * N, N, twice},
                  {N, N / 2, in_pairs},
                  {N / 2, N / 2, every_other}};
    bask_graph *g = bask_graph_new(c);
    for (int64_t i = 0; i < N; i++)
        nodes[i] = bask_delay(g, itself, i);
    for (size_t k = 0; k < sizeof orders / sizeof orders[0]; k++) {
        for (size_t i = 0; i < orders[k].n; i++)
            out[i] = nodes[orders[k].place(i)];
        check_outputs(c, out, orders[k].n, orders[k].wanted, orders[k].place);
    }
    bask_graph_free(g);
}

Test(plan, outputs_may_come_in_any_order)
{
    each_cluster(outputs_in_all_orders);
}

Test(plan, an_output_of_another_graph_is_found_anywhere)
{
    static bask_delayed *out[N];
    bask_client *c = open_client("sync://");
    bask_graph *g = bask_graph_new(c), *other = bask_graph_new(c);
    bask_delayed *stranger = bask_delay(other, itself, 0);
    for (int64_t i = 0; i < N; i++)
        out[i] = bask_delay(g, itself, i);
    for (size_t i = 1; i < N; i = i < 300 ? i + 1 : i * 2) {
        bask_delayed *right = out[i];
        bask_plan *plan;
        out[i] = stranger;
        cr_assert_eq(bask_plan_new(c, out, N, &plan), BASK_ECLIENT);
        out[i] = NULL;
        cr_assert_eq(bask_plan_new(c, out, N, &plan), BASK_EINVAL);
        out[i] = right;
    }
    bask_graph_free(g);
    bask_graph_free(other);
    bask_close(c);
}

/* ---- graphs of several threads ---- */

static void *build_one(void *graph)
{
    return bask_delay((bask_graph *)graph, itself, 1);
}
static int64_t small(size_t i)
{
    return (int64_t)i;
}

/* What is left of a thread's piece is no node that could be run. */
static void all_nodes_but_holes(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed *out[3] = {bask_delay(g, itself, 0)};
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, build_one, g);
    pthread_join(thread, &result);
    out[1] = result;
    out[2] = bask_delay(g, increment, out[1]);
    check_outputs(c, out, 3, 3, small);
    bask_graph_free(g);
}

Test(plan, holes_are_not_run)
{
    each_cluster(all_nodes_but_holes);
}

/* ---- memory that was used before ---- */

static atomic_bool failing;

BASK_KERNEL(int64_t, may_fail, (int64_t, x))
{
    if (atomic_load(&failing))
        bask_fail(BASK_EKERNEL, "now");
    return x + 1;
}

static void soil_slabs(bask_client *c)
{
    void *slabs[4];
    bool fresh;
    for (int i = 0; i < 4; i++) {
        slabs[i] = slab_get(&c->slabs, 1, false, &fresh);
        memset(slabs[i], 0xff, CELL_BLOCK);
    }
    for (int i = 0; i < 4; i++)
        slab_put(&c->slabs, slabs[i], 1);
}

static void fails_now_and_then(bask_client *c)
{
    soil_slabs(c);
    bask_graph *g = bask_graph_new(c);
    bask_delayed *first = bask_delay(g, itself, 1), *bad = bask_delay(g, may_fail, first),
                 *after = bask_delay(g, increment, bad), *beside = bask_delay(g, increment, first);
    bask_delayed *out[] = {first, bad, after, beside};
    bask_plan *plan;
    cr_assert_eq(bask_plan_new(c, out, 4, &plan), BASK_OK);
    for (int run = 0; run < 6; run++) {
        int64_t x[4] = {0};
        bool fails = run % 3 == 1;
        atomic_store(&failing, fails);
        cr_assert_eq(bask_plan_run(plan), fails ? BASK_EKERNEL : BASK_OK);
        cr_assert_eq(bask_plan_result(plan, 0, &x[0]), BASK_OK);
        cr_assert_eq(bask_plan_result(plan, 1, &x[1]), fails ? BASK_EKERNEL : BASK_OK);
        cr_assert_eq(bask_plan_result(plan, 2, &x[2]), fails ? BASK_EUPSTREAM : BASK_OK);
        cr_assert_eq(bask_plan_result(plan, 3, &x[3]), BASK_OK);
        cr_assert(x[0] == 1 && x[3] == 2 && x[1] == (fails ? 0 : 2) && x[2] == (fails ? 0 : 3));
    }
    bask_plan_free(plan);
    bask_graph_free(g);
}

Test(plan, memory_that_was_used_before_does_not_matter)
{
    each_cluster(fails_now_and_then);
}

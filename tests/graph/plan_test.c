/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan keeps from one run to the next. */
#include "graph/plan.h"

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

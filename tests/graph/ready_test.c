/* SPDX-License-Identifier: Apache-2.0 */
/* More nodes get ready at once than a deque holds. */
#include "support/clusters.h"
#include <sched.h>

enum { N = 3000 };

static _Atomic int ran;

BASK_KERNEL(int64_t, starts, (int64_t, x))
{
    return x;
}
BASK_KERNEL(int64_t, counts, (int64_t, x))
{
    atomic_fetch_add(&ran, 1);
    return x + 1;
}
BASK_KERNEL(int64_t, waits, (int64_t, x))
{
    while (atomic_load(&ran) < N)
        sched_yield();
    return x + 1;
}

/* The first of them runs on the worker that has made them ready, and that one gets no further. */
static void fan(const char *address)
{
    bask_client *c = open_client(address);
    bask_graph *g = bask_graph_new(c);
    bask_delayed *start = bask_delay(g, starts, 1), *out[N + 1];
    bask_plan *plan;
    out[0] = bask_delay(g, waits, start);
    for (int i = 1; i <= N; i++)
        out[i] = bask_delay(g, counts, start);
    cr_assert_eq(bask_plan_new(c, out, N + 1, &plan), BASK_OK);
    for (int i = 0; i < 5; i++) {
        atomic_store(&ran, 0);
        cr_assert_eq(bask_plan_run(plan), BASK_OK);
        cr_assert_eq(atomic_load(&ran), N);
        for (size_t k = 0; k <= N; k++) {
            int64_t x;
            cr_assert_eq(bask_plan_result(plan, k, &x), BASK_OK);
            cr_assert_eq(x, 2);
        }
    }
    bask_plan_free(plan);
    bask_graph_free(g);
    bask_close(c);
}

Test(ready, others_see_all_while_a_kernel_runs, .timeout = 120)
{
    fan("threads://2");
    fan("threads://4");
}

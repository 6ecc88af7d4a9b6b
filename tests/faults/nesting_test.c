/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks that submit tasks, and compute graphs, without an end. */
#include "support/child.h"
#include "support/clusters.h"
#include <sched.h>

#ifdef SANITIZED
enum { LEVELS = 2000 };
#else
enum { LEVELS = 10000 };
#endif

BASK_KERNEL(int64_t, add, (int64_t, x), (int64_t, y))
{
    return x + y;
}

static int64_t result_of(bask_future *f)
{
    int64_t x = -1;
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    bask_future_free(f);
    return x;
}

static bask_client *client;

/* Each task submits the next one and leaves its future to it. */
static bask_future *_Atomic last;

BASK_KERNEL(int64_t, goes_deeper, (int64_t, level))
{
    if (level < LEVELS)
        bask_future_free(bask_submit(client, goes_deeper, level + 1));
    else
        atomic_store(&last, bask_submit(client, add, level, 1));
    return level;
}

static void deep_submission(bask_client *c)
{
    client = c;
    atomic_store(&last, NULL);
    bask_future_free(bask_submit(c, goes_deeper, 0));
    while (!atomic_load(&last))
        sched_yield();
    cr_assert_eq(result_of(atomic_load(&last)), LEVELS + 1);
}

static void deep_submission_on(const char *address)
{
    bask_client *c = open_client(address);
    deep_submission(c);
    bask_close(c);
}

Test(nesting, submission_ten_thousand_levels_deep)
{
    deep_submission_on("threads://1");
    deep_submission_on("threads://2");
    deep_submission_on("threads://8?stack=65536");
}

/* The same through graphs: each level computes one on the level before's future. */
BASK_KERNEL(int64_t, computes_deeper, (int64_t, level))
{
    if (level < LEVELS) {
        bask_graph *g = bask_graph_new(client);
        bask_delayed *d = bask_delay(g, computes_deeper, level + 1);
        bask_future *f;
        if (bask_compute(client, &d, 1, &f) != BASK_OK)
            bask_fail(BASK_EKERNEL, "%s", bask_last_error());
        else
            bask_future_free(f);
        bask_graph_free(g);
    } else
        atomic_store(&last, bask_submit(client, add, level, 1));
    return level;
}

static void deep_computes(bask_client *c)
{
    client = c;
    atomic_store(&last, NULL);
    bask_future_free(bask_submit(c, computes_deeper, 0));
    while (!atomic_load(&last))
        sched_yield();
    cr_assert_eq(result_of(atomic_load(&last)), LEVELS + 1);
}

Test(nesting, graphs_in_graphs_ten_thousand_levels_deep, .timeout = 600)
{
    static const char *const clusters[] = {"threads://1", "threads://2", "threads://8"};
    for (int i = 0; i < 3; i++) {
        bask_client *c = open_client(clusters[i]);
        deep_computes(c);
        bask_close(c);
    }
}

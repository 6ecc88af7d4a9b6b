/* SPDX-License-Identifier: Apache-2.0 */
/* Room: where nodes lie that several threads build, and where windows begin. */
#include "graph/room.h"

#include "support/clusters.h"
#include <pthread.h>

BASK_KERNEL(int64_t, leaf, (int64_t, x))
{
    return x;
}
BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}
BASK_KERNEL(int64_t, add, (int64_t, x), (int64_t, y))
{
    return x + y;
}

enum { ROWS = 100, WIDTH = 300 };

static bool begins(const bask_graph *g, const bask_delayed *d)
{
    const ref_list *l = &g->main.windows;
    for (size_t i = 0; i < l->n; i++)
        if (l->block->refs[i] == node_ref((const node *)d))
            return true;
    return false;
}

/* From the first window of full size on. */
static void check_lengths(const bask_graph *g)
{
    const ref_list *l = &g->main.windows;
    cr_assert_gt(l->n, 20);
    for (size_t i = 12; i + 1 < l->n; i++) {
        ref length = l->block->refs[i + 1] - l->block->refs[i];
        cr_assert_geq(length, WINDOW_LEAST);
        cr_assert_leq(length, WINDOW_WORDS);
    }
}

static bask_delayed *rows[ROWS][WIDTH];

Test(room, a_row_begins_a_window)
{
    bask_client *c = open_client("sync://");
    bask_graph *g = bask_graph_new(c);
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < WIDTH; k++)
            rows[i][k] = i == 0   ? bask_delay(g, leaf, k)
                         : k == 0 ? bask_delay(g, leaf, rows[i - 1][k])
                                  : bask_delay(g, add, rows[i - 1][k], rows[i][k - 1]);
    check_lengths(g);
    for (int i = 10; i < ROWS; i++)
        cr_assert(begins(g, rows[i][0]), "row %d", i);
    bask_graph_free(g);
    bask_close(c);
}

/* Once they are in step: a window ends where a node depends on its beginning, a layer later. */
Test(room, layers_and_windows_keep_step)
{
    bask_client *c = open_client("sync://");
    bask_graph *g = bask_graph_new(c);
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < WIDTH; k++)
            rows[i][k] = i == 0 ? bask_delay(g, add, 1, 1)
                                : bask_delay(g, add, rows[i - 1][(k + 1) % WIDTH],
                                             rows[i - 1][(k + 2) % WIDTH]);
    check_lengths(g);
    for (int i = ROWS / 2; i < ROWS; i++) {
        int count = 0;
        for (int k = 0; k < WIDTH; k++)
            count += begins(g, rows[i][k]);
        cr_assert_eq(count, 1, "layer %d", i);
    }
    bask_graph_free(g);
    bask_close(c);
}

/* ---- several builders ---- */
BASK_KERNEL_UNTYPED(int64_t, count)
{
    int64_t n = (int64_t)bask_task_argument_count(task);
    return bask_return(task, &n);
}

static bask_delayed *long_node(bask_graph *g, size_t nargs)
{
    bask_arg *args = malloc(nargs * sizeof *args);
    int64_t x = 1;
    for (size_t i = 0; i < nargs; i++)
        args[i] = bask_arg_literal(&x, sizeof x, BASK_INT64);
    bask_delayed *d = bask_delay_array(g, &count_kernel, args, nargs);
    free(args);
    return d;
}

static ref place(const bask_delayed *d)
{
    return node_ref((const node *)d);
}

/*
 * A builder that has slabs for itself, and among them one that is as good as empty when a long node
 * comes, goes on in a shared slab below them. What it then makes of its own nodes is above them.
 */
static void *build(void *graph)
{
    bask_graph *g = graph;
    bask_delayed *own = bask_delay(g, leaf, 1);
    while (!node_slab(own)->owner)
        own = bask_delay(g, leaf, 1);
    bask_delayed *row = long_node(g, SLAB_WORDS);
    bask_delayed *below = bask_delay(g, leaf, 2);
    cr_assert(node_slab(own)->owner && !node_slab(below)->owner);
    cr_assert(place(own) < place(row) && place(below) < place(own));
    bask_delayed *above = bask_delay(g, inc, own);
    cr_assert_gt(place(above), place(own));
    cr_assert_gt(place(bask_delay(g, add, below, own)), place(own));
    return bask_delay(g, add, above, bask_delay(g, add, row, below));
}

static void check(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    pthread_t thread;
    void *result;
    cr_assert(bask_delay(g, leaf, 0));
    pthread_create(&thread, NULL, build, g);
    pthread_join(thread, &result);
    bask_delayed *d = result;
    bask_future *f;
    int64_t x;
    cr_assert_eq(bask_compute(c, &d, 1, &f), BASK_OK);
    cr_assert_eq(bask_result(f, &x), BASK_OK);
    cr_assert_eq(x, 2 + SLAB_WORDS + 2);
    bask_future_free(f);
    bask_graph_free(g);
}

Test(room, consumers_lie_above_what_they_need)
{
    each_cluster(check);
}

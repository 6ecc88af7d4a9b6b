/* SPDX-License-Identifier: Apache-2.0 */
/* Room: where windows begin. */
#include "graph/room.h"

#include "support/clusters.h"

BASK_KERNEL(int64_t, leaf, (int64_t, x))
{
    return x;
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

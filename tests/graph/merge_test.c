/* SPDX-License-Identifier: Apache-2.0 */
/* Equal pure nodes of a graph are one. */
#include "support/clusters.h"
#include <pthread.h>

static _Atomic int calls;

BASK_KERNEL(int64_t, number, (int64_t, x))
{
    atomic_fetch_add(&calls, 1);
    return x;
}
BASK_KERNEL(int64_t, same_number, (int64_t, x))
{
    return x;
}
BASK_KERNEL(int64_t, add, (int64_t, x), (int64_t, y))
{
    atomic_fetch_add(&calls, 1);
    return x + y;
}
BASK_KERNEL_UNTYPED(int64_t, count)
{
    return bask_return(task, &(int64_t){(int64_t)bask_task_argument_count(task)});
}

/* 2^n leaves, written without any sharing. */
static bask_delayed *tree(bask_graph *g, int n)
{
    return n == 0 ? bask_delay_pure(g, number, 1)
                  : bask_delay_pure(g, add, tree(g, n - 1), tree(g, n - 1));
}

static int64_t computed(bask_client *c, bask_delayed *d)
{
    int64_t x = -1;
    bask_future *f;
    cr_assert_eq(bask_compute(c, &d, 1, &f), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    bask_future_free(f);
    return x;
}

static void trees(bask_client *c)
{
    enum { HEIGHT = 12 };
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = tree(g, HEIGHT);
    cr_assert_eq(bask_graph_size(g), HEIGHT + 1);
    atomic_store(&calls, 0);
    cr_assert_eq(computed(c, d), 1 << HEIGHT);
    cr_assert_eq(atomic_load(&calls), HEIGHT + 1);
    bask_graph_free(g);
}
Test(merge, equal_parts_are_computed_once)
{
    each_cluster(trees);
}

static void differences(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    bask_future *f = bask_submit(c, number, 1), *f2 = bask_submit(c, number, 1);
    bask_delayed *d = bask_delay_pure(g, number, 1), *of_future = bask_delay_pure(g, number, f);
    bask_delayed *different[] = {
        d,
        of_future,
        bask_delay_pure(g, number, 2),
        bask_delay_pure(g, same_number, 1),
        bask_delay_pure(g, number, d),
        bask_delay_pure(g, number, f2),
        bask_delay(g, number, 1),
        bask_delay_pure(g, add, 1, 2),
        bask_delay_pure(g, add, 2, 1),
        bask_delay_pure_array(g, &count_kernel, (bask_arg[]){bask_literal(1)}, 1),
        bask_delay_pure_array(g, &count_kernel, (bask_arg[]){bask_literal(1u << 31)}, 1),
        bask_delay_pure_array(g, &count_kernel, (bask_arg[]){bask_literal(1.0)}, 1),
        bask_delay_pure_array(g, &count_kernel, NULL, 0)};
    size_t n = sizeof different / sizeof different[0];
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            cr_assert_neq(different[i], different[j], "%zu %zu", i, j);
    bask_future_free(f); /* the graph holds it */
    bask_future_free(f2);
    cr_assert_eq(bask_delay_pure(g, number, 1), d);
    cr_assert_eq(bask_delay_pure_array(g, &count_kernel, NULL, 0), different[n - 1]);
    cr_assert_eq(bask_graph_size(g), n);
    cr_assert_eq(computed(c, bask_delay_pure(g, add, of_future, d)), 2);
    bask_graph_free(g);
}
Test(merge, by_kernel_and_arguments)
{
    each_cluster(differences);
}

Test(merge, misuse)
{
    bask_client *c = open_client("sync://");
    bask_graph *g = bask_graph_new(c), *other = bask_graph_new(c);
    cr_assert_null(bask_delay_pure(NULL, number, 1));
    cr_assert(strstr(bask_last_error(), "graph is NULL"), "%s", bask_last_error());
    bask_delayed *d = bask_delay_pure(other, number, 1);
    cr_assert_null(bask_delay_pure(g, number, d));
    cr_assert_null(bask_delay_pure(g, number, d), "and again");
    cr_assert(strstr(bask_last_error(), "another graph"), "%s", bask_last_error());
    bask_graph_free(g);
    bask_graph_free(other);
    bask_close(c);
}

/* ---- several builders ---- */

enum { MANY = 2000 };
static bask_graph *graph;

static void *build(void *arg)
{
    bask_delayed **nodes = arg;
    for (int i = 0; i < MANY; i++)
        nodes[i] = bask_delay_pure(graph, add, bask_delay_pure(graph, number, i % 100), i);
    return NULL;
}
Test(merge, by_several_threads)
{
    static bask_delayed *nodes[4][MANY];
    bask_client *c = open_client("threads://2");
    graph = bask_graph_new(c);
    pthread_t t[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, build, nodes[i]);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    for (int i = 1; i < 4; i++)
        cr_assert_arr_eq(nodes[i], nodes[0], sizeof nodes[0]);
    cr_assert_eq(bask_graph_size(graph), MANY + 100);
    for (int i = 0; i < MANY; i += 333)
        cr_assert_eq(computed(c, nodes[3][i]), i % 100 + i);
    bask_graph_free(graph);
    bask_close(c);
}

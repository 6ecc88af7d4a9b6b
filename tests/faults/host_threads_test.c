/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of the host, of any stack size and length of life. */
#include "client/core.h"
#include "support/child.h"
#include "support/clusters.h"
#include "support/process.h"
#include <limits.h>
#include <pthread.h>

static bask_client *client;

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}
BASK_KERNEL(int64_t, fails, (int64_t, x))
{
    bask_fail(BASK_EKERNEL, "no %d", (int)x);
    return x;
}

/* Submits, waits, helps, fails and frees. */
static void *use(void *unused)
{
    int64_t x = 0;
    bask_future *f = bask_submit(client, inc, 1), *g = bask_submit(client, inc, f), *of_graph;
    bask_check(bask_result(g, &x));
    bask_future_free(f);
    bask_future_free(g);
    bask_graph *graph = bask_graph_new(client);
    bask_delayed *d = bask_delay(graph, inc, 1), *bad = bask_delay(graph, fails, d);
    bask_check(bask_compute_sync(client, &d, 1, &of_graph));
    bask_future_free(of_graph);
    if (bask_compute_sync(client, &bad, 1, &of_graph) != BASK_EKERNEL || x != 3)
        abort();
    bask_future_free(of_graph);
    bask_graph_free(graph);
    return unused;
}

static void *open_here(void *unused)
{
    client = open_client("threads://2");
    return unused;
}

static void *close_here(void *unused)
{
    bask_close(client);
    return unused;
}

static void run_in_thread(void *(*run)(void *), size_t stack)
{
    pthread_t thread;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    cr_assert_eq(pthread_attr_setstacksize(&attr, stack), 0);
    cr_assert_eq(pthread_create(&thread, &attr, run, NULL), 0);
    pthread_attr_destroy(&attr);
    pthread_join(thread, NULL);
}

Test(threads, of_the_smallest_stack)
{
#ifdef SANITIZED
    size_t least = 512 << 10; /* instrumented frames are larger */
#else
    size_t least = (size_t)PTHREAD_STACK_MIN;
#endif
    for (size_t stack = least; stack <= least << 6; stack *= 2) {
        run_in_thread(open_here, stack);
        for (int i = 0; i < 10; i++)
            run_in_thread(use, stack);
        run_in_thread(close_here, stack);
    }
}

Test(threads, a_thousand_short_lived_ones_share_the_seats)
{
    enum { THREADS = 1000, AT_ONCE = 10 };
    client = open_client("threads://2");
    for (int i = 0; i < THREADS / AT_ONCE; i++) {
        pthread_t threads[AT_ONCE];
        for (int k = 0; k < AT_ONCE; k++)
            cr_assert_eq(pthread_create(&threads[k], NULL, use, NULL), 0);
        for (int k = 0; k < AT_ONCE; k++)
            pthread_join(threads[k], NULL);
    }
    cr_assert_leq(client->pool->nseats, AT_ONCE);
    bask_close(client);
}

/* ---- what outlives its thread ---- */

enum { LEFT = 100 };
static bask_future *left[LEFT];
static bask_graph *graph;
static bask_delayed *last_node;

static void *make_and_leave(void *unused)
{
    for (int i = 0; i < LEFT; i++)
        left[i] = bask_submit(client, inc, i);
    graph = bask_graph_new(client);
    last_node = bask_delay(graph, inc, left[LEFT - 1]);
    return unused;
}

static void *take_and_free(void *unused)
{
    int64_t x = 0;
    bask_future *f;
    bask_check(bask_compute(client, &last_node, 1, &f));
    bask_check(bask_result(f, &x));
    if (x != LEFT + 1)
        abort();
    bask_future_free(f);
    bask_graph_free(graph);
    for (int i = 0; i < LEFT; i++) {
        bask_check(bask_result(left[i], &x));
        if (x != i + 1)
            abort();
        bask_future_free(left[i]);
    }
    return unused;
}

Test(threads, what_one_has_made_another_uses_and_frees)
{
    client = open_client("threads://2");
    for (int i = 0; i < 20; i++) {
        pthread_t thread;
        cr_assert_eq(pthread_create(&thread, NULL, make_and_leave, NULL), 0);
        pthread_join(thread, NULL);
        cr_assert_eq(pthread_create(&thread, NULL, take_and_free, NULL), 0);
        pthread_join(thread, NULL);
    }
    bask_close(client);
}

/* ---- a thread that opens, another that closes ---- */

Test(threads, a_client_outlives_the_thread_that_opened_it)
{
    int before = count_threads();
    for (int i = 0; i < 50; i++) {
        pthread_t thread;
        cr_assert_eq(pthread_create(&thread, NULL, open_here, NULL), 0);
        pthread_join(thread, NULL);
        use(NULL);
        cr_assert_eq(pthread_create(&thread, NULL, close_here, NULL), 0);
        pthread_join(thread, NULL);
    }
    until_threads_are(before);
}

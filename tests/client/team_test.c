/* SPDX-License-Identifier: Apache-2.0 */
/* openmp://: graphs on an OpenMP team, a real one or, without OpenMP, one of plain threads. */
#include "support/value.h"
#include <pthread.h>
#include <sched.h>
#ifdef _OPENMP
#include <omp.h>
#else
#include "support/runtimes.h"
#endif

static bask_client *client;

BASK_KERNEL(int64_t, add, (int64_t, x), (int64_t, y))
{
    return x + y;
}

/* Team members that never meet would wait for ever. */
static _Atomic int met;
BASK_KERNEL(int64_t, meet, (int64_t, members))
{
    atomic_fetch_add(&met, 1);
    while (atomic_load(&met) < members)
        sched_yield();
    return omp_get_max_threads(); /* of a region within */
}

Test(team, every_member_of_the_team_works)
{
    int own = omp_get_max_threads();
    for (int members = 1; members <= 8; members *= 2) {
        char address[32];
        bask_delayed *d[8];
        bask_future *f[8];
        snprintf(address, sizeof address, "openmp://%d", members);
        client = open_client(address);
        cr_assert_str_eq(bask_client_address(client), address);
        cr_assert_eq(bask_client_workers(client), members);
        bask_graph *g = bask_graph_new(client);
        for (int round = 0; round < 50; round++) {
            atomic_store(&met, 0);
            for (int i = 0; i < members; i++)
                d[i] = bask_delay(g, meet, members);
            cr_assert_eq(bask_compute(client, d, (size_t)members, f), BASK_OK);
            for (int i = 0; i < members; i++) {
                cr_assert(bask_future_done(f[i]), "when the call returns");
                cr_assert_eq(value(f[i]), 1);
            }
        }
        bask_graph_free(g);
        bask_close(client);
        cr_assert_eq(omp_get_max_threads(), own);
    }
}

/* The same graphs everywhere. */

static const char *const clusters[] = {"sync://", "threads://4", "openmp://1", "openmp://2",
                                       "openmp://8"};

BASK_KERNEL(int64_t, fails_at, (int64_t, x), (int64_t, at))
{
    if (x == at)
        bask_fail(BASK_EKERNEL, "%d is too much", (int)x);
    return x + 1;
}

BASK_KERNEL(bask_buffer *, filled, (int64_t, n))
{
    bask_buffer *b = bask_buffer_new((size_t)n * sizeof(int64_t));
    int64_t *x = bask_buffer_data(b);
    for (int64_t i = 0; i < n; i++)
        x[i] = i;
    return b;
}

BASK_KERNEL(int64_t, sum, (bask_span, s))
{
    int64_t x = 0;
    for (size_t i = 0; i < s.size / sizeof(int64_t); i++)
        x += ((const int64_t *)s.data)[i];
    return x;
}

static bask_delayed *wavefront(bask_graph *g, int n)
{
    bask_delayed *row[64];
    for (int i = 0; i < n; i++)
        row[i] = bask_delay(g, add, 1, 0);
    for (int r = 1; r < n; r++)
        for (int i = 1; i < n; i++)
            row[i] = bask_delay(g, add, row[i - 1], row[i]);
    return row[n - 1];
}

static bask_delayed *sums_of_buffers(bask_graph *g, int n)
{
    bask_delayed *all = bask_delay(g, add, 0, 0);
    for (int i = 0; i < n; i++)
        all = bask_delay(g, add, all, bask_delay(g, sum, bask_delay(g, filled, i)));
    return all;
}

Test(team, graphs_give_the_same_as_on_threads)
{
    for (size_t i = 0; i < sizeof clusters / sizeof clusters[0]; i++) {
        bask_client *c = open_client(clusters[i]);
        bask_graph *g = bask_graph_new(c);
        bask_delayed *d[] = {wavefront(g, 30), sums_of_buffers(g, 100)};
        bask_future *f[2];
        cr_assert_eq(bask_compute_sync(c, d, 2, f), BASK_OK);
        cr_assert_eq(value(f[0]), 30067266499541040);
        cr_assert_eq(value(f[1]), 161700);
        bask_plan *p;
        cr_assert_eq(bask_plan_new(c, d, 2, &p), BASK_OK);
        for (int run = 0; run < 100; run++) {
            int64_t x;
            cr_assert_eq(bask_plan_run(p), BASK_OK);
            cr_assert_eq(bask_plan_result(p, 0, &x), BASK_OK);
            cr_assert_eq(x, 30067266499541040);
        }
        bask_plan_free(p);
        bask_graph_free(g);
        bask_close(c);
    }
}

Test(team, a_map_has_been_run_by_every_member_when_the_call_returns)
{
    enum { MEMBERS = 4, MANY = 1000 };
    static bask_future *f[MANY], *g[MANY];
    int64_t xs[MANY];
    client = open_client("openmp://4");
    for (int round = 0; round < 50; round++) {
        atomic_store(&met, 0);
        cr_assert_eq(bask_map(client, meet, MEMBERS, f, MEMBERS), BASK_OK);
        for (int i = 0; i < MEMBERS; i++) {
            cr_assert(bask_future_done(f[i]), "when the call returns");
            cr_assert_eq(value(f[i]), 1);
        }
    }
    bask_close(client);
    client = open_client("openmp://4"); /* whose members claim more than one task at a time */
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < MANY; i++)
            xs[i] = i;
        cr_assert_eq(bask_map(client, add, MANY, f, bask_each(xs), round), BASK_OK);
        cr_assert_eq(bask_map(client, add, MANY, g, bask_each_future(f), f[1]), BASK_OK);
        for (int i = 0; i < MANY; i++) {
            cr_assert(bask_future_done(g[i]));
            cr_assert_eq(value(g[i]), i + 2 * round + 1);
        }
        for (int i = 0; i < MANY; i++)
            bask_future_free(f[i]);
    }
    bask_pool_stats stats;
    bask_client_stats(client, &stats);
    cr_assert_eq(stats.tasks, 50u * 2 * MANY);
    bask_close(client);
}

Test(team, failures_are_the_same_as_on_threads)
{
    for (size_t i = 0; i < sizeof clusters / sizeof clusters[0]; i++) {
        bask_client *c = open_client(clusters[i]);
        bask_graph *g = bask_graph_new(c);
        bask_delayed *d[200], *last = bask_delay(g, add, 0, 0);
        bask_future *f[200];
        for (int k = 0; k < 200; k++)
            d[k] = last = bask_delay(g, fails_at, last, 120);
        cr_assert_eq(bask_compute_sync(c, d, 200, f), BASK_EKERNEL);
        for (int k = 0; k < 200; k++) {
            int64_t x;
            bask_status wanted = k < 120 ? BASK_OK : k == 120 ? BASK_EKERNEL : BASK_EUPSTREAM;
            cr_assert_eq(bask_result(f[k], &x), wanted);
            if (k >= 120)
                cr_assert_not_null(strstr(bask_future_error(f[k]), "120 is too much"));
            bask_future_free(f[k]);
        }
        bask_plan *p;
        cr_assert_eq(bask_plan_new(c, d, 200, &p), BASK_OK);
        for (int run = 0; run < 10; run++)
            cr_assert_eq(bask_plan_run(p), BASK_EKERNEL);
        bask_plan_free(p);
        bask_graph_free(g);
        bask_close(c);
    }
}

/* ---- within tasks, within regions, from several threads ---- */

static int64_t tree(bask_client *c, int64_t leaves);

BASK_KERNEL(int64_t, subtree, (int64_t, leaves))
{
    return leaves == 1 ? 1 : tree(client, leaves / 2);
}

/* Each level is a compute of its own, inside a task of the level above. */
static int64_t tree(bask_client *c, int64_t leaves)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d =
        bask_delay(g, add, bask_delay(g, subtree, leaves), bask_delay(g, subtree, leaves));
    bask_future *f;
    int64_t x = 0;
    bask_check(bask_compute(c, &d, 1, &f));
    bask_check(bask_result(f, &x));
    bask_future_free(f);
    bask_graph_free(g);
    return x;
}

BASK_KERNEL(int64_t, submits, (int64_t, depth))
{
    int64_t x = 0;
    if (depth == 0)
        return 1;
    bask_future *below = bask_submit(client, submits, depth - 1),
                *f = bask_submit(client, add, below, 1);
    bask_check(bask_result(f, &x));
    bask_future_free(below);
    bask_future_free(f);
    return x;
}

static void *use(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20; i++)
        if (tree(client, 8) != 16)
            return client;
    return NULL;
}

Test(team, tasks_compute_and_submit)
{
    for (size_t i = 0; i < sizeof clusters / sizeof clusters[0]; i++) {
        client = open_client(clusters[i]);
        cr_assert_eq(tree(client, 64), 128);
        cr_assert_eq(value(bask_submit(client, subtree, 64)), 64);
        cr_assert_eq(value(bask_submit(client, submits, 50)), 51);
        bask_close(client);
    }
}

/* Down a ladder whose rungs belong to two clients in turn: all workers of both may be on it. */
static bask_client *other;

BASK_KERNEL(int64_t, ladder, (int64_t, depth))
{
    bask_client *next = depth % 2 ? client : other;
    if (depth == 0)
        return 0;
    bask_graph *g = bask_graph_new(next);
    bask_delayed *d = bask_delay(g, add, bask_delay(g, ladder, depth - 1), 1);
    bask_future *f;
    int64_t x = -1;
    bask_check(bask_compute(next, &d, 1, &f));
    bask_check(bask_result(f, &x));
    bask_future_free(f);
    bask_graph_free(g);
    return x;
}

Test(team, tasks_of_two_clients_wait_for_each_other)
{
    static const char *const pairs[][2] = {
        {"openmp://2", "threads://2"}, {"threads://2", "openmp://2"}, {"openmp://2", "openmp://3"}};
    enum { RUNGS = 10, MANY = 30 };
    for (int i = 0; i < 3; i++) {
        bask_delayed *d[MANY];
        bask_future *f[MANY];
        client = open_client(pairs[i][0]);
        other = open_client(pairs[i][1]);
        bask_graph *g = bask_graph_new(client);
        for (int k = 0; k < MANY; k++)
            d[k] = bask_delay(g, ladder, RUNGS);
        cr_assert_eq(bask_compute(client, d, MANY, f), BASK_OK);
        for (int k = 0; k < MANY; k++)
            cr_assert_eq(value(f[k]), RUNGS);
        bask_graph_free(g);
        bask_close(client);
        bask_close(other);
    }
}

Test(team, several_threads_at_once)
{
    pthread_t t[3];
    client = open_client("openmp://2");
    for (int i = 0; i < 3; i++)
        pthread_create(&t[i], NULL, use, NULL);
    for (int i = 0; i < 3; i++) {
        void *failed;
        pthread_join(t[i], &failed);
        cr_assert_null(failed);
    }
    bask_close(client);
}

Test(team, statistics_count_every_task)
{
    bask_client *c = open_client("openmp://3");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = wavefront(g, 20);
    bask_future *f;
    bask_pool_stats stats;
    cr_assert_eq(bask_compute(c, &d, 1, &f), BASK_OK);
    bask_future_free(f);
    cr_assert_eq(value(bask_submit(c, add, 1, 2)), 3);
    bask_client_stats(c, &stats);
    cr_assert_eq(stats.tasks, bask_graph_size(g) + 1);
    bask_graph_free(g);
    bask_close(c);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* bask_threads: tasks that OpenMP and BLAS make wider than their worker's share. */
#include "support/clusters.h"
#include "support/runtimes.h"
#include <sched.h>

enum { WORKERS = 8 };

/* The other workers go to sleep sooner or later. */
static void get_all_threads(void)
{
    while (bask_threads(WORKERS) < WORKERS)
        sched_yield();
}

static int64_t sync_result(bask_client *c, bask_delayed *d)
{
    bask_future *f;
    int64_t x = -1;
    bask_status status = bask_compute_sync(c, &d, 1, &f);
    if (status == BASK_OK)
        status = bask_result(f, &x);
    bask_future_free(f);
    cr_assert_eq(status, BASK_OK, "%s", bask_last_error());
    return x;
}

static bask_client *client;
static _Atomic int ran;
static _Thread_local int unique;
static int *_Atomic wide_thread;

/* Which thread it runs on, and whether that is the thread of the wide task. */
BASK_KERNEL(int64_t, small, (int64_t, x))
{
    atomic_fetch_add(&ran, 1);
    return x + (&unique == atomic_load(&wide_thread));
}

BASK_KERNEL(int64_t, share, (int64_t, x))
{
    (void)x;
    return openmp_threads;
}

/* ---- counting ---- */

BASK_KERNEL(int64_t, wide, (int64_t, give_back))
{
    enum { SMALL = 20, LOOKS = 2000 };
    bask_future *f[SMALL];
    atomic_store(&wide_thread, &unique);
    get_all_threads();
    if (openmp_threads != WORKERS || mkl_threads != WORKERS || openblas_threads != WORKERS)
        bask_fail(BASK_EKERNEL, "%d, %d and %d threads", openmp_threads, mkl_threads,
                  openblas_threads);
    for (int i = 0; i < SMALL; i++)
        f[i] = bask_submit(client, small, 0);
    for (int i = 0; i < LOOKS && !atomic_load(&ran); i++)
        sched_yield();
    if (atomic_load(&ran))
        bask_fail(BASK_EKERNEL, "all %d threads are this task's, and a worker woke up", WORKERS);
    if (give_back && bask_threads(0) != 1)
        bask_fail(BASK_EKERNEL, "the share is 1");
    while (give_back && atomic_load(&ran) < SMALL) /* by the others, who must wake up */
        sched_yield();
    int64_t here = 0, x = 0;
    for (int i = 0; i < SMALL; i++) {
        bask_check(bask_result(f[i], &x));
        bask_future_free(f[i]);
        here += x;
    }
    return here;
}

static bask_graph *setup(const char *address)
{
    client = open_client(address);
    return bask_graph_new(client);
}

static void teardown(bask_graph *g)
{
    bask_graph_free(g);
    bask_close(client);
}

Test(threads, a_wide_task_keeps_as_many_workers_asleep)
{
    bask_graph *g = setup("threads://8?omp=1");
    cr_assert_eq(sync_result(client, bask_delay(g, wide, 0)), 20, "its own thread runs all");
    teardown(g);
}

Test(threads, asking_for_fewer_wakes_them)
{
    bask_graph *g = setup("threads://8?omp=1");
    cr_assert_eq(sync_result(client, bask_delay(g, wide, 1)), 0, "the others run all");
    teardown(g);
}

/* ---- the end of the task gives everything back ---- */

static _Atomic int failing;

BASK_KERNEL(int64_t, wide_to_its_end, (int64_t, x))
{
    get_all_threads();
    if (atomic_load(&failing))
        bask_fail(BASK_EKERNEL, "on purpose");
    return x;
}

BASK_KERNEL(int64_t, needs_another, (int64_t, x))
{
    int before = atomic_load(&ran);
    bask_future *f = bask_submit(client, small, x);
    if (openmp_threads != 1 || mkl_threads != 1 || openblas_threads != 1)
        bask_fail(BASK_EKERNEL, "%d, %d and %d threads", openmp_threads, mkl_threads,
                  openblas_threads);
    while (atomic_load(&ran) == before) /* only another worker can */
        sched_yield();
    bask_future_free(f);
    return x;
}

Test(threads, the_next_node_has_its_share_and_the_others_are_awake)
{
    bask_graph *g = setup("threads://8?omp=1");
    bask_delayed *d = bask_delay(g, wide_to_its_end, 5);
    for (int i = 0; i < 10; i++)
        d = bask_delay(g, wide_to_its_end, bask_delay(g, needs_another, d));
    cr_assert_eq(sync_result(client, bask_delay(g, needs_another, d)), 5);
    teardown(g);
}

Test(threads, so_it_is_after_a_failure_and_a_submitted_task)
{
    bask_graph *g = setup("threads://8?omp=1");
    for (int i = 0; i < 20; i++) {
        atomic_store(&failing, i % 2);
        bask_future *f = bask_submit(client, wide_to_its_end, 5);
        int64_t x;
        cr_assert_eq(bask_result(f, &x), i % 2 ? BASK_EKERNEL : BASK_OK);
        bask_future_free(f);
        bask_delayed *d = bask_delay(g, wide_to_its_end, 5);
        cr_assert_eq(bask_compute_sync(client, &d, 1, &f), i % 2 ? BASK_EKERNEL : BASK_OK);
        bask_future_free(f);
        cr_assert_eq(sync_result(client, bask_delay(g, needs_another, 5)), 5);
    }
    teardown(g);
}

/* ---- many at once ---- */

BASK_KERNEL(int64_t, storm, (int64_t, x))
{
    int got = bask_threads((int)(x % (WORKERS + 2)));
    if (got < 1 || got > WORKERS || got != openmp_threads)
        bask_fail(BASK_EKERNEL, "%d threads", got);
    if (x % 5 == 0) { /* inside of it as many tasks, some of them wide */
        bask_future *f = bask_submit(client, storm, x + 1);
        bask_check(bask_wait(&f, 1, BASK_ALL, BASK_FOREVER, NULL));
        bask_future_free(f);
    }
    if (x % 7 == 0)
        bask_threads(1);
    if (x % 11 == 0)
        bask_fail(BASK_ECANCELLED, "on purpose");
    return x;
}

Test(threads, a_storm_of_them_leaves_nothing_behind)
{
    enum { TASKS = 3000 };
    static bask_delayed *d[TASKS];
    static bask_future *f[TASKS];
    bask_graph *g = setup("threads://8?omp=1&spin=1us");
    for (int i = 0; i < TASKS; i++)
        d[i] = bask_delay(g, storm, i + 1);
    for (int round = 0; round < 5; round++) {
        cr_assert_eq(bask_compute(client, d, TASKS, f), BASK_OK);
        for (int i = 0; i < TASKS; i++) {
            int64_t x = i + 1, y;
            bask_status status = bask_result(f[i], &y);
            cr_assert_eq(status, x % 11 == 0 ? BASK_ECANCELLED : BASK_OK, "%s", bask_last_error());
            bask_future_free(f[i]);
        }
        cr_assert_eq(sync_result(client, bask_delay(g, wide_to_its_end, 5)), 5);
        cr_assert_eq(sync_result(client, bask_delay(g, needs_another, 5)), 5);
    }
    teardown(g);
}

/* ---- widths ---- */

BASK_KERNEL(int64_t, widths, (int64_t, share))
{
    int n = (int)share;
    bool good = bask_threads(0) == n && openmp_threads == n && bask_threads(1) == 1 &&
                openmp_threads == 1 && bask_threads(-1) == n && bask_threads(n) == n;
    for (int got = 0; good && got < 2 * n - 1; sched_yield()) {
        got = bask_threads(2 * n - 1);
        good = got == openmp_threads && got == mkl_threads && (got == n || got == 2 * n - 1);
    }
    return good ? bask_threads(INT32_MAX) : 0;
}

Test(threads, each_sleeper_brings_its_share)
{
    bask_graph *g = setup("threads://3?omp=4");
    int64_t most = sync_result(client, bask_delay(g, widths, 4));
    cr_assert(most == 8 || most == 12, "%d", (int)most);
    teardown(g);
}

Test(threads, a_pool_of_one_has_its_share_only)
{
    bask_graph *g = setup("threads://1?omp=3");
    bask_delayed *d = bask_delay(g, share, 0);
    cr_assert_eq(sync_result(client, d), 3);
    teardown(g);
}

/* ---- tasks within tasks ---- */

BASK_KERNEL(int64_t, nested_inner, (int64_t, x))
{
    int width = openmp_threads;
    if (bask_threads(2) != 2 || bask_threads(WORKERS) != WORKERS)
        bask_fail(BASK_EKERNEL, "it has what the outer one holds");
    bask_threads(0);
    return width == WORKERS ? x : -1;
}

BASK_KERNEL(int64_t, nested_outer, (int64_t, x))
{
    int64_t y = 0;
    get_all_threads();
    bask_future *f = bask_submit(client, nested_inner, x);
    bask_check(bask_result(f, &y)); /* this thread runs it */
    bask_future_free(f);
    return openmp_threads == WORKERS ? y : -2;
}

Test(threads, what_runs_inside_a_wide_task_leaves_it_wide)
{
    bask_graph *g = setup("threads://8?omp=1");
    cr_assert_eq(sync_result(client, bask_delay(g, nested_outer, 5)), 5);
    cr_assert_eq(sync_result(client, bask_delay(g, needs_another, 5)), 5);
    teardown(g);
}

/* ---- left alone ---- */

BASK_KERNEL(int64_t, ask, (int64_t, wanted))
{
    int got = bask_threads((int)wanted);
    return openmp_threads == RUNTIME_THREADS ? got : -1;
}

Test(threads, left_alone)
{
    static const char *const addresses[] = {"sync://", "threads://2?omp=0"};
    for (int i = 0; i < 2; i++) {
        bask_graph *g = setup(addresses[i]);
        cr_assert_eq(sync_result(client, bask_delay(g, ask, 3)), 3);
        cr_assert_eq(sync_result(client, bask_delay(g, ask, 100)), RUNTIME_THREADS);
        cr_assert_eq(sync_result(client, bask_delay(g, ask, 0)), RUNTIME_THREADS);
        cr_assert_eq(bask_threads(4), 4, "outside a task");
        cr_assert_eq(openmp_threads, RUNTIME_THREADS);
        teardown(g);
    }
}

Test(threads, the_address_option_is_checked)
{
    bask_client *c;
    cr_assert_eq(bask_open("threads://2?omp=-1", &c), BASK_EADDRESS);
    cr_assert_eq(bask_open("threads://2?omp=many", &c), BASK_EADDRESS);
    cr_assert_eq(bask_open("sync://?omp=2", &c), BASK_EADDRESS);
}

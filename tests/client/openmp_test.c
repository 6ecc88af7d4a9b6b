/* SPDX-License-Identifier: Apache-2.0 */
/* With a real OpenMP runtime, of which every thread would take eight: OMP_NUM_THREADS is 8. */
#include "support/value.h"
#include <dirent.h>
#include <omp.h>
#include <sched.h>

enum { WORKERS = 8, OWN = 8 };

/* The threads of this process. */
static int count_threads(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/task");
    for (const struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static bask_client *client;

/* ---- OpenMP inside kernels ---- */

static _Atomic int inside, counted, most;

/* All workers are in a parallel region at the same time when the threads are counted. */
BASK_KERNEL(int64_t, region, (int64_t, x))
{
    int64_t size = 0;
#pragma omp parallel
    {
#pragma omp single
        {
            size = omp_get_num_threads();
            atomic_fetch_add(&inside, 1);
            while (atomic_load(&inside) < WORKERS)
                sched_yield();
            int now = count_threads(), before = atomic_load(&most);
            while (before < now && !atomic_compare_exchange_weak(&most, &before, now))
                ;
            atomic_fetch_add(&counted, 1);
            while (atomic_load(&counted) < WORKERS)
                sched_yield();
        }
    }
    return size + x;
}

/* The same, but each waits for a task of its own, which is in a region as well. */
BASK_KERNEL(int64_t, waits_for_region, (int64_t, x))
{
    int64_t sum = 0, y = 0;
    bask_future *f = bask_submit(client, region, x);
#pragma omp parallel reduction(+ : sum)
    sum++;
    bask_check(bask_result(f, &y));
    bask_future_free(f);
    return sum == y ? y : -1;
}

/* WORKERS tasks of KERNEL at once: regions of SIZE threads, and how many threads in all? Once in each
 * process, for a runtime may keep the threads that it has. */
static int threads_of(const char *address, const bask_kernel *kernel, int size)
{
    bask_future *f[WORKERS];
    int before = count_threads();
    int64_t zero = 0;
    bask_arg arg = bask_arg_literal(&zero, sizeof zero, BASK_INT64);
    client = open_client(address);
    for (int i = 0; i < WORKERS; i++)
        f[i] = bask_submit_array(client, kernel, &arg, 1);
    for (int i = 0; i < WORKERS; i++)
        cr_assert_eq(value(f[i]), size);
    bask_close(client);
    cr_assert_eq(omp_get_max_threads(), OWN, "this thread's own setting");
    return atomic_load(&most) - before;
}

static int share(void)
{
    int n = bask_default_threads() / WORKERS;
    return n < 1 ? 1 : n < OWN ? n : OWN;
}

Test(openmp, eight_workers_with_openmp_kernels_do_not_make_64_threads)
{
    cr_assert_leq(threads_of("threads://8", &region_kernel, share()), WORKERS * share());
}

/* Each that waits may have a spare in its place. */
Test(openmp, nor_when_they_wait_for_each_other)
{
    cr_assert_leq(threads_of("threads://8", &waits_for_region_kernel, share()),
                  2 * WORKERS * share());
}

Test(openmp, twice_as_many_where_that_is_asked_for)
{
    cr_assert_leq(threads_of("threads://8?omp=2", &region_kernel, 2), WORKERS * 2);
}

Test(openmp, but_64_where_openmp_is_left_alone)
{
    cr_assert_geq(threads_of("threads://8?omp=0", &region_kernel, OWN), WORKERS * OWN);
}

BASK_KERNEL(int64_t, wide, (int64_t, wanted))
{
    int64_t sum = 0;
    while (bask_threads((int)wanted) < wanted) /* the others go to sleep sooner or later */
        sched_yield();
#pragma omp parallel reduction(+ : sum)
    sum++;
    return sum;
}

Test(openmp, a_wide_task_has_a_wide_region)
{
    client = open_client("threads://8?omp=1");
    cr_assert_eq(value(bask_submit(client, wide, 8)), 8);
    cr_assert_eq(value(bask_submit(client, wide, 3)), 3);
    cr_assert_eq(value(bask_submit(client, wide, 1)), 1);
    bask_close(client);
}

/* ---- openmp:// ---- */

Test(openmp, the_default_team_is_that_of_openmp)
{
    bask_client *c = open_client("openmp://");
    cr_assert_str_eq(bask_client_address(c), "openmp://8");
    bask_close(c);
    omp_set_num_threads(3);
    c = open_client("openmp://?omp=2");
    cr_assert_eq(bask_client_workers(c), 3);
    bask_close(c);
    cr_assert_eq(bask_open("openmp://none", &c), BASK_EADDRESS);
    cr_assert_eq(bask_open("openmp://2?pin=1", &c), BASK_EADDRESS);
}

BASK_KERNEL(int64_t, one, (int64_t, x))
{
    (void)x;
    return 1;
}

BASK_KERNEL(int64_t, add, (int64_t, x), (int64_t, y))
{
    return x + y;
}

static int64_t count_leaves(int leaves)
{
    bask_graph *g = bask_graph_new(client);
    bask_delayed *all = bask_delay(g, one, 0);
    bask_future *f;
    for (int i = 1; i < leaves; i++)
        all = bask_delay(g, add, all, bask_delay(g, one, i));
    cr_assert_eq(bask_compute(client, &all, 1, &f), BASK_OK);
    bask_graph_free(g);
    return value(f);
}

Test(openmp, inside_a_region_of_the_program)
{
    int wrong = 0;
    client = open_client("openmp://4");
#pragma omp parallel num_threads(4) reduction(+ : wrong)
    for (int i = 0; i < 20; i++)
        wrong += count_leaves(100) != 100;
    cr_assert_eq(wrong, 0);
    bask_close(client);
}

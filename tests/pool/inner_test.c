/* SPDX-License-Identifier: Apache-2.0 */
#include "support/runtimes.h"
#include <bask/log.h>
#include <bask/pool.h>
#include <criterion/criterion.h>
#include <string.h>

static bask_pool *start(int threads, int inner)
{
    bask_pool_options o = {.size = sizeof o, .threads = threads, .inner_threads = inner};
    bask_pool *pool;
    cr_assert_eq(bask_pool_start(&o, &pool), BASK_OK, "%s", bask_last_error());
    return pool;
}

/* Stays until as many threads have come, so that no thread runs two of them. */
typedef struct look {
    bask_job job;
    bask_latch *done;
    _Atomic int *to_come;
    int openmp, mkl;
} look;

static void look_run(bask_job *job)
{
    look *l = (look *)job;
    l->openmp = openmp_threads;
    l->mkl = mkl_threads;
    atomic_fetch_sub(l->to_come, 1);
    while (atomic_load(l->to_come) > 0)
        ;
    bask_latch_down(l->done);
}

/* What each of the THREADS threads that run POOL's work has set. */
static void all_have(bask_pool *pool, int threads, int openmp, int mkl)
{
    look looks[8];
    _Atomic int to_come = threads;
    bask_latch done;
    bask_latch_init(&done, pool, threads);
    for (int i = 0; i < threads; i++) {
        looks[i] = (look){{look_run, NULL}, &done, &to_come, 0, 0};
        bask_pool_submit(pool, &looks[i].job);
    }
    bask_latch_wait(&done);
    for (int i = 0; i < threads; i++) {
        cr_assert_eq(looks[i].openmp, openmp);
        cr_assert_eq(looks[i].mkl, mkl);
    }
}

Test(budget, every_worker_sets_its_own)
{
    bask_pool *pool = start(8, 3);
    all_have(pool, 8, 3, 3);
    bask_pool_stop(pool, NULL);
}

Test(budget, the_cpus_are_shared_out)
{
    int cpus = bask_default_threads();
    for (int workers = 1; workers <= 8; workers++) {
        bask_pool *pool = start(workers, 0);
        int share = cpus / workers > 1 ? cpus / workers : 1;
        all_have(pool, workers, share, share);
        bask_pool_stop(pool, NULL);
    }
}

Test(budget, a_program_that_wants_less_gets_less)
{
    omp_set_num_threads(1);
    bask_pool *pool = start(1, 0);
    all_have(pool, 1, 1, 1);
    bask_pool_stop(pool, NULL);
}

Test(budget, a_helping_host_has_it_for_a_while)
{
    omp_set_num_threads(7);
    MKL_Set_Num_Threads_Local(5);
    bask_pool *pool = start(BASK_NO_THREADS, 2);
    all_have(pool, 1, 2, 2); /* run by this thread */
    cr_assert_eq(openmp_threads, 7);
    cr_assert_eq(mkl_threads, 5);
    bask_pool_stop(pool, NULL);
}

Test(budget, left_alone)
{
    static const int pools[][2] = {{2, BASK_LEAVE_ALONE}, {BASK_NO_THREADS, 0}};
    for (int i = 0; i < 2; i++) {
        bask_pool *pool = start(pools[i][0], pools[i][1]);
        all_have(pool, i == 0 ? 2 : 1, RUNTIME_THREADS, 0);
        cr_assert_eq(openblas_threads, RUNTIME_THREADS);
        bask_pool_stop(pool, NULL);
    }
}

Test(budget, openblas_has_the_least_of_all_pools_until_the_last_one_stops)
{
    bask_pool *four = start(1, 4);
    cr_assert_eq(openblas_threads, 4);
    bask_pool *one = start(1, 1);
    cr_assert_eq(openblas_threads, 1);
    bask_pool *eight = start(1, 8);
    cr_assert_eq(openblas_threads, 1);
    bask_pool_stop(four, NULL);
    bask_pool_stop(one, NULL);
    cr_assert_neq(openblas_threads, RUNTIME_THREADS);
    bask_pool_stop(eight, NULL);
    cr_assert_eq(openblas_threads, RUNTIME_THREADS);
}

Test(budget, openblas_is_never_given_more_than_it_had)
{
    openblas_set_num_threads(2);
    bask_pool *pool = start(1, 4);
    cr_assert_eq(openblas_threads, 2);
    bask_pool_stop(pool, NULL);
    cr_assert_eq(openblas_threads, 2);
}

Test(budget, openblas_on_openmp_goes_by_openmp)
{
    openblas_kind = 2;
    bask_pool *pool = start(2, 1);
    cr_assert_eq(openblas_threads, RUNTIME_THREADS);
    cr_assert_eq(openmp_threads, RUNTIME_THREADS, "of the thread that starts the pool");
    bask_pool_stop(pool, NULL);
}

static int warnings;

static void count_warnings(bask_log_level level, const char *message, void *user)
{
    (void)user;
    warnings += level == BASK_LOG_WARNING && strstr(message, "OpenBLAS") != NULL;
}

Test(budget, openblas_without_threads_is_warned_of)
{
    bask_log_to(count_warnings, NULL, BASK_LOG_WARNING);
    openblas_kind = 0;
    bask_pool_stop(start(1, 0), NULL);
    cr_assert_eq(warnings, 0, "one worker may call it");
    bask_pool_stop(start(2, 0), NULL);
    cr_assert_eq(warnings, 1);
}

Test(budget, is_checked)
{
    bask_pool_options o = {.size = sizeof o, .threads = 1, .inner_threads = -2};
    bask_pool *pool;
    cr_assert_eq(bask_pool_start(&o, &pool), BASK_EINVAL);
    cr_assert_not_null(strstr(bask_last_error(), "inner_threads"));
}

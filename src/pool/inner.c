/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/inner.h"

#include "base/process.h"
#include "pool/sleep.h"
#include "pool/topology.h"
#include <bask/log.h>

/* libgomp, libomp and Intel's */
extern void omp_set_num_threads(int threads) __attribute__((weak));
extern int omp_get_max_threads(void) __attribute__((weak));
/* returns what was set before; 0: follow the process */
extern int MKL_Set_Num_Threads_Local(int threads) __attribute__((weak));
extern void openblas_set_num_threads(int threads) __attribute__((weak));
extern int openblas_get_num_threads(void) __attribute__((weak));
extern int openblas_get_parallel(void) __attribute__((weak));

int inner_own(void)
{
    return omp_get_max_threads ? omp_get_max_threads() : 1;
}

int inner_default(int workers)
{
    if (topology_cpus() / workers < 2)
        return 1; /* without looking for a quota, which takes longer than starting a thread */
    int share = bask_default_threads() / workers;
    if (omp_get_max_threads && omp_get_max_threads() < share)
        share = omp_get_max_threads();
    return share > 0 ? share : 1;
}

static void set_thread(int threads)
{
    if (omp_set_num_threads)
        omp_set_num_threads(threads);
    if (MKL_Set_Num_Threads_Local)
        MKL_Set_Num_Threads_Local(threads);
}

/* ---- the process ---- */

enum { OPENBLAS_SERIAL = 0, OPENBLAS_PTHREADS = 1 };

/* OpenBLAS's one number, under the lock: the least of all pools' budgets, while there are any. */
static struct {
    int pools;
    int before;     /* what the process had set, to be put back after the last pool */
    int least;      /* ... and the budgets */
    bool inherited; /* no pool has started since a fork: `before` holds */
} process;
PROCESS_LOCK(process_lock);

/* A child has none of the pools, but the number that they left. */
static void process_in_child(void)
{
    process.inherited = process.inherited || process.pools > 0;
    process.pools = 0;
}

__attribute__((constructor)) static void process_at_fork(void)
{
    (void)pthread_atfork(NULL, NULL, process_in_child);
}

static int openblas_kind(void)
{
    return openblas_set_num_threads && openblas_get_num_threads && openblas_get_parallel
               ? openblas_get_parallel()
               : -1;
}

void inner_begin(const bask_pool *pool)
{
    int kind = openblas_kind();
    if (pool->inner == 0)
        return;
    if (kind == OPENBLAS_SERIAL && pool->nworkers > 1)
        bask_log(BASK_LOG_WARNING, "this process has OpenBLAS built without threads, which several "
                                   "workers cannot call at the same time");
    if (kind != OPENBLAS_PTHREADS)
        return;
    pthread_mutex_lock(&process_lock);
    if (process.pools++ == 0) {
        if (!process.inherited)
            process.before = openblas_get_num_threads();
        process.inherited = false;
        process.least = process.before;
    }
    if (pool->inner < process.least)
        process.least = pool->inner;
    openblas_set_num_threads(process.least);
    pthread_mutex_unlock(&process_lock);
}

void inner_end(const bask_pool *pool)
{
    if (pool->inner == 0 || openblas_kind() != OPENBLAS_PTHREADS)
        return;
    pthread_mutex_lock(&process_lock);
    if (--process.pools == 0)
        openblas_set_num_threads(process.before);
    pthread_mutex_unlock(&process_lock);
}

/* W's width has changed from FORMER. A task in whose favour the whole pool sleeps is followed. */
static void follow(const worker *w, width former)
{
    int others = w->pool->nworkers - 1;
    bool alone = w->width.sleepers == others;
    if (others < 1 || !(alone || former.sleepers == others) || openblas_kind() != OPENBLAS_PTHREADS)
        return;
    pthread_mutex_lock(&process_lock);
    int threads = alone && process.pools == 1 ? w->width.threads : process.least;
    openblas_set_num_threads(threads < process.before ? threads : process.before);
    pthread_mutex_unlock(&process_lock);
}

/* ---- threads ---- */

void inner_apply(const worker *w)
{
    if (w->pool->inner != 0)
        set_thread(w->width.threads);
}

inner_before inner_enter(const worker *w)
{
    inner_before before = {1, 0};
    if (w->pool->inner == 0)
        return before;
    before.openmp = inner_own();
    if (omp_set_num_threads)
        omp_set_num_threads(w->width.threads);
    if (MKL_Set_Num_Threads_Local)
        before.mkl = MKL_Set_Num_Threads_Local(w->width.threads);
    return before;
}

void inner_leave(const worker *w, inner_before before)
{
    if (w->pool->inner == 0)
        return;
    if (omp_set_num_threads)
        omp_set_num_threads(before.openmp);
    if (MKL_Set_Num_Threads_Local)
        MKL_Set_Num_Threads_Local(before.mkl);
}

/* ---- wide tasks ---- */

static void set_width(worker *w, int threads, int sleepers)
{
    width former = w->width;
    w->width = (width){threads, sleepers};
    set_thread(threads);
    follow(w, former);
    if (former.sleepers > sleepers)
        sleep_leave(w->pool, (uint64_t)(former.sleepers - sleepers) * IDLE_HELPER);
}

int inner_widen(worker *w, width former, int wanted)
{
    int budget = w->pool->inner, have = w->width.sleepers;
    int sleepers = wanted > 0 ? (wanted - 1) / budget : 0;
    if (sleepers < former.sleepers)
        sleepers = former.sleepers;
    if (sleepers > have) /* seats come and go: they are nobody's to lend */
        sleepers =
            have + (w->pool->nworkers ? (int)sleep_help(w->pool, (unsigned)(sleepers - have)) : 0);
    int most = wanted > 0 ? budget * (1 + sleepers) : budget;
    int threads = wanted > 0 && wanted < most ? wanted : most;
    set_width(w, threads, sleepers);
    return threads;
}

void inner_narrow(worker *w, width former)
{
    set_width(w, former.threads, former.sleepers);
}

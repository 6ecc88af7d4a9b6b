/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stand-ins for an OpenMP runtime, MKL and OpenBLAS on pthreads: the program that includes this has
 * them. They remember what they are told; every thread would take 64. A team is one of plain threads.
 */
#ifndef TESTS_SUPPORT_RUNTIMES_H
#define TESTS_SUPPORT_RUNTIMES_H

#include <pthread.h>
#include <stddef.h>

enum { RUNTIME_THREADS = 64 };

static __thread int openmp_threads = RUNTIME_THREADS, mkl_threads;
static _Atomic int openblas_threads = RUNTIME_THREADS, openblas_kind = 1;

void omp_set_num_threads(int threads);
int omp_get_max_threads(void);
int MKL_Set_Num_Threads_Local(int threads);
void openblas_set_num_threads(int threads);
int openblas_get_num_threads(void);
int openblas_get_parallel(void);
void GOMP_parallel(void (*run)(void *arg), void *arg, unsigned threads, unsigned flags);

void omp_set_num_threads(int threads)
{
    openmp_threads = threads;
}
int omp_get_max_threads(void)
{
    return openmp_threads;
}
int MKL_Set_Num_Threads_Local(int threads)
{
    int before = mkl_threads;
    mkl_threads = threads;
    return before;
}
void openblas_set_num_threads(int threads)
{
    openblas_threads = threads;
}
int openblas_get_num_threads(void)
{
    return openblas_threads;
}
int openblas_get_parallel(void)
{
    return openblas_kind;
}

typedef struct runtimes_member {
    pthread_t thread;
    void (*run)(void *arg);
    void *arg;
} runtimes_member;

static void *runtimes_run(void *arg)
{
    const runtimes_member *m = arg;
    m->run(m->arg);
    return NULL;
}

void GOMP_parallel(void (*run)(void *arg), void *arg, unsigned threads, unsigned flags)
{
    runtimes_member members[RUNTIME_THREADS];
    (void)flags;
    for (unsigned i = 1; i < threads; i++) {
        members[i] = (runtimes_member){.run = run, .arg = arg};
        pthread_create(&members[i].thread, NULL, runtimes_run, &members[i]);
    }
    run(arg);
    for (unsigned i = 1; i < threads; i++)
        pthread_join(members[i].thread, NULL);
}

#endif

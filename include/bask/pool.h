/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The work-stealing pool, usable with no graph and no client at all.
 *
 * Ownership: jobs, latches and children are the caller's memory (intrusive: the pool allocates
 * nothing for them) and must stay in place until they have run. Threads: unless said otherwise a
 * call may come from any thread: a worker of the pool, a worker of another pool, or a host thread
 * (any thread that the pool did not start). Errors: only starting a pool can fail.
 * A pool does not survive a fork: undefined if the child does anything with it. It may start others.
 */
#ifndef BASK_POOL_H
#define BASK_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
/* C++ has no _Atomic: it sees plain words of the same layout and reads them by
 * __atomic built-ins. */
#define BASK_ATOMIC(type) type
#define BASK_LOAD_RELAXED(place) __atomic_load_n((place), __ATOMIC_RELAXED)
extern "C" {
#else
#include <stdatomic.h>
#define BASK_ATOMIC(type) _Atomic(type)
#define BASK_LOAD_RELAXED(place) atomic_load_explicit((place), memory_order_relaxed)
#endif

typedef struct bask_pool bask_pool;
typedef struct bask_worker bask_worker;

/* ---- jobs ---- */

typedef struct bask_job bask_job;
typedef void bask_job_fn(bask_job *job);

/*
 * A unit of work; embed it in a struct of yours. `run` is called exactly once for each submission.
 * The pool does not touch a job after it has called `run`: `run` may free it or submit it again.
 */
struct bask_job {
    bask_job_fn *run;
    bask_job *next; /* the pool's, while the job is queued */
};

/* ---- pool ---- */

#define BASK_NO_THREADS (-1)  /* zero-worker mode: the threads that wait run everything */
#define BASK_LEAVE_ALONE (-1) /* inner_threads: OpenMP and BLAS are not limited */

/*
 * inner_threads keeps kernels that use OpenMP or BLAS from starting more threads than there are
 * CPUs. 0: the CPUs (bask_default_threads) divided by the workers, at least 1, at most what OpenMP
 * would use in the thread that starts the pool; in zero-worker mode BASK_LEAVE_ALONE.
 * Limited are OpenMP regions without a num_threads clause, MKL and OpenBLAS, where the program is
 * linked with them or preloads them. A host thread that helps is limited meanwhile, and then has
 * again what it had set. OpenBLAS on pthreads has one number for the whole process: it is at most
 * the least that a pool wants until the last pool has stopped, then again what it was.
 */
typedef struct bask_pool_options {
    size_t size;       /* sizeof(bask_pool_options) */
    int threads;       /* workers; 0: bask_default_threads(); BASK_NO_THREADS: none */
    bool pin;          /* bind worker i to the i-th core of the inherited mask, in hwloc's order */
    size_t stack_size; /* bytes of a worker's stack; 0: the system's default */
    /* How long a worker searches before it parks (it parks sooner after a longer sleep), and at most
     * 20 us of that a waiting thread looks before it blocks. 0: 50 us, but where the calling thread
     * has but one CPU not at all; < 0: not at all. */
    int64_t spin_ns;
    const char *name;    /* prefix of the threads' names, at most 10 bytes are used; NULL: "bask" */
    size_t memory_limit; /* bytes; 0: none. While the results of tasks (buffer.h) exceed it, graphs
                          * that return some start no more of their roots: client.h */
    int inner_threads; /* threads of OpenMP and BLAS inside what one worker runs; 0, or LEAVE_ALONE */
} bask_pool_options;

/* Counts since the start of the pool; each is exact once the pool is quiet, and the tasks that a
 * result depends on are counted when it is there. */
typedef struct bask_pool_stats {
    uint64_t workers;       /* threads that the pool started */
    uint64_t tasks;         /* jobs, children and graph nodes that were run */
    uint64_t steals;        /* pieces of work taken from another worker */
    uint64_t failed_steals; /* looks at a victim that brought nothing */
    uint64_t parks;         /* times a worker went to sleep */
    uint64_t wakes;         /* times a sleeping worker was woken */
    uint64_t live_bytes;    /* of results that are alive: buffer.h */
    uint64_t peak_bytes;    /* the most that these were, to within 1 MiB for each thread; where
                             * there is a memory_limit, to within an eighth of it in all */
} bask_pool_stats;

/*
 * The number of workers that this process should use: the smallest of the CPUs in the calling
 * thread's affinity mask, the cgroup's CPU quota (rounded up), and the environment's
 * BASK_NUM_THREADS, which is ignored unless it is a positive number. At least 1. Any thread.
 */
BASK_API int bask_default_threads(void);

/*
 * Starts a pool. OPTIONS may be NULL (all defaults).
 * Returns BASK_EINVAL (message names the option), BASK_ENOMEM, BASK_ESYSTEM (a thread could not be
 * started: the message says which and why; those already started are stopped again).
 * Owns: *POOL is the caller's; end it with bask_pool_stop.
 */
BASK_API BASK_MUST_CHECK bask_status bask_pool_start(const bask_pool_options *options,
                                                     bask_pool **pool);

/*
 * Stops the pool and frees it. With DISCARD NULL all that is queued, and all that it submits, is
 * run first (drain). Otherwise jobs that have not started are handed to DISCARD, on the calling
 * thread, instead of being run. Jobs that are running are always finished. NULL is accepted as
 * POOL. Undefined if: called from a job of this pool, or while another thread uses the pool.
 */
BASK_API void bask_pool_stop(bask_pool *pool, bask_job_fn *discard);

/* The number of workers (0 in zero-worker mode). */
BASK_API int bask_pool_threads(const bask_pool *pool);

/*
 * Queues JOB: on the caller's own deque (last in, first out; others steal the oldest) when the
 * caller is a worker of POOL, else in the pool's injection queue. Never blocks, never fails.
 */
BASK_API void bask_pool_submit(bask_pool *pool, bask_job *job);

BASK_API void bask_pool_get_stats(const bask_pool *pool, bask_pool_stats *stats);

/* ---- latches: waiting until something has happened ---- */

/* Counts down to zero once. The caller's memory; fields are the pool's. */
typedef struct bask_latch {
    bask_pool *pool;
    BASK_ATOMIC(int64_t) count; /* events still to come */
    BASK_ATOMIC(uint32_t) word; /* done and waiter bits */
} bask_latch;

/* Prepares LATCH for COUNT events (0: it is open at once), to be waited for with POOL. */
BASK_API void bask_latch_init(bask_latch *latch, bask_pool *pool, int64_t count);

/*
 * One event has happened. The last one opens the latch; from then on the waiter may free it.
 * Undefined if called more often than COUNT times.
 */
BASK_API void bask_latch_down(bask_latch *latch);

/* True when the latch is open. */
BASK_API bool bask_latch_open(const bask_latch *latch);

/*
 * Waits until LATCH is open. A worker helps meanwhile: it runs other work, its own first. A host
 * thread helps while a worker of the pool sleeps (so no more than `threads` threads are busy), and
 * always in zero-worker mode; otherwise it blocks.
 */
BASK_API void bask_latch_wait(bask_latch *latch);

/* ---- fork and join ---- */

/*
 * A child that its forker will join, most naturally a local variable: it lies on a private list of
 * the worker, without any fence or atomic read-modify-write, until a thief asks for work. Kernels
 * have a typed form of this: bask_spawn (spawn.h).
 */
typedef struct bask_child bask_child;
typedef void bask_child_fn(bask_child *child);
struct bask_child {
    bask_child_fn *run;
    /* next older private child of this worker; NULL at the end, or once public */
    bask_child *older;
    /* What follows is used only once the child is public. */
    bask_worker *owner;     /* whom to wake */
    struct bask_task *task; /* what the forker was running: kernel.h */
    BASK_ATOMIC(uint32_t) word;
};

/* The face of a worker that the inlined calls need; the rest is private. */
struct bask_worker {
    bask_child *newest; /* private children, newest first; owner only */
    __attribute__((aligned(128)))
    BASK_ATOMIC(uint32_t) request; /* thieves set it: "publish some" */
};

/* The calling thread's worker. A thread that is none has a shared dummy whose
 * request is always 1. */
extern BASK_API __thread bask_worker *bask_self __attribute__((tls_model("initial-exec")));

BASK_API void bask_fork_slow(bask_worker *self, bask_child *child);
BASK_API bool bask_join_slow(bask_worker *self, bask_child *child);
BASK_API void bask_poll_slow(bask_worker *self);

/* bask_fork for who knows the calling thread's worker. */
static inline void bask_fork_on(bask_worker *self, bask_child *child)
{
    child->older = self->newest;
    if (__builtin_expect(BASK_LOAD_RELAXED(&self->request) != 0, 0))
        bask_fork_slow(self, child);
    else
        self->newest = child;
}

/* True when CHILD was the newest private one, and so is the caller's to run; otherwise
 * bask_join_slow must be asked. */
static inline bool bask_take_back(bask_worker *self, bask_child *child)
{
    if (__builtin_expect(self->newest != child, 0))
        return false;
    self->newest = child->older;
    if (__builtin_expect(BASK_LOAD_RELAXED(&self->request) != 0, 0))
        bask_poll_slow(self);
    return true;
}

/*
 * Forks CHILD (with `run` set): it will run on this worker or, if stolen, on another, between now
 * and the return of bask_join. On a thread that is no worker the child runs in bask_join. Undefined
 * if the child's memory goes away before it is joined, or it is joined on another thread.
 */
static inline void bask_fork(bask_child *child)
{
    bask_fork_on(bask_self, child);
}

/* Returns when CHILD has run. Children are best joined in the reverse order of their forks. */
static inline void bask_join(bask_child *child)
{
    bask_worker *self = bask_self;
    if (bask_take_back(self, child) || !bask_join_slow(self, child))
        child->run(child);
}

#ifdef __cplusplus
}
#endif
#endif

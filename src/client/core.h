/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's core, and futures. The core outlives bask_close for as long as graphs or futures of
 * the client exist: the results of futures stay, and all else can answer BASK_ECLOSED.
 */
#ifndef BASK_CLIENT_CORE_H
#define BASK_CLIENT_CORE_H

#include "base/process.h"
#include "client/callbacks.h"
#include "client/pressure.h"
#include "client/pure.h"
#include "client/resources.h"
#include "client/timers.h"
#include "graph/plan.h"
#include <bask/client.h>

typedef struct activity activity;

/* Something that runs: a compute or a submitted task. In the core's list until it has ended. */
struct activity {
    activity *next, **link;
    uint64_t weight;             /* tasks that it counts as: pressure.h */
    void (*cancel)(activity *a); /* under the core's lock: nothing of it may start any more */
};

struct bask_client {
    promise_home home; /* first: a promise's home is its client; its pool is NULL once closed */
    _Atomic int64_t references;
    atomic_bool closed;
    bool sync;              /* everything has run when a call returns */
    int team;               /* ... by an OpenMP team of so many; 0: by the caller alone */
    _Atomic uint64_t tasks; /* sync: those that ran outside the pool */
    char *address;
    bask_pool *pool;
    slab_cache slabs;
    pthread_mutex_t lock; /* guards `active` */
    pthread_cond_t quiet; /* signalled when `active` becomes empty */
    activity *active;
    pressure pressure; /* of all that is active */
    callbacks callbacks;
    timers timers;
    resources resources;
    pure_table pure;
};

/* Runs COMPUTE(STRAND) as a task of its own, whose spawns can run on all workers of C, and waits; NULL:
 * on those that the calling thread belongs to. Returns what it failed with, as KERNEL's failure. */
bask_status strand_invoke(bask_client *c, const bask_kernel *kernel, bask_strand *strand,
                          bask_strand_fn *compute);

/* The futures of one compute share one block of memory, freed with the last of them. */
typedef struct future_block future_block;
typedef struct kept kept;

/* The options of a compute that has some, as it keeps them. */
typedef struct asked {
    bask_compute_options options; /* its text lies behind the annotations */
    char annotations[];           /* as annotation.h keeps them */
} asked;

struct bask_future {
    promise promise; /* first: graphs see futures as promises */
    /* FUTURE_HANDLE for each handle, and 1 for each of those who have it as an argument: the handles
     * say how long a failed one can be run again */
    _Atomic uint64_t references;
    future_block *block;
    uint32_t same_as; /* position of the next future of the same node, in a ring; else its own */
};

#define FUTURE_ARGUMENT UINT64_C(1)
#define FUTURE_HANDLE (UINT64_C(1) << 32)

struct future_block {
    bask_client *client;        /* retained */
    _Atomic int64_t references; /* futures with references left, and the run */
    _Atomic int64_t live;       /* futures that are not done: a cancellation that leaves 0 cancels
                                 * the run */
    activity activity;
    /* while it runs; guarded by the client's lock for others than the runner */
    _Atomic(plan *) plan;
    _Atomic uint32_t *ended; /* finished at the very end of the run, if somebody waits for that */
    const struct bask_task *starter; /* the task that started it, NULL: none; only to be compared */
    size_t n;
    bool alone;   /* the future of a submitted task, which lies behind it: single.h */
    bool mapped;  /* those of a batch of tasks, which lies behind them: batch.h */
    asked *asked; /* the options of a compute; NULL: none */
    /* A new future of the same task as F, which has failed; NULL with an error. Where it is NULL itself
     * nothing is known of the tasks, or they are `alone` or `mapped`: retry.c. */
    bask_future *(*retry)(bask_future *f);
    _Atomic int64_t held; /* futures with handles left; the last one takes `kept` with it */
    kept *kept;         /* of a compute of which some output failed; the client's lock: compute.c */
    future_block *next; /* block_release */
    bask_future futures[];
};

/* Was C opened by a parent process, of whose threads this one has none? Then it is only looked at. */
static inline bool client_inherited(const bask_client *c)
{
    return process_inherited(c->home.process);
}

void client_retain(bask_client *c);
void client_release(bask_client *c);
/* RUN(ARG), for sync clients: inside of tasks on a stack that suffices, be it another thread's. */
void client_call_here(void (*run)(void *arg), void *arg);
/* Runs JOB so, or where the calling thread is just finishing one right after that. */
void client_job_here(bask_job *job);
/* Around what makes other tasks ready: the end of a task of C that the calling thread runs. */
void client_finishing(const bask_client *c, bool finishing);
/* Runs all of P before it returns, for sync clients, in the team if there is one and the caller is no
 * worker of another pool. P's end finishes the word ENDED. */
void client_run_here(bask_client *c, plan *p, _Atomic uint32_t *ended);
void client_begin(bask_client *c, activity *a);
void client_end(bask_client *c, activity *a);

/* BASK_EINVAL or BASK_ECLOSED with a message that names CALL. */
bask_status client_check(const bask_client *c, const char *call);

/* May these nodes be computed with C, all at once? Otherwise says why not, naming CALL. */
bask_status client_check_outputs(bask_client *c, bask_delayed *const *outputs, size_t n,
                                 const char *call);

/* N futures, each with one reference for the user and one for the run; the block has one more. */
future_block *block_new(bask_client *c, size_t n);
/* The same in memory that is all zero and that free() takes. */
void block_init(future_block *b, bask_client *c, size_t n);
void block_release(future_block *b);

void kept_free(kept *k);

/* The last handle on a submitted task's future goes; and then all that is left of the task. */
void single_forget(future_block *b);
void single_release(future_block *b);

/* The task's name, or the kernel's. */
const char *future_name(const bask_future *f);

/*
 * For a worker that waits for F, a submitted task's future: runs the task on top of the waiting one, if
 * it has not been started and its arguments are there; true when it did, and F is done. That is always
 * safe, since who waits cannot go on before. False for other futures and on other threads than workers
 * of F's client.
 */
bool future_run_here(bask_future *f);

/* The promise of the submitted task that TASK is, or is a part of; NULL: there is none. */
promise *task_promise(const bask_task *task);

/* The last of the futures of a batch goes: its arguments as well. */
void map_release(future_block *b);

/* Does X, out of a deque, belong to the tasks of B, which are mapped? */
bool map_part_of(const future_block *b, item x);

/* Finish F with the state of a node or with a failure (OWN: of the very node, not passed on). False
 * when it was done already. */
bool future_finish(bask_future *f, const slot *result);
bool future_fail(bask_future *f, const failure *why, bool own);

/* May F be asked for its result? One that is done always may; otherwise as client_check. */
bask_status future_check(const bask_future *f, const char *call);

/* ... and its result be read into PLACE, a variable of that type? */
bask_status future_check_result(const bask_future *f, const void *place, bask_dtype dtype,
                                size_t size);

/*
 * Waits for F at most until DEADLINE; on sync:// it is done already. On top of a task that waits nothing
 * runs but what it waits for: the task of F, and of a graph that it computes itself, or of tasks that it
 * has mapped, all.
 */
bool future_wait_until(bask_future *f, int64_t deadline, bool help);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many tasks of one kernel: a batch. It lies behind its futures in one block of memory; what a task
 * needs beside its future is made by whoever runs it, for a whole range of tasks at a time. A batch is
 * a source, so ranges are claimed as those of roots are, and halves of them go to thieves that ask.
 * map.c makes and starts batches, map_run.c runs them.
 *
 * Futures that are common to all tasks are waited for by the batch. A task with futures of its own
 * looks at them when its turn comes, and is parked where one is pending: only then it needs listeners.
 */
#ifndef BASK_CLIENT_BATCH_H
#define BASK_CLIENT_BATCH_H

#include "client/core.h"
#include <bask/task.h>

typedef struct batch batch;

/* A future that the batch waits for. */
typedef struct common_awaited {
    listener listener;
    batch *owner;
} common_awaited;

/* A task with futures of its own, and such a future. */
typedef struct parked {
    bask_job job;
    batch *owner;
    size_t task;
    _Atomic uint32_t missing; /* as that of a batch */
} parked;
typedef struct own_awaited {
    listener listener;
    parked *owner;
} own_awaited;

/* One argument. */
typedef struct mapped {
    bask_arg_kind kind;
    uint16_t size;
    uint64_t dtype; /* before the value, as in a graph: ARG_PLACE */
    unsigned char bytes[BASK_MAX_VALUE];
    promise *promise;   /* common to all; retained, as are the next */
    promise **promises; /* each task's; NULL once that task has finished well */
    const char *values; /* each task's */
    common_awaited awaited;
} mapped;

struct batch {
    source source;
    bask_job job; /* all tasks, as one piece of a worker's deque */
    future_block *block;
    /* Common futures that are not done, and one for the submitter; acq_rel, so that the last one sees
     * their results. */
    _Atomic uint32_t missing;
    atomic_bool closing;  /* the client closes: do not start; relaxed, a hint */
    _Atomic int64_t left; /* tasks that have not completed; acq_rel: the last one frees */
    size_t nown;          /* arguments that are each task's own future */
    parked *parked;       /* of each task, where there are such; untouched till one is parked */
    own_awaited *own;     /* NOWN for each task */
    bool typed, gated;
    /* Some task has not finished well: its arguments and the common ones stay for bask_retry until the
     * block goes. Relaxed: `left` orders it. */
    atomic_bool some_failed;
    uint32_t nargs;
    mapped args[];
};

static inline bask_client *client_of(const batch *b)
{
    return b->block->client;
}

/* Is one of the futures that only TASK has not done? */
static inline bool has_pending(const batch *b, size_t task)
{
    for (uint32_t i = 0; i < b->nargs; i++)
        if (b->args[i].promises && promise_state(b->args[i].promises[task]) == BASK_PENDING)
            return true;
    return false;
}

static inline batch *block_batch(const future_block *block)
{
    return (batch *)(uintptr_t)&block->futures[block->n];
}

/* Runs B, whose common futures are done: on sync:// now, else in the pool. */
void batch_start(batch *b);
/* The source's way to the same. */
void batch_run_source(source *s, worker *w, uint64_t from, uint64_t to);

/* Argument I of task TASK, as a single task would get it. */
bask_arg map_argument(const batch *b, size_t task, uint32_t i);

/* ARGS as a single task, number TASK of them, would get them. */
void map_arguments_of(size_t task, const bask_arg *args, size_t nargs, bask_arg *single);

/* Many tasks that are submitted one by one, since they have options; all or none. The arguments have been
 * checked. */
bask_status map_singly(bask_client *c, const bask_task_options *options, const bask_kernel *kernel,
                       size_t n, bask_future **futures, const bask_arg *args, size_t nargs);

#endif

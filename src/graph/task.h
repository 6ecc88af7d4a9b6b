/* SPDX-License-Identifier: Apache-2.0 */
/* The running task: what bask_fail, bask_cancelled, bask_take and untyped kernels look at. */
#ifndef BASK_GRAPH_TASK_H
#define BASK_GRAPH_TASK_H

#include "graph/graph.h"
#include "pool/worker.h"

/* Why a task failed. Made by bask_fail; owned by the plan or future that takes it over. */
typedef struct failure {
    struct failure *next; /* the plan's list */
    bask_status status;
    const char *kernel; /* the culprit's name */
    const char *message;
    char text[]; /* what these two point to, except in the static ones */
} failure;

/* For when there is no memory for a failure. */
extern failure failure_no_memory;
/* Of tasks that were cancelled or depend on one that was: there is no culprit. */
extern failure failure_cancelled;

struct bask_task {
    const node *node;
    const struct plan *plan; /* NULL: a single task without dependencies in a plan */
    slot *result;
    failure *failure; /* NULL while all is well */
    bool returned;    /* an untyped kernel has stored its result */
    bool noted;       /* it failed or is wide: task_settle is due when the kernel has returned */
    bool wide;        /* it has asked for threads (bask_threads); ... */
    width former;     /* ... its thread was that wide before */
    bask_task *outer; /* the task below on this thread's stack */
    /* Itself; of a strand, a part of a task that runs on its own: the whole. It outlives its strands,
     * which read all of it but `failure`. */
    bask_task *whole;
    const bask_kernel *kernel; /* where there is no node */
    bool (*cancelled)(const bask_task *whole);
    atomic_bool failed; /* of the whole: a part has failed. Relaxed, a hint: it comes by joins */
    bask_pool *pool;    /* where its results count */
    const char *annotations; /* of a single task; annotation.h */
};

/* TASK runs on this thread from now on; all its fields but `outer` are set. */
static inline void task_begin(bask_task *task)
{
    if (__builtin_expect(bask_self->newest != NULL, 0))
        fork_release((worker *)bask_self);
    task->outer = task_current;
    task_current = task;
}
static inline void task_end(bask_task *task)
{
    task_current = task->outer;
}

/* The kernel that TASK, or the task that it is a part of, runs. */
static inline const bask_kernel *task_kernel(const bask_task *task)
{
    return task->whole->node ? task->whole->node->kernel : task->whole->kernel;
}

/* Calls the kernel of task->node; then, where task->noted is set, task_settle is due. */
void task_call(bask_task *task);

/* Ends what the kernel has begun beside its result; returns why it failed, NULL if it did not. */
failure *task_settle(bask_task *task);

/* The argument's value: a pointer to bytes of the parameter's type. */
const void *task_argument(const bask_task *task, uint32_t i);

/* The buffer that is an input of the running task and holds DATA, NULL if none does. */
bask_buffer *task_input_buffer(const void *data);

/* A failure with this text; failure_no_memory when memory is short. */
failure *failure_new(bask_status status, const char *kernel, const char *message);
/* Why a task fails that has the promise P, which has not finished well, as an argument. */
failure *failure_of_promise(const promise *p);
void failure_free(failure *f); /* NULL is accepted */
static inline bool failure_is_static(const failure *f)
{
    return f->message != f->text;
}

#endif

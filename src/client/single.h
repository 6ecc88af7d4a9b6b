/* SPDX-License-Identifier: Apache-2.0 */
/* Submitted tasks: what submit.c, its options and bask_retry know of them. */
#ifndef BASK_CLIENT_SINGLE_H
#define BASK_CLIENT_SINGLE_H

#include "client/core.h"
#include <bask/task.h>

typedef struct single single;

/* A future that the task waits for. */
typedef struct awaited {
    listener listener;
    single *owner;
    promise *promise; /* retained */
} awaited;

typedef struct literal {
    uint64_t dtype; /* before the value, as in a graph: ARG_PLACE */
    unsigned char bytes[BASK_MAX_VALUE];
} literal;

/* What a task has where its options ask for it. */
typedef struct extras {
    bask_task_options options; /* texts are copies, which lie behind it */
    const char *annotations;   /* as annotation.h keeps them */
    single *single;
    timer timer;
    claimant claimant;   /* with `shares` */
    struct extras *next; /* pure.c */
    uint64_t hash;
    share shares[];
} extras;

/* One allocation: the block with its one future, this struct behind it, the awaited futures, literals,
 * the node. The block is freed with the last of the future's handles and the job. */
struct single {
    bask_job job;
    _Atomic uint32_t missing; /* awaited futures that are not done, the resources, and one for the
                               * submitter; acq_rel, so that the last one sees their results */
    atomic_bool claimed;      /* somebody runs the task, or has; whoever sets it does. Relaxed: it
                               * orders nothing, what the task reads comes by `missing` or the job */
    atomic_bool closing;      /* the client closes: do not start; relaxed, a hint */
    slot result;
    node *node;
    extras *extras; /* NULL: none */
    /* Released when the task has finished well, or with the block: bask_retry and pure.c need them. */
    size_t nawaited;
    awaited awaited[];
};

static inline single *block_single(const future_block *b)
{
    return (single *)(uintptr_t)&b->futures[1];
}
static inline future_block *single_block(const single *s)
{
    return (future_block *)((uintptr_t)s - sizeof(bask_future) - sizeof(future_block));
}
static inline bask_future *single_future(const single *s)
{
    return &single_block(s)->futures[0];
}

/* bask_submit_array_with for arguments that have been checked. */
bask_future *single_submit(bask_client *c, const bask_task_options *options,
                           const bask_kernel *kernel, const bask_arg *args, uint32_t nargs);

/* The same in two steps: *RESULT is a new task, which nobody has seen and which is to be started or undone,
 * or NULL where *KNOWN is one more handle on a pure one. Pure tasks are made under c->pure.lock. */
bask_status single_make(bask_client *c, const bask_task_options *options, const bask_kernel *kernel,
                        const bask_arg *args, uint32_t nargs, single **result, bask_future **known);
void single_start(single *s); /* as soon as its arguments are there */
void single_undo(single *s);  /* a pure one is not to be found any more */

static inline bool single_is_pure(const bask_task_options *options, const bask_kernel *kernel)
{
    return (options && options->pure) || kernel->flags & BASK_KERNEL_PURE;
}

/* NULL where neither OPTIONS, which may be NULL, nor the kernel ask for any. */
bask_status extras_new(bask_client *c, const bask_task_options *options, const bask_kernel *kernel,
                       extras **result);

/* The future of such a pure task, if there is one: one more handle. Under c->pure.lock. */
bask_future *pure_find(const pure_table *t, uint64_t hash, const bask_kernel *kernel,
                       const bask_arg *args, uint32_t nargs);
/* S, with extras, will be found; until pure_remove. Under c->pure.lock. False: memory is short. */
bool pure_add(pure_table *t, single *s, uint64_t hash);
void pure_remove(pure_table *t, single *s); /* takes the lock */
void pure_remove_locked(pure_table *t, single *s);

#endif

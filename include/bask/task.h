/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of submitted tasks: names, retries, time limits, priorities, resources, annotations, purity.
 *
 *     bask_task_options gentle = {.size = sizeof gentle, .retries = 3, .timeout_ms = 5000};
 *     bask_future *page = bask_submit_with(client, &gentle, fetch, address);
 *
 * Tasks that are submitted without any of these cost nothing for it. Names, options and annotations
 * are copied.
 */
#ifndef BASK_TASK_H
#define BASK_TASK_H

#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All fields but the first may be 0. */
typedef struct bask_task_options {
    size_t size; /* sizeof(bask_task_options) */

    /* What bask_future_name and errors call it; NULL: the kernel's name. */
    const char *name;

    /* How many times more the kernel is called when it has failed; the last failure counts. Not when
     * an argument has failed, or when nobody wants the result any more. */
    unsigned retries;

    /* The task must be done so long after it was submitted: when that has passed the future fails with
     * BASK_ETIMEDOUT, the task does not start (or start again), and bask_cancelled() turns true in a
     * kernel that runs; what that returns is dropped. 0: no limit. */
    int64_t timeout_ms;

    /* -8 to 8; 0 is that of all other work. When several tasks could start, one of a higher priority
     * does so first, and of those of one priority other than 0 the one that became ready first. Below 0
     * only what no worker has anything better to do than. Nothing that runs is interrupted: also a
     * worker that has taken up a part of a graph comes back for others when it has done that. Without
     * meaning on sync:// and openmp://, where a task runs when it is submitted. */
    int priority;

    /* What it needs while it runs, such as "gpu:1,licence:2" or "gpu" (one): see bask_client_resource.
     * The task starts when all of that is free at once, and no worker waits for it. Among those who
     * ask for the same resource the higher priority comes first, then who asked first. A task that
     * waits inside its kernel keeps what it has: it must not wait for one that needs that too. */
    const char *resources;

    /* Other text for whoever observes, or for the kernel itself (bask_task_annotation): "key=value", or
     * several with ';' between them. */
    const char *annotations;

    /* The kernel has no effect but its result, which depends on nothing but its arguments. So a task of
     * the same kernel with the same arguments (equal bytes, the same futures), submitted while a future
     * of the first is alive and has not failed or been cancelled, is the same task: there is one more
     * handle on that future, and the other options count for nothing. Who cancels it does so for all.
     * Such a future keeps those among its arguments alive. See BASK_PURE, and for graphs
     * bask_delay_pure. */
    bool pure;
} bask_task_options;

/*
 * bask_submit_with(client, options, kernel, argument...): as bask_submit (client.h), with OPTIONS (NULL:
 * defaults). Further errors: BASK_EINVAL for options that do not hold, such as a resource that nobody
 * has defined, or more of it than there is; BASK_ESYSTEM where the client's thread for time limits
 * cannot be started.
 */
#define bask_submit_with(client, ...)                                                              \
    BASK_SUBMIT_WITH_2_(BASK_COUNT_(__VA_ARGS__), client, __VA_ARGS__, ~)
#define BASK_SUBMIT_WITH_2_(n, client, options, kernel, ...)                                       \
    kernel##_submit_with(client, options BASK_EACH_(n, BASK_NEXT_SUBMITTED_, kernel, __VA_ARGS__))

/* The untyped form behind it is bask_submit_array_with: kernel.h. For many at once: bask_map_with, map.h. */

/* BASK_PURE(kernel); behind its definition: all its tasks are pure, also those without options. */
#define BASK_PURE(name)                                                                            \
    __attribute__((constructor)) static void name##_pure_(void)                                    \
    {                                                                                              \
        name##_kernel.flags |= BASK_KERNEL_PURE;                                                   \
    }                                                                                              \
    BASK_STATIC_ASSERT_(1, "so that a semicolon may follow")

/*
 * Runs the task of FUTURE, which has failed or was cancelled, once more: with the same kernel, arguments
 * and options. States are final, so that is a new future, and FUTURE stays as it is. Submitted or mapped tasks
 * among its arguments, and theirs in turn, that have failed as well are run again too, each once; those
 * that have finished are not. For a future of bask_compute all that this output needs is computed
 * again, with the same futures as arguments. A future that has not failed comes back with one more
 * handle. Returns NULL: BASK_EINVAL, BASK_ENOMEM, BASK_ECLOSED, the errors of submitting, and
 * BASK_EUNSUPPORTED where nothing is known of its task.
 * Owns: the result is the caller's. What a retry needs is kept as long as a future that has failed or
 * was cancelled: its arguments, and of a bask_compute, while you have some of its futures, the graph.
 * Threads: any.
 */
BASK_API bask_future *bask_retry(bask_future *future);

/*
 * The value of the annotation KEY of the task, or of the compute (bask_compute_options), that runs on the
 * calling thread; NULL: it has none, or nothing runs here. Owns: the library, until the kernel returns.
 */
BASK_API const char *bask_task_annotation(const char *key);

/* The same of FUTURE; good as long as that. Threads: any. */
BASK_API const char *bask_future_annotation(const bask_future *future, const char *key);

/*
 * From now on there are TOTAL of the resource NAME ("gpu", "licence", ...; without ':' and ','), for
 * tasks of CLIENT that ask for it. It can only grow: BASK_EINVAL for a smaller TOTAL than before, below
 * 1, or another name. Addresses can define some: "threads://8?resources=gpu:2,licence:1".
 * Also BASK_ENOMEM, BASK_ECLOSED. Threads: any.
 */
BASK_API BASK_MUST_CHECK bask_status bask_client_resource(bask_client *client, const char *name,
                                                          int64_t total);

#ifdef __cplusplus
}
#endif
#endif

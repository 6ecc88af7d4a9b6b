/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client: a program's connection to the workers behind an address.
 *
 * Addresses:
 *   threads://      every core that this process may use
 *   threads://8     eight workers; with options, such as threads://8?pin=1&spin=50us:
 *                   pin    bind workers to cores (0 or 1)
 *                   spin   how long an idle worker searches before it sleeps (ns, us, ms or s)
 *                   stack  the size of a worker's stack (bytes; K, M, G)
 *                   name   a prefix of the threads' names
 *                   memory how many bytes of results may be alive before roots wait (K, M, G; 0:
 *                          any); not given: the environment's BASK_MEMORY_LIMIT
 *                   pending  how many tasks may be submitted and not done before who submits waits
 *                          (1000000; 0: any number)
 *                   resources  what tasks may ask for (task.h), such as gpu:2,licence:1 (also of the
 *                          other addresses)
 *                   omp    threads that OpenMP and BLAS may use inside one task (0: as many as they
 *                          like; without it: the CPUs divided by the workers)
 *   openmp://       for programs that have an OpenMP team already: a graph has been evaluated when
 *                   bask_compute or bask_plan_run returns, by a parallel region of the calling
 *                   thread; a submitted task has been run by the calling thread
 *   openmp://4      regions of four threads, not of as many as OpenMP would take when the client is
 *                   opened; with option omp as above, but 1 without it. Where OpenMP gives fewer,
 *                   as within another region, fewer work. Tasks use the region that they run in,
 *                   and a task of another client alone evaluates what it computes
 *   sync://         everything runs in the calling thread, in one fixed order, before the call
 *                   returns: for debugging
 * Where several threads use one client of sync:// or openmp://, a task may be submitted that cannot run
 * yet: another thread computes a future that it takes, or has the resources that it asks for. Then
 * bask_submit and bask_map return, and the thread that makes the task ready runs it, once its own task has
 * returned. (So it is, too, with what a task submits that needs the resources of that very task.) A graph
 * waits for the futures that it takes, on sync:// before any of it runs: its results are always there
 * when the call returns.
 * Threads: any number of threads may use one client; any number of clients may be open.
 *
 * The memory limit holds back roots, the nodes without dependencies: while results that tasks have
 * made (buffer.h) exceed it, of whatever graph of the client, no root is started in graphs that
 * return buffers. All else goes on, for it is what frees memory: nodes whose dependencies are done,
 * submitted tasks. When no worker has anything to do, one root is started in spite of the limit: so
 * no limit is too small, and what cannot do with less memory gets more. A worker that waits inside a
 * kernel by other means than bask's has something to do.
 *
 * Who submits faster than the workers work is held up: while `pending` tasks are not done,
 * bask_submit, bask_map and bask_compute wait, in threads of the host, until fewer are. (A compute counts
 * as its nodes and a map as its tasks, until all are done, but never for more than a sixteenth of the
 * limit.) In a task they never wait, for others
 * may wait for that task: a task that submits without an end has to see to it itself. Tasks may wait,
 * by bask's means, for what the host does after it has submitted: when all workers wait, it goes on.
 * Tasks that wait for the host by other means keep it waiting: then there must not be so many, or no
 * limit.
 *
 * What the host may do:
 *   fork      At any time, also inside a task. The parent does not notice. The child has none of the
 *             threads: there, calls on a client that its parent opened answer BASK_ECLOSED (those on
 *             its graphs, plans and futures too); results that are there already may be read; freeing
 *             and closing do nothing, and the memory stays until the child ends. The child may open
 *             clients of its own. In a child that was forked inside a task the kernel must not return.
 *   exit      Without closing, from main or from any thread, a task included: tasks that run are cut
 *             off, like all other threads. What they use must not be gone before: objects with
 *             destructors that run at exit are best closed over. A main that ends by pthread_exit
 *             leaves the clients open; another thread closes them.
 *   signals   Workers leave them to the host's threads: they block all but those that a thread brings
 *             upon itself (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS), so a handler for these
 *             sees faults in kernels. No call returns early for a signal. A handler must not call bask.
 *   threads   Of any origin and any stack that has room for what the caller runs; one that waits by
 *             helping runs kernels. A thread may end while what it made lives on.
 *   unload    dlclose of an object that has libbask, or kernels, once no client is open, or no task or
 *             future uses those kernels: nothing is left behind; kernels are unregistered.
 */
#ifndef BASK_CLIENT_H
#define BASK_CLIENT_H

#include "future.h"
#include "graph.h"
#include "pool.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Opens the cluster at ADDRESS; NULL: the environment's BASK_CLUSTER, else every core.
 * Returns BASK_EADDRESS (the message names the address, or variable, and the part at fault), BASK_ENOMEM,
 * BASK_ESYSTEM; BASK_EUNSUPPORTED for openmp:// in a process without an OpenMP runtime (compile and
 * link the program with -fopenmp). On failure *CLIENT is NULL. Owns: the caller; end it with bask_close.
 */
BASK_API BASK_MUST_CHECK bask_status bask_open(const char *address, bask_client **client);

/*
 * Closes CLIENT. Work that has not started is cancelled, kernels that run are waited for, and all
 * callbacks that are due (bask_future_on_done) have run when it returns. Futures outlive it, each done:
 * they give their state, error and result as before. Computing and submitting answer BASK_ECLOSED.
 * NULL is accepted. Undefined if: called from a task or a callback of this client, or while another
 * thread calls into the client.
 */
BASK_API void bask_close(bask_client *client);

/* The address in its full form, such as "threads://8". Owns: the client. */
BASK_API const char *bask_client_address(const bask_client *client);

/* The number of workers that tasks run on (1 for sync://, the size of the team for openmp://). */
BASK_API int bask_client_workers(const bask_client *client);

/*
 * Waits until at least N workers are there, at most TIMEOUT_MS milliseconds (BASK_FOREVER: no
 * limit). The workers of threads:// are there from the start: asking for more than there are is
 * BASK_EINVAL.
 */
BASK_API BASK_MUST_CHECK bask_status bask_wait_for_workers(bask_client *client, int n,
                                                           int64_t timeout_ms);

/* What the client's pool has done so far, and the bytes of results that are alive: also of those that
 * futures and plans hold. */
BASK_API void bask_client_stats(const bask_client *client, bask_pool_stats *stats);

/* ---- computing ---- */

typedef enum bask_on_error {
    BASK_COLLECT = 0,  /* what does not depend on a failed task goes on */
    BASK_FAIL_FAST = 1 /* the first failure cancels everything that has not started */
} bask_on_error;

typedef struct bask_compute_options {
    size_t size; /* sizeof(bask_compute_options) */
    bask_on_error on_error;
    int priority;            /* when it starts, as that of a task: task.h; -8 to 8 */
    const char *annotations; /* of all its tasks, as those of one: task.h; NULL: none */
} bask_compute_options;

/*
 * Starts computing the N OUTPUTS (nodes of one graph of CLIENT; the same node may be named twice)
 * and returns at once with one future for each in FUTURES. Returns BASK_EINVAL (NULL, or n is 0),
 * BASK_ECLIENT (a graph of another client, or nodes of two graphs), BASK_ECLOSED, BASK_ENOMEM, or,
 * where an earlier bask_delay on the graph failed, its status and message. On failure no future is
 * made and FUTURES holds NULLs. Owns: the futures are the caller's, each to be freed by bask_future_free, in
 * any order. Threads: any, also inside a task.
 */
BASK_API BASK_MUST_CHECK bask_status bask_compute(bask_client *client, bask_delayed *const *outputs,
                                                  size_t n, bask_future **futures);

/* The same with OPTIONS (NULL: defaults); BASK_EINVAL also for options that do not hold. */
BASK_API BASK_MUST_CHECK bask_status bask_compute_with(bask_client *client,
                                                       bask_delayed *const *outputs, size_t n,
                                                       bask_future **futures,
                                                       const bask_compute_options *options);

/*
 * The blocking form: computes, waits (the caller helps) and returns the status of the first output
 * that failed, BASK_OK when none did. The futures are made in either case, unless the call itself
 * is at fault (see bask_compute: then FUTURES holds NULLs).
 */
BASK_API BASK_MUST_CHECK bask_status bask_compute_sync(bask_client *client,
                                                       bask_delayed *const *outputs, size_t n,
                                                       bask_future **futures);

/*
 * bask_submit(client, kernel, argument...): runs KERNEL as soon as its arguments are there and
 * returns at once with a future, or NULL (see bask_delay; delayed arguments are BASK_EINVAL here).
 * Owns: the future is the caller's. Threads: any, also inside a task.
 */
#define bask_submit(...) BASK_SUBMIT_2_(BASK_COUNT_(__VA_ARGS__), __VA_ARGS__, ~)
#define BASK_SUBMIT_2_(n, client, kernel, ...)                                                     \
    kernel##_submit(client BASK_EACH_(n, BASK_NEXT_SUBMITTED_, kernel, __VA_ARGS__))
#define BASK_NEXT_SUBMITTED_(i, kernel, value) , BASK_SUBMITTED_(i, kernel, value)

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocking sections: for kernels that wait by other means than bask's, such as a read from a socket, a
 * lock of the host's, or a sleep; and for tasks that wait while they hold a lock.
 *
 * Threads: the calls are about the calling thread. On one that is no worker they do nothing. Errors:
 * none.
 */
#ifndef BASK_BLOCKING_H
#define BASK_BLOCKING_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Between the two the calling worker does not count as one (Dask: secede and rejoin): another thread of
 * its client works in its place, so that as many work as before. `end` returns at once; for as long as
 * the other one's task takes then one thread more works. They may nest. What the section calls of bask works
 * as always, but its waits only block. Where the system refuses another thread the section runs without.
 * Costs some 10 us the first time, well below 1 us where sections follow each other.
 * Undefined if a kernel returns, or syncs a spawned call, between the two.
 */
BASK_API void bask_blocking_begin(void);
BASK_API void bask_blocking_end(void);

/*
 * Between the two, nothing else runs on top of the calling task while it waits by bask's means
 * (bask_result, bask_sync, bask_plan_run, ...): for tasks that hold a lock which the awaited work, or
 * other calls that the task has spawned, may take. Another thread runs that work instead. A spawned call
 * that nobody has begun is still run by its bask_sync, and a host thread in bask_compute_sync,
 * bask_plan_run or bask_invoke still takes part. They may nest. Where the system refuses another thread,
 * the waiting one works all the same. Undefined if a kernel returns between the two.
 */
BASK_API void bask_no_help_begin(void);
BASK_API void bask_no_help_end(void);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spares: threads that work in the place of a worker which waits. A worker in the midst of a task must
 * not run just any work on top of that task: the work could wait for the very task below it, which
 * cannot go on before the work returns. So where a worker waits and there is work that is not what it
 * waits for, it blocks, and a spare takes its place; no fewer threads work than before.
 *
 * A spare sits on a seat of its own (seat.h) and searches, steals and parks as a worker does. When the
 * wait is over the worker goes on at once, and one spare too many works until some spare is about to
 * look for work, and retires. Before that another waiting worker may take the surplus one over: so
 * waits in quick succession start and wake nobody.
 *
 * Spares are started when they are first needed, and stay until the pool stops. There are as many as
 * tasks ever waited at the same time.
 */
#ifndef BASK_POOL_SPARE_H
#define BASK_POOL_SPARE_H

#include "pool/worker.h"

/*
 * Waits as sleep_block does, while a spare works in the place of the calling thread's worker. False,
 * and nothing has been waited for, if there is no spare and none can be started.
 */
bool spare_block(bask_pool *pool, _Atomic uint32_t *until, int64_t deadline);

/* The same in two parts, for waits of another kind. */
bool spare_lend(bask_pool *pool);
void spare_return(bask_pool *pool);

/*
 * Runs X as worker_execute(w, X), but where this thread's stack runs short on a spare's, which then
 * works in W's place. Where there is no spare it runs on what is left of the stack.
 */
void spare_execute(worker *w, item x);

/*
 * Runs RUN(ARG) on a thread of its own and waits for it, as a part of what the calling thread runs:
 * for threads whose stack runs short and that are no workers. False: no thread could be started.
 */
bool spare_call(size_t stack_size, void (*run)(void *arg), void *arg);

/* Is there a spare too many? Then the caller, a spare without a task, retires; in a pool that stops only
 * when nothing is left to do. */
bool spare_retires(bask_pool *pool);

/* The pool is stopping and its workers have ended: ends the spares as well. */
void spares_stop(bask_pool *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Futures: counted handles on results that are or will be there.
 *
 * Ownership: a future is freed by bask_future_free, before or after its task has run, before or
 * after its client is closed. Its result lives as long as the future, also when the client is closed,
 * which cancels what is pending: from then on every future is done. Freeing does not cancel.
 * Threads: any; one future may be used by several threads.
 * A NULL future is answered by BASK_EINVAL everywhere.
 */
#ifndef BASK_FUTURE_H
#define BASK_FUTURE_H

#include "kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BASK_FOREVER INT64_C(-1)

/* The states; all but the first are final. */
typedef enum bask_state {
    BASK_PENDING = 0,  /* waiting or running */
    BASK_FINISHED = 1, /* the result is there */
    BASK_ERROR = 2,    /* the task, or one that it depends on, failed */
    BASK_CANCELLED = 3
} bask_state;

BASK_API bask_state bask_future_state(const bask_future *future); /* NULL: BASK_ERROR */
BASK_API bool bask_future_done(const bask_future *future);        /* in a final state? */

/*
 * The status of a done future (BASK_OK when finished), BASK_ETIMEDOUT while it is pending.
 * A task that failed has the status that it gave to bask_fail; one downstream has BASK_EUPSTREAM.
 */
BASK_API bask_status bask_future_status(const bask_future *future);

/*
 * Why the future failed or was cancelled: the culprit's kernel and message, or where there was no
 * memory for them a sentence that says what the status means; "" otherwise.
 * Owns: the future.
 */
BASK_API const char *bask_future_error(const bask_future *future);

/* The name of its task (task.h), or of the kernel whose result this is. Owns: the library, as long as
 * the future. */
BASK_API const char *bask_future_name(const bask_future *future);

/*
 * Waits for the result and copies it to PLACE, which points to a variable of the kernel's result
 * type; for a buffer, to a bask_span, which is then a view for as long as the future lives.
 * A host thread sleeps, so tasks may depend on what it does next (bask_compute_sync, bask_plan_run and
 * bask_invoke are the calls in which it helps).
 * A task may wait for any future, to any depth, also with one worker: it runs the awaited task itself
 * where that has not started, or its share of a graph that it has started itself, and nothing else;
 * while it blocks, another thread of the client works in its place. So waits that are not circular end.
 * Three things are not waited for but in vain: a node of the graph that the waiting task is a node of,
 * unless an edge leads to it; what the calling thread of sync:// and openmp:// was to run later; and,
 * where the system refuses another thread, what a task further down on the same stack must do first.
 * Returns the future's status (message: bask_last_error); BASK_ETYPE when PLACE has another type or
 * size; BASK_ECLOSED where it is pending while the client closes; BASK_EINVAL for NULLs. A kernel that
 * returns void has no result to read: bask_result_as(future, NULL, BASK_VOID, 0, timeout) waits and tells
 * how it went.
 */
#define bask_result(future, place)                                                                 \
    bask_result_as((future), (place), BASK_DTYPE_OF_(*(place)), sizeof *(place), BASK_FOREVER)

/* The same, waiting at most TIMEOUT_MS milliseconds (0: not at all): then BASK_ETIMEDOUT. */
#define bask_result_timeout(future, place, timeout_ms)                                             \
    bask_result_as((future), (place), BASK_DTYPE_OF_(*(place)), sizeof *(place), (timeout_ms))

BASK_API BASK_MUST_CHECK bask_status bask_result_as(bask_future *future, void *place,
                                                    bask_dtype dtype, size_t size,
                                                    int64_t timeout_ms);

typedef enum bask_wait_mode { BASK_ALL = 0, BASK_ANY = 1 } bask_wait_mode;

/*
 * Waits until all, or any one, of the N FUTURES are done, failed and cancelled ones included; at
 * most TIMEOUT_MS. WHICH (may be NULL) receives the position of a done one in BASK_ANY mode.
 * Returns BASK_OK, BASK_ETIMEDOUT, BASK_EINVAL (a NULL, or n is 0 with BASK_ANY), BASK_ECLOSED where
 * one is pending while its client closes, BASK_ENOMEM in BASK_ANY mode (the futures are as before).
 */
BASK_API BASK_MUST_CHECK bask_status bask_wait(bask_future *const *futures, size_t n,
                                               bask_wait_mode mode, int64_t timeout_ms,
                                               size_t *which);

/*
 * Has FN(FUTURE, DATA) called once when FUTURE is done, however it ends; at once where it is done
 * already. Calls come one after the other on a thread of the client's named "bask-callbacks", which the
 * first use starts, also on sync:// and openmp://. They come in the order in which the futures became
 * done, those of one future in the order of these calls.
 * FN is a host thread's code: it may submit, compute, cancel, free futures and ask for more callbacks.
 * It may wait too, but keeps all later callbacks waiting meanwhile, so never for what one of these is
 * to bring about. Owns: FUTURE is lent to FN, and lives at least until FN returns.
 * bask_close returns when all have been called; in those a closed client answers BASK_ECLOSED.
 * Returns BASK_EINVAL (a NULL), BASK_ECLOSED, BASK_ENOMEM, BASK_ESYSTEM (no thread); then FN is not
 * called.
 */
typedef void bask_done_fn(bask_future *future, void *data);
BASK_API BASK_MUST_CHECK bask_status bask_future_on_done(bask_future *future, bask_done_fn *fn,
                                                         void *data);

/*
 * Cancels: a pending future becomes BASK_CANCELLED at once, and everything that depends on it fails
 * with BASK_ECANCELLED. Its task, and the tasks that only it needs, do not start; a kernel that
 * runs already sees bask_cancelled() turn true, and its result is dropped. No effect on a done
 * future.
 */
BASK_API bask_status bask_cancel(bask_future *future);

/* One more handle on the same future; each is freed by bask_future_free. Returns FUTURE. */
BASK_API bask_future *bask_future_retain(bask_future *future);
BASK_API void bask_future_free(bask_future *future);

#ifdef __cplusplus
}
#endif
#endif

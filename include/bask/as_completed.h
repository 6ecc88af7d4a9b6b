/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Futures one after the other, as they become done, and how far many of them are.
 *
 *     bask_check(bask_as_completed_new(futures, n, &done));
 *     for (;;) {
 *         bask_future *future;
 *         bask_check(bask_as_completed_next(done, &future));
 *         if (!future)
 *             break;
 *         ... bask_result(future, &x) ...; perhaps bask_as_completed_add(done, another)
 *         bask_future_free(future);
 *     }
 *     bask_as_completed_free(done);
 *
 * Threads: any, hosts and tasks, several at once: each future goes to one of them.
 */
#ifndef BASK_AS_COMPLETED_H
#define BASK_AS_COMPLETED_H

#include "future.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bask_as_completed bask_as_completed;

/*
 * Makes an iterator over the N FUTURES (N may be 0: they are added later), which it retains; they may be
 * of several clients. A future that is named twice comes twice.
 * Returns BASK_EINVAL (a NULL), BASK_ENOMEM; then *ITERATOR is NULL. Owns: the caller.
 */
BASK_API BASK_MUST_CHECK bask_status bask_as_completed_new(bask_future *const *futures, size_t n,
                                                           bask_as_completed **iterator);

/* Adds FUTURE, at any time. Returns BASK_EINVAL (a NULL), BASK_ENOMEM; then it is not added. */
BASK_API BASK_MUST_CHECK bask_status bask_as_completed_add(bask_as_completed *iterator,
                                                           bask_future *future);

/*
 * Waits for the next future that is done, failed and cancelled ones included, as bask_result waits.
 * *FUTURE becomes NULL when all have been handed out; where others may add some, that can be too early an
 * end, so who takes one adds what comes of it before the next call.
 * Returns BASK_OK, BASK_EINVAL (a NULL). Owns: *FUTURE is a handle of the caller's, bask_future_free.
 */
#define bask_as_completed_next(iterator, future)                                                   \
    bask_as_completed_next_timeout((iterator), (future), BASK_FOREVER)

/* The same, waiting at most TIMEOUT_MS milliseconds (0: not at all): then BASK_ETIMEDOUT, with *FUTURE
 * NULL. */
BASK_API BASK_MUST_CHECK bask_status bask_as_completed_next_timeout(bask_as_completed *iterator,
                                                                    bask_future **future,
                                                                    int64_t timeout_ms);

/* How many futures have not been handed out yet, done or not. NULL: 0. */
BASK_API size_t bask_as_completed_left(bask_as_completed *iterator);

/* Frees ITERATOR, which nobody may be using; its futures go on. NULL is accepted. */
BASK_API void bask_as_completed_free(bask_as_completed *iterator);

/* ---- progress ---- */

typedef struct bask_progress {
    size_t total;
    size_t pending;
    size_t finished; /* the result is there */
    size_t failed;
    size_t cancelled;
} bask_progress;

/*
 * How far the N FUTURES are at this moment; each count may be a little behind. Costs nothing but a look at
 * each future, and tasks do nothing for it. NULLs count as finished: futures that were freed by then.
 * Threads: any, while nobody frees them; never blocks.
 */
BASK_API bask_progress bask_future_progress(bask_future *const *futures, size_t n);

#ifdef __cplusplus
}
#endif
#endif

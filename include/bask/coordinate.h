/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coordination across tasks: events, locks, semaphores, queues and variables, as Dask has them.
 *
 * All may be used by tasks and by host threads, of one client or several. A task that waits leaves its
 * worker's place to another thread (as with bask_blocking_begin), so that one worker is enough for
 * tasks that wait for each other; a wait for a node of the very graph that the waiting task belongs to
 * may be in vain all the same (future.h). Who waits is served in the order of coming.
 *
 * Waits: TIMEOUT_MS is in milliseconds; BASK_FOREVER: no limit, 0: not at all. All that may wait return
 *   BASK_OK
 *   BASK_ETIMEDOUT
 *   BASK_ECLOSED     the client is closed, or closes meanwhile: who waits then is woken
 *   BASK_ECANCELLED  the submitted task that waits was cancelled meanwhile (a task of a graph goes on
 *                    waiting, and then sees bask_cancelled)
 *   BASK_EINVAL      a NULL
 * with the message in bask_last_error; what a failed call would have done has not been done.
 *
 * Ownership: each object is made by its ..._new (NULL, with the message set, when the client is NULL or
 * closed or memory is short) and ended by its ..._free, before or after its client is closed. NULL is
 * accepted there. Undefined if somebody still uses it.
 * Threads: any.
 */
#ifndef BASK_COORDINATE_H
#define BASK_COORDINATE_H

#include "future.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- event: something that has happened, or not yet ---- */

typedef struct bask_event bask_event;

BASK_API bask_event *bask_event_new(bask_client *client); /* not set */
BASK_API void bask_event_free(bask_event *event);
/* Sets it, and wakes all who wait; unsets it. Return BASK_EINVAL for NULL. */
BASK_API bask_status bask_event_set(bask_event *event);
BASK_API bask_status bask_event_clear(bask_event *event);
BASK_API bool bask_event_is_set(const bask_event *event);
/* Returns once it is set. */
BASK_API BASK_MUST_CHECK bask_status bask_event_wait(bask_event *event, int64_t timeout_ms);

/* ---- semaphore: a number of leases; a lock is one of one lease ---- */

typedef struct bask_semaphore bask_semaphore;

/* With MAX_LEASES > 0, all of them free (BASK_EINVAL in the message otherwise). */
BASK_API bask_semaphore *bask_semaphore_new(bask_client *client, int64_t max_leases);
BASK_API void bask_semaphore_free(bask_semaphore *semaphore);
/* Waits for a lease and takes it. */
BASK_API BASK_MUST_CHECK bask_status bask_semaphore_acquire(bask_semaphore *semaphore,
                                                            int64_t timeout_ms);
/* Gives a lease back, to who waits the longest. Any thread or task may. Returns BASK_EINVAL for NULL, or
 * when none is taken. */
BASK_API bask_status bask_semaphore_release(bask_semaphore *semaphore);
/* How many are taken. */
BASK_API int64_t bask_semaphore_leases(const bask_semaphore *semaphore);

typedef struct bask_lock bask_lock;

BASK_API bask_lock *bask_lock_new(bask_client *client); /* free */
BASK_API void bask_lock_free(bask_lock *lock);
/* Not recursive: who holds it and acquires it again waits for itself. */
BASK_API BASK_MUST_CHECK bask_status bask_lock_acquire(bask_lock *lock, int64_t timeout_ms);
BASK_API bask_status bask_lock_release(bask_lock *lock);
BASK_API bool bask_lock_locked(const bask_lock *lock);

/* ---- queue and variable: values and futures between tasks ---- */

/*
 * A value has at most 16 bytes and one of the types that kernels take by value; PLACE points to a
 * variable of it. The type that is asked for must be the one that was given, otherwise BASK_ETYPE, and
 * the value stays. A future that is given is retained; who gets it owns a handle (bask_future_free).
 */
typedef struct bask_queue bask_queue;

/* Of at most MAX_SIZE values; 0: of any number. */
BASK_API bask_queue *bask_queue_new(bask_client *client, size_t max_size);
BASK_API void bask_queue_free(bask_queue *queue); /* with what is left in it */
BASK_API size_t bask_queue_size(const bask_queue *queue);

/* Appends; waits while it is full. Also BASK_ENOMEM, and BASK_ETYPE for a value of another size. */
#define bask_queue_put(queue, place, timeout_ms)                                                   \
    bask_queue_put_as((queue), (place), BASK_DTYPE_OF_(*(place)), sizeof *(place), (timeout_ms))
/* Takes the oldest; waits while it is empty. Also BASK_ETYPE. */
#define bask_queue_get(queue, place, timeout_ms)                                                   \
    bask_queue_get_as((queue), (place), BASK_DTYPE_OF_(*(place)), sizeof *(place), (timeout_ms))
BASK_API BASK_MUST_CHECK bask_status bask_queue_put_as(bask_queue *queue, const void *place,
                                                       bask_dtype dtype, size_t size,
                                                       int64_t timeout_ms);
BASK_API BASK_MUST_CHECK bask_status bask_queue_get_as(bask_queue *queue, void *place,
                                                       bask_dtype dtype, size_t size,
                                                       int64_t timeout_ms);
BASK_API BASK_MUST_CHECK bask_status bask_queue_put_future(bask_queue *queue, bask_future *future,
                                                           int64_t timeout_ms);
BASK_API BASK_MUST_CHECK bask_status bask_queue_get_future(bask_queue *queue, bask_future **future,
                                                           int64_t timeout_ms);

typedef struct bask_variable bask_variable;

BASK_API bask_variable *bask_variable_new(bask_client *client); /* without a value */
BASK_API void bask_variable_free(bask_variable *variable);
/* Sets it, in place of what it had. Returns BASK_OK, BASK_EINVAL, BASK_ETYPE. */
#define bask_variable_set(variable, place)                                                         \
    bask_variable_set_as((variable), (place), BASK_DTYPE_OF_(*(place)), sizeof *(place))
/* Reads it; waits for its first value. Also BASK_ETYPE. */
#define bask_variable_get(variable, place, timeout_ms)                                             \
    bask_variable_get_as((variable), (place), BASK_DTYPE_OF_(*(place)), sizeof *(place),           \
                         (timeout_ms))
BASK_API bask_status bask_variable_set_as(bask_variable *variable, const void *place,
                                          bask_dtype dtype, size_t size);
BASK_API BASK_MUST_CHECK bask_status bask_variable_get_as(bask_variable *variable, void *place,
                                                          bask_dtype dtype, size_t size,
                                                          int64_t timeout_ms);
BASK_API bask_status bask_variable_set_future(bask_variable *variable, bask_future *future);
BASK_API BASK_MUST_CHECK bask_status bask_variable_get_future(bask_variable *variable,
                                                              bask_future **future,
                                                              int64_t timeout_ms);

#ifdef __cplusplus
}
#endif
#endif

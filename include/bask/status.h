/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status codes and error messages.
 *
 * Every call that can fail returns a bask_status, or NULL where it returns an object. BASK_OK is 0.
 * The message that explains a failure names the thing and the value at fault; it is kept for the
 * calling thread (bask_last_error) and, where an object failed, with that object as well
 * (bask_future_error).
 */
#ifndef BASK_STATUS_H
#define BASK_STATUS_H

#include <stdio.h>
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BASK_API __attribute__((visibility("default")))
#define BASK_MUST_CHECK __attribute__((warn_unused_result))
#define BASK_PRINTF(fmt, first) __attribute__((__format__(__printf__, fmt, first)))

/* The one table of statuses: X(name, value, sentence). */
#define BASK_STATUS_TABLE(X)                                                                       \
    X(BASK_OK, 0, "success")                                                                       \
    X(BASK_EINVAL, 1, "an argument is invalid")                                                    \
    X(BASK_ENOMEM, 2, "out of memory")                                                             \
    X(BASK_EADDRESS, 3, "the cluster address is invalid")                                          \
    X(BASK_ETYPE, 4, "a value has another type or size than the one asked for")                    \
    X(BASK_EKERNEL, 5, "a kernel failed")                                                          \
    X(BASK_EUPSTREAM, 6, "a task that this one depends on failed")                                 \
    X(BASK_ECANCELLED, 7, "the task was cancelled")                                                \
    X(BASK_ETIMEDOUT, 8, "the time limit passed")                                                  \
    X(BASK_ECLOSED, 9, "the client is closed")                                                     \
    X(BASK_ECLIENT, 10, "the object belongs to another client")                                    \
    X(BASK_ENOTFOUND, 11, "there is no such thing")                                                \
    X(BASK_EEXIST, 12, "another thing has this name already")                                      \
    X(BASK_ESYSTEM, 13, "the operating system refused a request")                                  \
    X(BASK_EUNSUPPORTED, 14, "not supported here")                                                 \
    X(BASK_EIO, 15, "input or output failed")

typedef enum bask_status {
#define BASK_STATUS_ENUM_(name, value, sentence) name = value,
    BASK_STATUS_TABLE(BASK_STATUS_ENUM_)
#undef BASK_STATUS_ENUM_
} bask_status;

/* The name of a status ("BASK_ENOMEM"); "BASK_E?" for a value outside the table. Any thread. */
BASK_API const char *bask_status_name(bask_status status);

/* The sentence of a status ("out of memory"). Any thread. */
BASK_API const char *bask_status_text(bask_status status);

/*
 * The message of the last bask call that failed on this thread, "" when none has.
 * Owns: the library; the text is good until the next failing call on the same thread.
 * Threads: any, each has its own message.
 */
BASK_API const char *bask_last_error(void);

/*
 * For programs that want to stop at the first error: when STATUS is not BASK_OK, prints file, line,
 * status and message on stderr and exits with EXIT_FAILURE. The library itself never prints or
 * exits.
 */
#define bask_check(status) bask_check_((status), __FILE__, __LINE__)

static inline void bask_check_(bask_status status, const char *file, int line)
{
    if (status != BASK_OK) {
        fprintf(stderr, "%s:%d: %s: %s\n", file, line, bask_status_name(status), bask_last_error());
        exit(EXIT_FAILURE);
    }
}

#ifdef __cplusplus
}
#endif
#endif

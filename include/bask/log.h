/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines of the library. The library hands each line to the program's callback. Until the program
 * sets one, the environment decides: BASK_LOG=error, warning, info or debug sends lines up to that
 * level to stderr; unset, the library prints nothing, and a line costs one predictable branch.
 */
#ifndef BASK_LOG_H
#define BASK_LOG_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum bask_log_level {
    BASK_LOG_ERROR = 0,
    BASK_LOG_WARNING = 1,
    BASK_LOG_INFO = 2,
    BASK_LOG_DEBUG = 3
} bask_log_level;

/* Receives one line without a line end. Called on the thread that logs, maybe on
 * several at once. */
typedef void bask_log_fn(bask_log_level level, const char *line, void *user);

/*
 * Sends lines up to LEVEL to CALLBACK with USER; NULL turns logging off. Threads: any, but lines
 * that are being written at that moment may still reach the former callback.
 */
BASK_API void bask_log_to(bask_log_fn *callback, void *user, bask_log_level level);

/* Logs a printf-formatted line of at most 1023 bytes (longer ones are cut). Any thread. */
BASK_API void bask_log(bask_log_level level, const char *format, ...) BASK_PRINTF(2, 3);

/* The name of a level: "error", "warning", "info", "debug". */
BASK_API const char *bask_log_level_name(bask_log_level level);

#ifdef __cplusplus
}
#endif
#endif

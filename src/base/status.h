/* SPDX-License-Identifier: Apache-2.0 */
/* Setting the calling thread's error message. */
#ifndef BASK_BASE_STATUS_H
#define BASK_BASE_STATUS_H

#include <bask/status.h>
#include <stdarg.h>

/* Sets the thread's message, formatted (cut at 511 bytes), and returns STATUS. */
bask_status status_set(bask_status status, const char *format, ...) BASK_PRINTF(2, 3)
    __attribute__((cold));
bask_status status_set_v(bask_status status, const char *format, va_list args);

#endif

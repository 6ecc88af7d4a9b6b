/* SPDX-License-Identifier: Apache-2.0 */
/* Monotonic time. */
#ifndef BASK_BASE_CLOCK_H
#define BASK_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The moment TIMEOUT_MS from now; INT64_MAX for a negative (no limit) or very long timeout. */
static inline int64_t clock_deadline(int64_t timeout_ms)
{
    if (timeout_ms < 0 || timeout_ms > INT64_MAX / 2000000)
        return INT64_MAX;
    return clock_ns() + timeout_ms * 1000000;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The two futex operations, on words private to this process. */
#ifndef BASK_POOL_FUTEX_H
#define BASK_POOL_FUTEX_H

#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Sleeps while *WORD is VALUE, at most until DEADLINE (clock_ns; INT64_MAX: for ever). May return
 * early. */
static inline void futex_wait(_Atomic uint32_t *word, uint32_t value, int64_t deadline)
{
    struct timespec at = {deadline / 1000000000, deadline % 1000000000};
    /* the BITSET form takes an absolute time of CLOCK_MONOTONIC */
    syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value, deadline == INT64_MAX ? NULL : &at,
            NULL, FUTEX_BITSET_MATCH_ANY);
}

/* Wakes up to COUNT sleepers. The word may be gone already: then nobody is woken, or
 * one in vain. */
static inline void futex_wake(_Atomic uint32_t *word, int count)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

#endif

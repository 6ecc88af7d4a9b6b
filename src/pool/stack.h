/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much is left of the calling thread's stack. Tasks that wait for tasks run those on top of
 * themselves, to any depth: where the stack runs short, the next one goes on on another thread's.
 */
#ifndef BASK_POOL_STACK_H
#define BASK_POOL_STACK_H

#include <stdbool.h>
#include <stdint.h>

/* The lowest address of the thread's stack, and how many bytes above it are kept for the kernels that
 * run there: a quarter of it, but no more than STACK_RESERVE. Both 0: not known. */
typedef struct stack_bounds {
    uintptr_t low, reserve;
} stack_bounds;

enum { STACK_RESERVE = 2 << 20 };

extern __thread stack_bounds stack_own __attribute__((tls_model("initial-exec")));

/* Finds the bounds of the calling thread, which takes some 10 us the first time. */
void stack_measure(void);

/* False where the bounds are not known, or the thread runs on a stack of somebody else's making. */
static inline bool stack_short(void)
{
    return (uintptr_t)__builtin_frame_address(0) - stack_own.low < stack_own.reserve;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers that are the same in every run; each thread has a state of its own. */
#ifndef TESTS_SUPPORT_DRAW_H
#define TESTS_SUPPORT_DRAW_H

#include <stdint.h>

#define DRAW_SEED UINT64_C(88172645463325252)

/* One of 0 .. n-1. STATE begins at anything but 0. */
static inline unsigned draw(uint64_t *state, unsigned n)
{
    *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
    return (unsigned)(*state >> 20) % n;
}

#endif

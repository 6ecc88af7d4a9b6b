/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For stress tests: plain programs that print TAP themselves, so that sanitizers and valgrind see one
 * process and nothing else. BASK_STRESS is the per cent of the usual rounds that are to be done.
 */
#ifndef TESTS_SUPPORT_STRESS_H
#define TESTS_SUPPORT_STRESS_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static inline int stress_rounds(int usual)
{
    const char *text = getenv("BASK_STRESS");
    double percent = text ? atof(text) : 100;
    int rounds = (int)(usual * percent / 100);
    return rounds > 0 ? rounds : 1;
}

/* A fault found in any thread: says so at once and ends the program, for a hang often follows. */
static inline void stress_check(bool good, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline void stress_check(bool good, const char *format, ...)
{
    if (good)
        return;
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    printf("Bail out! %s\n", text);
    fflush(stdout);
    abort();
}

/* Reports a test that came through. */
static inline void stress_passed(const char *name)
{
    static int number;
    printf("ok %d - %s\n", ++number, name);
    fflush(stdout);
}

static inline void stress_plan(int tests)
{
    printf("1..%d\n", tests);
    fflush(stdout);
}

typedef struct stress_random {
    uint32_t state;
} stress_random;

/* A number from 0 to LIMIT - 1. */
static inline uint32_t stress_below(stress_random *r, uint32_t limit)
{
    r->state ^= r->state << 13;
    r->state ^= r->state >> 17;
    r->state ^= r->state << 5;
    return (uint32_t)((uint64_t)r->state * limit >> 32);
}

#endif

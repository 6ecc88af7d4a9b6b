/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fuzz target reads its program or text from bytes. libFuzzer calls it with bytes of its own; in
 * ordinary builds replay.c calls it with the corpus and with random ones.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct bytes {
    const uint8_t *next, *end;
} bytes;

/* The next one; 0 when there is none left. */
static inline uint8_t byte(bytes *b)
{
    return b->next < b->end ? *b->next++ : 0;
}

/* Says what is wrong and ends the program, which keeps the input. */
static inline void fuzz_check(bool good, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline void fuzz_check(bool good, const char *format, ...)
{
    if (good)
        return;
    va_list args;
    va_start(args, format);
    fputs("# ", stderr);
    vfprintf(stderr, format, args);
    fputs("\n", stderr);
    va_end(args);
    abort();
}

#endif

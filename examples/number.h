/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as they stand in a data file: 64-bit integers without any loss, decimals beside them.
 *
 * A whole number is held exactly however it is written: 81000, 81000.0, 8.1e4. Any other is held as
 * a double, unless it is so large (2^53 and more) that a double has no room for its fraction: then
 * the fraction is dropped. So a double here is never larger than 2^53, and comparing it with an
 * integer that is converted to double is exact.
 */
#ifndef EXAMPLES_NUMBER_H
#define EXAMPLES_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum number_kind {
    NUMBER_MISSING = 0,
    NUMBER_INTEGER,
    NUMBER_DISTANCE, /* of two integers: it may need all 64 bits */
    NUMBER_DECIMAL
} number_kind;

/* Small enough to be the value of a kernel. */
typedef struct number {
    number_kind kind;
    union {
        int64_t integer;
        uint64_t distance;
        double decimal;
    } as;
} number;

typedef enum number_fault { NUMBER_OK, NUMBER_NONE, NUMBER_BEYOND } number_fault;

/*
 * Reads the SIZE bytes at TEXT, behind which a NUL must follow; blanks around the number are
 * ignored. Nothing, NaN, NA and null (in any case) are a missing value. NUMBER_NONE: it is no
 * decimal number; NUMBER_BEYOND: it is outside the range of int64.
 */
number_fault number_read(const char *text, size_t size, number *value);

/* For integers and decimals. */
bool number_less(number a, number b);

/* A - B, where B is not larger. Exact for two integers (up to 2^64 - 1), else rounded to double. */
number number_distance(number a, number b);

/* The same kind and the same value. */
bool number_same(number a, number b);

/* Integers without a point; decimals with the first of 15, 16, 17 digits that give them again. */
void number_print(FILE *to, number value);

#endif

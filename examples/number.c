/* SPDX-License-Identifier: Apache-2.0 */
#include "number.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DECIMAL_BITS = 53 }; /* of a double's significand */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_missing(const char *text, size_t size)
{
    static const char *const words[] = {"", "nan", "na", "null"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (size == strlen(words[i]) && strncasecmp(text, words[i], size) == 0)
            return true;
    return false;
}

/* ---- reading ---- */

/* The parts of a decimal number. */
typedef struct parts {
    bool negative;
    const char *digits, *digits_end; /* maybe with a point among them, which does not count */
    int64_t point;                   /* how many of the digits are before the decimal point */
} parts;

/* [eE][+-]digits; exponents that no file has room to undo are cut to one such. */
static const char *scan_exponent(const char *p, const char *end, int64_t *exponent)
{
    const int64_t limit = INT64_C(1000000000000000);
    const char *start = p++;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '+' || *p == '-'))
        p++;
    if (p == end || !is_digit(*p))
        return start;
    for (; p < end && is_digit(*p); p++)
        if (*exponent < limit)
            *exponent = *exponent * 10 + (*p - '0');
    if (negative)
        *exponent = -*exponent;
    return p;
}

static bool scan(const char *p, const char *end, parts *n)
{
    n->negative = p < end && *p == '-';
    if (p < end && (*p == '+' || *p == '-'))
        p++;
    n->digits = p;
    n->point = 0;
    size_t digits = 0;
    const char *dot = NULL;
    for (; p < end && (is_digit(*p) || (*p == '.' && !dot)); p++) {
        if (*p == '.') {
            dot = p;
        } else {
            digits++;
            n->point += !dot;
        }
    }
    n->digits_end = p;
    int64_t exponent = 0;
    if (digits && p < end && (*p == 'e' || *p == 'E'))
        p = scan_exponent(p, end, &exponent);
    n->point += exponent;
    return digits && p == end;
}

static bool append_digit(uint64_t *magnitude, int digit)
{
    return !__builtin_mul_overflow(*magnitude, 10, magnitude) &&
           !__builtin_add_overflow(*magnitude, (uint64_t)digit, magnitude);
}

/* Cuts the number at its point; false: the part before does not even fit uint64. */
static bool split(const parts *n, uint64_t *magnitude, bool *fraction)
{
    *magnitude = 0;
    *fraction = false;
    int64_t i = 0;
    for (const char *p = n->digits; p < n->digits_end; p++) {
        if (*p == '.')
            continue;
        if (i++ >= n->point)
            *fraction |= *p != '0';
        else if (!append_digit(magnitude, *p - '0'))
            return false;
    }
    for (; i < n->point && *magnitude; i++)
        if (!append_digit(magnitude, 0))
            return false;
    return true;
}

number_fault number_read(const char *text, size_t size, number *value)
{
    const char *end = text + size;
    while (text < end && is_blank(*text))
        text++;
    while (end > text && is_blank(end[-1]))
        end--;
    *value = (number){NUMBER_MISSING, {0}};
    if (is_missing(text, (size_t)(end - text)))
        return NUMBER_OK;

    parts n;
    uint64_t magnitude;
    bool fraction;
    if (!scan(text, end, &n))
        return NUMBER_NONE;
    if (!split(&n, &magnitude, &fraction))
        return NUMBER_BEYOND;
    uint64_t limit = (uint64_t)INT64_MAX + n.negative;
    if (magnitude > limit || (magnitude == limit && fraction))
        return NUMBER_BEYOND;

    if (fraction && magnitude < UINT64_C(1) << DECIMAL_BITS) {
        value->kind = NUMBER_DECIMAL;
        value->as.decimal = strtod(text, NULL);
    } else {
        value->kind = NUMBER_INTEGER;
        value->as.integer = (int64_t)(n.negative ? -magnitude : magnitude);
    }
    return NUMBER_OK;
}

/* ---- using ---- */

static double as_double(number n)
{
    return n.kind == NUMBER_INTEGER ? (double)n.as.integer : n.as.decimal;
}

bool number_less(number a, number b)
{
    if (a.kind == NUMBER_INTEGER && b.kind == NUMBER_INTEGER)
        return a.as.integer < b.as.integer;
    return as_double(a) < as_double(b);
}

number number_distance(number a, number b)
{
    if (a.kind == NUMBER_INTEGER && b.kind == NUMBER_INTEGER)
        return (number){NUMBER_DISTANCE,
                        {.distance = (uint64_t)a.as.integer - (uint64_t)b.as.integer}};
    return (number){NUMBER_DECIMAL, {.decimal = as_double(a) - as_double(b)}};
}

bool number_same(number a, number b)
{
    return a.kind == b.kind && memcmp(&a.as, &b.as, sizeof a.as) == 0;
}

void number_print(FILE *to, number value)
{
    switch (value.kind) {
    case NUMBER_MISSING:
        fputs("NA", to);
        break;
    case NUMBER_INTEGER:
        fprintf(to, "%" PRId64, value.as.integer);
        break;
    case NUMBER_DISTANCE:
        fprintf(to, "%" PRIu64, value.as.distance);
        break;
    case NUMBER_DECIMAL: {
        char text[32];
        int digits = 15;
        do
            snprintf(text, sizeof text, "%.*g", digits, value.as.decimal);
        while (strtod(text, NULL) != value.as.decimal && ++digits <= 17);
        fputs(text, to);
        break;
    }
    }
}

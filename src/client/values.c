/* SPDX-License-Identifier: Apache-2.0 */
/* Results of any type: as text, and packed. */
#include "base/status.h"
#include "client/core.h"
#include "graph/type.h"
#include <inttypes.h>
#include <string.h>

/* ---- text ---- */

static void print_span(bask_span span, FILE *to)
{
    object o = object_of(span);
    if (!o.type)
        fprintf(to, "%zu bytes", span.size);
    else if (o.type->print)
        o.type->print(o.object, to);
    else
        fprintf(to, "%s (%zu bytes)", o.type->name, o.type->object_size);
}

/* With the fewest digits, of at least LEAST, that give the same number when they are read. */
static void print_double(double x, int least, bool single, FILE *to)
{
    char text[40];
    for (int digits = least;; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        double again = single ? (double)strtof(text, NULL) : strtod(text, NULL);
        if (again == x || x != x || digits == least + 3)
            break;
    }
    fputs(text, to);
}

#define PRINT_AS(type, format)                                                                     \
    do {                                                                                           \
        type x;                                                                                    \
        memcpy(&x, value, sizeof x);                                                               \
        fprintf(to, "%" format, x);                                                                \
    } while (0)

static void print_float(const void *value, FILE *to)
{
    float x;
    memcpy(&x, value, sizeof x);
    print_double((double)x, 6, true, to);
}

static void print_float64(const void *value, FILE *to)
{
    double x;
    memcpy(&x, value, sizeof x);
    print_double(x, 15, false, to);
}

static void print_value(const void *value, const bask_param *p, FILE *to)
{
    bask_span span;
    /* clang-format off */
    switch (p->dtype) {
    case BASK_VOID: break;
    case BASK_OTHER: fprintf(to, "%s (%zu bytes)", p->type, p->size); break;
    case BASK_BOOL: fputs(*(const bool *)value ? "true" : "false", to); break;
    case BASK_INT8: PRINT_AS(int8_t, PRId8); break;
    case BASK_UINT8: PRINT_AS(uint8_t, PRIu8); break;
    case BASK_INT16: PRINT_AS(int16_t, PRId16); break;
    case BASK_UINT16: PRINT_AS(uint16_t, PRIu16); break;
    case BASK_INT32: PRINT_AS(int32_t, PRId32); break;
    case BASK_UINT32: PRINT_AS(uint32_t, PRIu32); break;
    case BASK_INT64: PRINT_AS(int64_t, PRId64); break;
    case BASK_UINT64: PRINT_AS(uint64_t, PRIu64); break;
    case BASK_FLOAT32: print_float(value, to); break;
    case BASK_FLOAT64: print_float64(value, to); break;
    case BASK_SPAN: memcpy(&span, value, sizeof span); print_span(span, to); break;
    }
    /* clang-format on */
}

static bask_status written(FILE *to)
{
    if (!ferror(to))
        return BASK_OK;
    return status_set(BASK_EIO, "the value cannot be printed: the file cannot be written");
}

bask_status bask_print(bask_span span, FILE *to)
{
    if (!to)
        return status_set(BASK_EINVAL, "bask_print: the file is NULL");
    print_span(span, to);
    return written(to);
}

/* Waits for the result of F and stores it at VALUE; a buffer's as a span. */
static bask_status await_value(bask_future *f, const char *call, unsigned char *value)
{
    if (!f)
        return status_set(BASK_EINVAL, "%s: the future is NULL", call);
    const bask_param *r = &f->promise.kernel->result;
    return bask_result_as(f, value, r->dtype, r->dtype == BASK_SPAN ? sizeof(bask_span) : r->size,
                          BASK_FOREVER);
}

static bask_status print_future(bask_future *f, const char *call, FILE *to)
{
    _Alignas(BASK_MAX_VALUE) unsigned char value[BASK_MAX_VALUE];
    bask_status status = await_value(f, call, value);
    if (status != BASK_OK)
        return status;
    print_value(value, &f->promise.kernel->result, to);
    return written(to);
}

bask_status bask_future_print(bask_future *f, FILE *to)
{
    if (!to)
        return status_set(BASK_EINVAL, "bask_future_print: the file is NULL");
    return print_future(f, "bask_future_print", to);
}

bask_status bask_future_text(bask_future *f, char *text, size_t room, size_t *length)
{
    if (length)
        *length = 0;
    if (!text && room)
        return status_set(BASK_EINVAL, "bask_future_text: the text is NULL");
    if (room)
        text[0] = '\0';
    char *all = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&all, &size);
    bask_status status = BASK_ENOMEM;
    if (to) {
        status = print_future(f, "bask_future_text", to);
        if (fclose(to) != 0 || status == BASK_EIO)
            status = BASK_ENOMEM; /* there is no file that could fail otherwise */
    }
    if (status == BASK_ENOMEM && (!f || f->promise.status == BASK_OK)) {
        status_set(BASK_ENOMEM, "bask_future_text: no memory for the text");
    } else if (status == BASK_OK) {
        size_t fits = size < room ? size : room ? room - 1 : 0;
        if (room) {
            memcpy(text, all, fits);
            text[fits] = '\0';
        }
        if (length)
            *length = size;
    }
    free(all);
    return status;
}

/* ---- bytes ---- */

bask_status bask_future_pack(bask_future *f, bask_buffer **packed)
{
    _Alignas(BASK_MAX_VALUE) unsigned char value[BASK_MAX_VALUE];
    if (!packed)
        return status_set(BASK_EINVAL, "bask_future_pack: the place for the bytes is NULL");
    *packed = NULL;
    bask_status status = await_value(f, "bask_future_pack", value);
    if (status != BASK_OK)
        return status;
    const bask_param *r = &f->promise.kernel->result;
    bask_span span = {value, r->size};
    if (r->dtype == BASK_SPAN)
        memcpy(&span, value, sizeof span);
    return bask_pack(span, packed);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* libcsv does not say where in the file it is, so it is fed line by line. */
#include "laps.h"

#include <csv.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

enum { SHOWN_BYTES = 40, FAULT_BYTES = 256, NO_COLUMN = -1 };

typedef enum used_column { DRIVER, MILLISECONDS, USED_COLUMNS } used_column;

static const char *const column_names[USED_COLUMNS] = {"driverId", "milliseconds"};

typedef struct reader {
    laps *laps;
    size_t capacity;
    bask_status status;

    size_t line;       /* the one that the parser sees, from 1 */
    size_t row_line;   /* where the row began */
    size_t field_line; /* where the field began */
    bool in_row;

    size_t columns;            /* of the header, 0 while it is read */
    long column[USED_COLUMNS]; /* from 0, or NO_COLUMN */
    size_t rows;               /* below the header */

    size_t field; /* how many of the row are complete */
    number value[USED_COLUMNS];
    size_t fault_line; /* of the row's first wrong value; 0: all are right */
    char fault[FAULT_BYTES];
} reader;

static void fail(reader *r, size_t line, const char *format, ...) BASK_PRINTF(3, 4);

/* Only the first fault counts. */
static void fail(reader *r, size_t line, const char *format, ...)
{
    if (r->status != BASK_OK)
        return;
    char text[FAULT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    r->laps->line = line;
    r->status = bask_fail(BASK_EIO, "%s", text);
}

/* ---- the header ---- */

static void header_field(reader *r, const char *text, size_t size)
{
    size_t mark = strlen(BYTE_ORDER_MARK);
    if (r->field == 0 && size >= mark && memcmp(text, BYTE_ORDER_MARK, mark) == 0) {
        text += mark;
        size -= mark;
    }
    for (int c = 0; c < USED_COLUMNS; c++) {
        if (size != strlen(column_names[c]) || memcmp(text, column_names[c], size) != 0)
            continue;
        if (r->column[c] != NO_COLUMN)
            fail(r, r->field_line, "two columns are named \"%s\"", column_names[c]);
        r->column[c] = (long)r->field;
    }
}

static void header_end(reader *r)
{
    for (int c = 0; c < USED_COLUMNS; c++)
        if (r->column[c] == NO_COLUMN)
            fail(r, r->row_line, "there is no column \"%s\"", column_names[c]);
    r->columns = r->field;
}

/* ---- rows ---- */

/* TEXT as it can stand in one line of a message. */
static const char *shown(const char *text, size_t size, char *place, size_t capacity)
{
    size_t used = 0;
    for (size_t i = 0; i < size && i < SHOWN_BYTES; i++) {
        bool plain = text[i] >= ' ' && text[i] <= '~';
        used += (size_t)snprintf(place + used, capacity - used, plain ? "%c" : "\\x%02X",
                                 (unsigned char)text[i]);
    }
    snprintf(place + used, capacity - used, "%s", size > SHOWN_BYTES ? "..." : "");
    return place;
}

/* A wrong number of fields explains a wrong value better than the value does: see row_end. */
static void row_field(reader *r, const char *text, size_t size)
{
    for (int c = 0; c < USED_COLUMNS; c++) {
        if (r->column[c] != (long)r->field)
            continue;
        number_fault fault = number_read(text, size, &r->value[c]);
        if (fault == NUMBER_OK || r->fault_line)
            continue;
        char value[4 * SHOWN_BYTES + sizeof "..."];
        r->fault_line = r->field_line;
        snprintf(r->fault, sizeof r->fault, "%s \"%s\" is %s", column_names[c],
                 shown(text, size, value, sizeof value),
                 fault == NUMBER_BEYOND ? "beyond a 64-bit integer" : "not a number");
    }
}

static void append(reader *r, lap lap)
{
    laps *l = r->laps;
    if (l->n == r->capacity) {
        size_t more = r->capacity ? 2 * r->capacity : 1024;
        struct lap *rows = reallocarray(l->rows, more, sizeof *rows);
        if (!rows) {
            fail(r, r->row_line, "out of memory");
            return;
        }
        l->rows = rows;
        r->capacity = more;
    }
    l->rows[l->n++] = lap;
}

static void row_end(reader *r)
{
    r->rows++;
    if (r->field != r->columns)
        fail(r, r->row_line, "%zu field%s, but the header has %zu", r->field,
             r->field == 1 ? "" : "s", r->columns);
    else if (r->fault_line)
        fail(r, r->fault_line, "%s", r->fault);
    else if (r->value[DRIVER].kind == NUMBER_INTEGER)
        append(r, (lap){r->value[DRIVER].as.integer, r->value[MILLISECONDS]});
}

/* ---- the parser ---- */

static void on_field(void *text, size_t size, void *user)
{
    reader *r = user;
    if (r->columns)
        row_field(r, text, size);
    else
        header_field(r, text, size);
    r->field++;
    r->field_line = r->line;
}

static void on_row_end(int terminator, void *user)
{
    (void)terminator;
    reader *r = user;
    if (r->columns)
        row_end(r);
    else
        header_end(r);
    r->in_row = false;
}

/* RFC 4180: "Spaces are considered part of a field and should not be ignored." */
static int is_ignored(unsigned char c)
{
    (void)c;
    return 0;
}

static void parse_line(reader *r, struct csv_parser *csv, const char *text, size_t size)
{
    r->line++;
    if (!r->in_row) {
        size_t blank = 0;
        while (blank < size && memchr(" \t\r\n", text[blank], 4))
            blank++;
        if (blank == size)
            return;
        r->in_row = true;
        r->row_line = r->field_line = r->line;
        r->field = 0;
        r->fault_line = 0;
    }
    if (csv_parse(csv, text, size, on_field, on_row_end, r) == size)
        return;
    if (csv_error(csv) == CSV_EPARSE)
        fail(r, r->field_line, "field %zu has a quote in the wrong place", r->field + 1);
    else
        fail(r, r->field_line, "%s", csv_strerror(csv_error(csv)));
}

/* TEXT ends with a line feed or the file; a CR that no LF follows ends a line, too. */
static void parse_lines(reader *r, struct csv_parser *csv, const char *text, size_t size)
{
    while (size && r->status == BASK_OK) {
        const char *cr = memchr(text, '\r', size);
        size_t length = cr ? (size_t)(cr - text) + 1 : size;
        if (length < size && text[length] == '\n')
            length++;
        parse_line(r, csv, text, length);
        text += length;
        size -= length;
    }
}

static void parse_file(reader *r, struct csv_parser *csv, FILE *file)
{
    char *text = NULL;
    size_t capacity = 0, mark = strlen(BYTE_ORDER_MARK);
    bool first = true;
    for (ssize_t n; r->status == BASK_OK && (n = getline(&text, &capacity, file)) > 0;) {
        bool marked = first && (size_t)n >= mark && memcmp(text, BYTE_ORDER_MARK, mark) == 0;
        size_t skipped = marked ? mark : 0;
        parse_lines(r, csv, text + skipped, (size_t)n - skipped);
        first = false;
    }
    if (r->status == BASK_OK && !feof(file))
        fail(r, 0, "%s", strerror(errno));
    free(text);
    if (r->status == BASK_OK && csv_fini(csv, on_field, on_row_end, r) != 0)
        fail(r, r->field_line, "the quotes of field %zu are never closed", r->field + 1);
    if (r->columns == 0)
        fail(r, r->line ? r->line : 1, "the file is empty");
    if (r->rows == 0)
        fail(r, r->line, "there is a header, but no row");
}

bask_status laps_read(const char *path, laps *laps)
{
    *laps = (struct laps){0};
    FILE *file = fopen(path, "re");
    if (!file)
        return bask_fail(BASK_EIO, "%s", strerror(errno));
    reader r = {.laps = laps, .column = {NO_COLUMN, NO_COLUMN}};
    struct csv_parser csv;
    csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL);
    csv_set_space_func(&csv, is_ignored);
    parse_file(&r, &csv, file);
    csv_free(&csv);
    fclose(file);
    if (r.status == BASK_OK)
        laps->line = r.line;
    else
        laps_free(laps);
    return r.status;
}

void laps_free(laps *laps)
{
    free(laps->rows);
    laps->rows = NULL;
    laps->n = 0;
}

void laps_explain(const char *path, const laps *laps)
{
    if (laps->line)
        fprintf(stderr, "%s:%zu: %s\n", path, laps->line, bask_last_error());
    else
        fprintf(stderr, "%s: %s\n", path, bask_last_error());
}

/* ---- the command line ---- */

static bool read_driver(const char *text, int64_t *driver)
{
    if (text[strspn(text, "+-0123456789")] != '\0') /* strtoll would skip leading blanks */
        return false;
    char *end;
    errno = 0;
    *driver = strtoll(text, &end, 10);
    return end != text && *end == '\0' && errno == 0;
}

bool laps_from_options(const char *program, const options *options, laps *laps, int64_t *driver)
{
    *driver = 20;
    if (options->own && !read_driver(options->own, driver)) {
        fprintf(stderr, "%s: --driver \"%s\" is not a 64-bit integer\n", program, options->own);
        return false;
    }
    if (!options->input) {
        fprintf(stderr,
                "%s: --input is missing; \"tools/make-data DIRECTORY\" writes DIRECTORY/"
                "f1_laptime.csv, which will do\n",
                program);
        return false;
    }
    if (laps_read(options->input, laps) != BASK_OK) {
        laps_explain(options->input, laps);
        return false;
    }
    return true;
}

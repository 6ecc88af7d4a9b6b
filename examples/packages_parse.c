/* SPDX-License-Identifier: Apache-2.0 */
#include "packages_parse.h"

#include <strings.h>

typedef enum field { PACKAGE, SECTION, INSTALLED_SIZE, KNOWN, OTHER = KNOWN } field;

static const struct {
    const char *name;
    size_t length;
} fields[KNOWN] = {{"Package", 7}, {"Section", 7}, {"Installed-Size", 14}};

/* A part of the text, such as a line without its end. */
typedef struct piece {
    const char *start, *end;
} piece;

/* The record that is being read. */
typedef struct record {
    const char *start;     /* its first line; NULL: no record has begun */
    const char *at[KNOWN]; /* the line of each field; NULL: not seen yet */
    field last;            /* what a continuation line goes on with */
    section counts;
} record;

typedef struct reader {
    record record;
    section_table table;
    const char *bad; /* the line at fault */
} reader;

static bask_status reject(reader *r, const char *line, const char *what, const char *why)
{
    r->bad = line;
    return bask_fail(BASK_EINVAL, "%s %s", what, why);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static piece trim(piece p)
{
    while (p.start < p.end && is_blank(*p.start))
        p.start++;
    while (p.start < p.end && is_blank(p.end[-1]))
        p.end--;
    return p;
}

/* ---- records ---- */

static bask_status end_record(reader *r)
{
    record *record = &r->record;
    if (!record->start)
        return BASK_OK;
    if (!record->at[PACKAGE])
        return reject(r, record->start, "the record", "has no Package");
    bask_status status = section_table_add(&r->table, &record->counts);
    if (status == BASK_EINVAL)
        return reject(r, record->at[INSTALLED_SIZE], "Installed-Size",
                      "makes the sum of its section too large");
    if (status == BASK_ENOMEM)
        return bask_fail(BASK_ENOMEM, "no memory for more sections");
    record->start = NULL;
    return BASK_OK;
}

static void begin_record(record *record, const char *line)
{
    static const char unknown[] = "unknown";
    memset(record, 0, sizeof *record);
    record->start = line;
    record->counts = (section){unknown, sizeof unknown - 1, 1, 0};
}

static bask_status read_section(reader *r, const char *line, piece value)
{
    for (const char *c = value.start; c < value.end; c++)
        if ((unsigned char)*c <= ' ')
            return reject(r, line, "Section", "is more than one word");
    if (value.start < value.end) {
        r->record.counts.name = value.start;
        r->record.counts.length = (size_t)(value.end - value.start);
    }
    return BASK_OK;
}

static bask_status read_size(reader *r, const char *line, piece value)
{
    int64_t kib = 0;
    const char *c = value.start;
    for (; c < value.end && *c >= '0' && *c <= '9'; c++)
        if (__builtin_mul_overflow(kib, 10, &kib) || __builtin_add_overflow(kib, *c - '0', &kib))
            return reject(r, line, "Installed-Size", "is too large");
    if (c < value.end || value.start == value.end)
        return reject(r, line, "Installed-Size", "is not a whole number of KiB");
    r->record.counts.kib = kib;
    return BASK_OK;
}

/* ---- lines ---- */

static field find_field(const char *name, size_t length)
{
    for (int i = 0; i < KNOWN; i++)
        if (length == fields[i].length && strncasecmp(name, fields[i].name, length) == 0)
            return (field)i;
    return OTHER;
}

/* The colon after the field name that LINE begins with; NULL when there is none. */
static const char *find_colon(piece line)
{
    const char *c = line.start;
    if (*c == '#' || *c == '-')
        return NULL;
    while (c<line.end && * c> ' ' && *c < 127 && *c != ':')
        c++;
    return c > line.start && c < line.end && *c == ':' ? c : NULL;
}

static bask_status read_field(reader *r, piece line)
{
    record *record = &r->record;
    const char *colon = find_colon(line);
    if (!colon)
        return reject(r, line.start, "the line", "is neither a field nor part of one");
    if (!record->start)
        begin_record(record, line.start);
    record->last = find_field(line.start, (size_t)(colon - line.start));
    if (record->last == OTHER)
        return BASK_OK;
    if (record->at[record->last])
        return reject(r, line.start, fields[record->last].name, "is there twice in one record");
    record->at[record->last] = line.start;

    piece value = trim((piece){colon + 1, line.end});
    if (record->last == SECTION)
        return read_section(r, line.start, value);
    if (record->last == INSTALLED_SIZE)
        return read_size(r, line.start, value);
    return value.start < value.end ? BASK_OK : reject(r, line.start, "Package", "is empty");
}

static bask_status read_line(reader *r, piece line)
{
    if (line.start == line.end)
        return end_record(r);
    if (!is_blank(*line.start))
        return read_field(r, line);
    if (!r->record.start)
        return reject(r, line.start, "the line", "goes on with a field, but there is none above");
    if (r->record.last != OTHER)
        return reject(r, line.start, fields[r->record.last].name, "goes on over a second line");
    return BASK_OK;
}

static bask_status read_text(reader *r, piece text)
{
    const char *nul = memchr(text.start, '\0', (size_t)(text.end - text.start));
    bask_status status = BASK_OK;
    for (const char *at = text.start, *next; at < text.end && status == BASK_OK; at = next) {
        const char *newline = memchr(at, '\n', (size_t)(text.end - at));
        piece line = {at, newline ? newline : text.end};
        next = newline ? newline + 1 : text.end;
        if (nul && nul < line.end)
            return reject(r, at, "the line", "holds a NUL byte");
        if (line.start < line.end && line.end[-1] == '\r')
            line.end--;
        status = read_line(r, line);
    }
    return status == BASK_OK ? end_record(r) : status;
}

bask_buffer *packages_count(bask_span text, const char **bad)
{
    reader r = {0};
    const char *start = text.data;
    bask_buffer *sections = NULL;
    if (read_text(&r, (piece){start, start + text.size}) == BASK_OK)
        sections = sections_sorted(&r.table);
    section_table_free(&r.table);
    *bad = r.bad;
    return sections;
}

/* ---- places ---- */

size_t packages_border(bask_span text, size_t at)
{
    const char *start = text.data, *end = start + text.size;
    /* The blank line may be the one just before AT: it and the line end before it are 3 bytes. */
    const char *newline = start + (at > 3 ? at - 3 : 0);
    while ((newline = memchr(newline, '\n', (size_t)(end - newline)))) {
        newline++;
        const char *blank = newline + (newline < end && *newline == '\r');
        if (blank < end && *blank == '\n' && blank + 1 >= start + at)
            return (size_t)(blank + 1 - start);
    }
    return text.size;
}

size_t packages_line_number(bask_span text, const char *place)
{
    size_t line = 1;
    for (const char *at = text.data; (at = memchr(at, '\n', (size_t)(place - at))); at++)
        line++;
    return line;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lap times from a CSV file with the columns `driverId` and `milliseconds` (and any others).
 *
 * The file is RFC 4180, strictly: quotes are doubled inside quoted fields and stand nowhere else,
 * blanks belong to their field, every row has as many fields as the header. Beyond that, lines may
 * end in LF, CRLF or CR, a byte order mark may come first (before the first name or inside its
 * quotes), and blank lines are skipped. A column that is used must be there once, under exactly its
 * name; its values are numbers or missing (number.h), in the rows of every driver. The other
 * columns may hold anything. A driver is a whole number, however it is written (20, 020, 20.0); a
 * row without one is nobody's.
 */
#ifndef EXAMPLES_LAPS_H
#define EXAMPLES_LAPS_H

#include "number.h"
#include "options.h"

typedef struct lap {
    int64_t driver;
    number milliseconds;
} lap;

typedef struct laps {
    lap *rows;
    size_t n;
    size_t line; /* of the file, from 1, where reading ended: the last one, or the one at fault */
} laps;

/*
 * Reads the file at PATH. On failure there are no rows, bask_last_error says what is wrong, and the
 * line is where the wrong value or the row with a wrong number of fields begins; it is 0 where the
 * file cannot be read at all. Owns: the caller, laps_free in either case.
 */
BASK_MUST_CHECK bask_status laps_read(const char *path, laps *laps);
void laps_free(laps *laps);

/* Prints "PATH:LINE: " and bask_last_error as one line on stderr, after a failure with LAPS. */
void laps_explain(const char *path, const laps *laps);

/*
 * What PROGRAM's command line asks for: the laps of --input, and --driver (20 where it is absent).
 * False: it has printed one line on stderr that says what is wrong.
 */
bool laps_from_options(const char *program, const options *options, laps *laps, int64_t *driver);

#endif

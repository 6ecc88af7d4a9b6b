/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading package records, the format of `apt-cache dumpavail` (deb822):
 *
 *   - A record is some lines; blank lines, one or more, separate records. A blank line is empty.
 *   - A line "Name: value" is a field. Upper and lower case are the same in names. A line that
 *     begins with a space or tab goes on with the field above it.
 *   - Lines end in LF or CR LF; the last one need not end.
 *   - Each record has a Package; one without a Section counts under "unknown"; Installed-Size is a
 *     whole number of KiB, 0 where there is none. These three are single lines and occur once.
 *   - Anything else is bad, and so is a NUL byte.
 */
#ifndef EXAMPLES_PACKAGES_PARSE_H
#define EXAMPLES_PACKAGES_PARSE_H

#include "packages_table.h"

/*
 * Counts the records of TEXT by section. Returns NULL when a line is bad (the line is at *BAD, and
 * the running task fails with what is wrong with it) or when memory is short (*BAD is NULL).
 * Owns: the buffer is the caller's; its names point into TEXT.
 */
bask_buffer *packages_count(bask_span text, const char **bad);

/* The first offset from AT on that is just behind a blank line of TEXT, or else its end. */
size_t packages_border(bask_span text, size_t at);

/* The number, from 1, of the line at PLACE in TEXT. */
size_t packages_line_number(bask_span text, const char *place);

#endif

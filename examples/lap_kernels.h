/* SPDX-License-Identifier: Apache-2.0 */
/* What `delayed` and `futures` compute: ordinary functions, of which both make kernels. */
#ifndef EXAMPLES_LAP_KERNELS_H
#define EXAMPLES_LAP_KERNELS_H

#include "laps.h"

/*
 * The times (numbers) that DRIVER has in LAPS (struct lap), without those that are missing. Fails
 * with BASK_ENOTFOUND where there is none. Owns: the caller.
 */
bask_buffer *driver_laps(bask_span laps, int64_t driver);

/* Of TIMES (numbers, at least one). */
number max_lap(bask_span times);
number min_lap(bask_span times);

number range_lap(number max, number min);

/* ---- and what they print ---- */

typedef struct summary {
    number max, min, range;
} summary;

bool summary_same(const summary *a, const summary *b);

/* Three lines on stdout; false: they could not be written, and a line on stderr says so. */
bool summary_print(const char *program, const summary *summary);

#endif

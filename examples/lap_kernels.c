/* SPDX-License-Identifier: Apache-2.0 */
#include "lap_kernels.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

bask_buffer *driver_laps(bask_span laps, int64_t driver)
{
    const lap *rows = laps.data;
    size_t n = laps.size / sizeof *rows, mine = 0, timed = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_mine = rows[i].driver == driver;
        mine += is_mine;
        timed += is_mine && rows[i].milliseconds.kind != NUMBER_MISSING;
    }
    if (timed == 0) {
        bask_fail(BASK_ENOTFOUND,
                  mine ? "driver %" PRId64 " has no milliseconds in any row up to here"
                       : "driver %" PRId64 " has no row up to here",
                  driver);
        return NULL;
    }
    bask_buffer *buffer = bask_buffer_new(timed * sizeof(number));
    if (!buffer)
        return NULL;
    number *times = bask_buffer_data(buffer);
    for (size_t i = 0; i < n; i++)
        if (rows[i].driver == driver && rows[i].milliseconds.kind != NUMBER_MISSING)
            *times++ = rows[i].milliseconds;
    return buffer;
}

number max_lap(bask_span times)
{
    const number *time = times.data;
    number max = time[0];
    for (size_t i = 1; i < times.size / sizeof *time; i++)
        if (number_less(max, time[i]))
            max = time[i];
    return max;
}

number min_lap(bask_span times)
{
    const number *time = times.data;
    number min = time[0];
    for (size_t i = 1; i < times.size / sizeof *time; i++)
        if (number_less(time[i], min))
            min = time[i];
    return min;
}

number range_lap(number max, number min)
{
    return number_distance(max, min);
}

bool summary_same(const summary *a, const summary *b)
{
    return number_same(a->max, b->max) && number_same(a->min, b->min) &&
           number_same(a->range, b->range);
}

bool summary_print(const char *program, const summary *summary)
{
    const char *const names[] = {"max", "min", "range"};
    const number values[] = {summary->max, summary->min, summary->range};
    for (int i = 0; i < 3; i++) {
        printf("%s\t", names[i]);
        number_print(stdout, values[i]);
        putchar('\n');
    }
    if (fflush(stdout) == 0)
        return true;
    fprintf(stderr, "%s: the results cannot be written: %s\n", program, strerror(errno));
    return false;
}

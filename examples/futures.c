/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Futures: the longest and the shortest lap of one driver, and the range between them. Every task
 * is submitted as soon as it is known; futures stand for the results that are not there yet.
 */
#include "lap_kernels.h"

BASK_KERNEL_OF(bask_buffer *, driver_laps, (bask_span, laps), (int64_t, driver));
BASK_KERNEL_OF(number, max_lap, (bask_span, times));
BASK_KERNEL_OF(number, min_lap, (bask_span, times));
BASK_KERNEL_OF(number, range_lap, (number, max), (number, min));

static bask_status submit(bask_client *client, bask_span rows, int64_t driver, summary *s)
{
    bask_future *times = bask_submit(client, driver_laps, rows, driver);
    bask_future *max = bask_submit(client, max_lap, times);
    bask_future *min = bask_submit(client, min_lap, times);
    bask_future *range = bask_submit(client, range_lap, max, min);

    bask_span view;
    bask_status status = bask_result(times, &view); /* first: it has the cause if all fail */
    if (status == BASK_OK)
        status = bask_result(max, &s->max);
    if (status == BASK_OK)
        status = bask_result(min, &s->min);
    if (status == BASK_OK)
        status = bask_result(range, &s->range);
    if (status == BASK_OK)
        fprintf(stderr, "futures: %zu laps\n", view.size / sizeof(number));

    bask_future_free(range);
    bask_future_free(min);
    bask_future_free(max);
    bask_future_free(times);
    return status;
}

static bool run(bask_client *client, const char *path, const laps *laps, int64_t driver)
{
    bask_span rows = {laps->rows, laps->n * sizeof laps->rows[0]};
    summary summary;
    if (submit(client, rows, driver, &summary) != BASK_OK) {
        laps_explain(path, laps);
        return false;
    }
    options_report("futures", client);
    return summary_print("futures", &summary);
}

int main(int argc, char **argv)
{
    options options = options_read(argc, argv, "driver");
    laps laps;
    int64_t driver;
    if (!laps_from_options("futures", &options, &laps, &driver))
        return EXIT_FAILURE;

    bask_client *client;
    bask_check(bask_open(options.cluster, &client));
    bool done = run(client, options.input, &laps, driver);
    bask_close(client);
    laps_free(&laps);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delayed: the longest and the shortest lap of one driver, and the range between them. First by
 * calling functions one after the other, then by describing the same calls as a graph, which is
 * also drawn: delayed.svg, or delayed.dot where Graphviz is not installed.
 */
#include "lap_kernels.h"

#include <time.h>

BASK_KERNEL_OF(bask_buffer *, driver_laps, (bask_span, laps), (int64_t, driver));
BASK_KERNEL_OF(number, max_lap, (bask_span, times));
BASK_KERNEL_OF(number, min_lap, (bask_span, times));
BASK_KERNEL_OF(number, range_lap, (number, max), (number, min));

static bask_status serially(bask_span rows, int64_t driver, summary *s)
{
    bask_buffer *buffer = driver_laps(rows, driver);
    if (!buffer)
        return BASK_EKERNEL;
    bask_span times = {bask_buffer_data(buffer), bask_buffer_size(buffer)};
    s->max = max_lap(times);
    s->min = min_lap(times);
    s->range = range_lap(s->max, s->min);
    bask_buffer_release(buffer);
    return BASK_OK;
}

static void describe(bask_graph *graph, bask_span rows, int64_t driver, bask_delayed *outputs[3])
{
    bask_delayed *times = bask_delay(graph, driver_laps, rows, driver);
    outputs[0] = bask_delay(graph, max_lap, times);
    outputs[1] = bask_delay(graph, min_lap, times);
    outputs[2] = bask_delay(graph, range_lap, outputs[0], outputs[1]);
}

static bask_status lazily(bask_client *client, bask_delayed *const outputs[3], summary *s)
{
    number *results[] = {&s->max, &s->min, &s->range};
    bask_future *futures[3];
    bask_status status = bask_compute(client, outputs, 3, futures);
    for (int i = 0; i < 3; i++) {
        if (status == BASK_OK)
            status = bask_result(futures[i], results[i]);
        bask_future_free(futures[i]);
    }
    return status;
}

/* Without a picture the results are as good, so a failure is only told. */
static void draw(bask_delayed *const outputs[3])
{
    bask_status status = bask_visualize(outputs, 3, "delayed.svg");
    if (status == BASK_OK)
        fprintf(stderr, "delayed: the graph is drawn in delayed.svg\n");
    else if (status == BASK_EUNSUPPORTED && rename("delayed.svg.dot", "delayed.dot") == 0)
        fprintf(stderr, "delayed: the graph is described in delayed.dot, for Graphviz\n");
    else
        fprintf(stderr, "delayed: the graph is not drawn: %s\n", bask_last_error());
}

static double microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static bask_status both(bask_client *client, bask_graph *graph, bask_span rows, int64_t driver,
                        summary *serial, summary *lazy)
{
    double start = microseconds();
    bask_status status = serially(rows, driver, serial);
    if (status != BASK_OK)
        return status;
    double between = microseconds();
    bask_delayed *outputs[3];
    describe(graph, rows, driver, outputs);
    status = lazily(client, outputs, lazy);
    if (status != BASK_OK)
        return status;
    fprintf(stderr, "delayed: serial %.1f us, lazy %.1f us\n", between - start,
            microseconds() - between);
    draw(outputs);
    return BASK_OK;
}

static bool run(bask_client *client, const char *path, const laps *laps, int64_t driver)
{
    bask_span rows = {laps->rows, laps->n * sizeof laps->rows[0]};
    summary serial, lazy;
    bask_graph *graph = bask_graph_new(client);
    bask_status status = both(client, graph, rows, driver, &serial, &lazy);
    bask_graph_free(graph);
    if (status != BASK_OK) {
        laps_explain(path, laps);
        return false;
    }
    if (!summary_same(&serial, &lazy)) {
        fprintf(stderr, "delayed: the lazy results are not the serial ones\n");
        return false;
    }
    options_report("delayed", client);
    return summary_print("delayed", &lazy);
}

int main(int argc, char **argv)
{
    options options = options_read(argc, argv, "driver");
    laps laps;
    int64_t driver;
    if (!laps_from_options("delayed", &options, &laps, &driver))
        return EXIT_FAILURE;

    bask_client *client;
    bask_check(bask_open(options.cluster, &client));
    bool done = run(client, options.input, &laps, driver);
    bask_close(client);
    laps_free(&laps);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

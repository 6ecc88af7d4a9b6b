/* SPDX-License-Identifier: Apache-2.0 */
/* Starting with bask: a client, five lazy exponents, futures. */
#include "options.h"

#include <math.h>

BASK_KERNEL(double, lazy_exponent, (double, x), (double, y))
{
    return pow(x, y);
}

int main(int argc, char **argv)
{
    options options = options_read(argc, argv, NULL);
    bask_client *client;
    bask_check(bask_open(options.cluster, &client));
    bask_check(bask_wait_for_workers(client, 1, BASK_FOREVER));

    double in[][2] = {{1, 2}, {3, 4}, {5, 6}, {9, 10}, {11, 12}};
    bask_graph *graph = bask_graph_new(client);
    bask_delayed *out[5];
    for (int i = 0; i < 5; i++)
        out[i] = bask_delay(graph, lazy_exponent, in[i][0], in[i][1]);

    bask_future *futures[5];
    bask_check(bask_compute(client, out, 5, futures)); /* returns at once */
    for (int i = 0; i < 5; i++) {
        double x;
        bask_check(bask_result(futures[i], &x));
        printf("%.0f\n", x);
        bask_future_free(futures[i]);
    }

    options_report("starting", client);
    bask_graph_free(graph);
    bask_close(client);
}

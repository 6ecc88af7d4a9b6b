/* SPDX-License-Identifier: Apache-2.0 */
/* Starting with bask: a client, five lazy exponents, futures. */
#include <bask.h>
#include <getopt.h>
#include <math.h>

BASK_KERNEL(double, lazy_exponent, (double, x), (double, y))
{
    return pow(x, y);
}

static const char *cluster_option(int argc, char **argv)
{
    static const struct option options[] = {{"cluster", required_argument, NULL, 'c'},
                                            {"input", required_argument, NULL, 'i'},
                                            {NULL, 0, NULL, 0}};
    const char *cluster = NULL;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'c')
            cluster = optarg;
        else if (c != 'i') /* there is no input to read here */
            exit(EXIT_FAILURE);
    }
    return cluster;
}

int main(int argc, char **argv)
{
    bask_client *client;
    bask_check(bask_open(cluster_option(argc, argv), &client));
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

    bask_pool_stats stats;
    bask_client_stats(client, &stats);
    fprintf(stderr, "starting: %llu tasks, %d workers, %llu steals on %s\n",
            (unsigned long long)stats.tasks, bask_client_workers(client),
            (unsigned long long)stats.steals, bask_client_address(client));
    bask_graph_free(graph);
    bask_close(client);
}

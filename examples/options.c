/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <getopt.h>

static void usage(FILE *to, const char *program, const char *own)
{
    fprintf(to, "usage: %s [--cluster ADDRESS] [--input PATH]", program);
    if (own)
        fprintf(to, " [--%s VALUE]", own);
    fputc('\n', to);
}

options options_read(int argc, char **argv, const char *own)
{
    const struct option known[] = {{"cluster", required_argument, NULL, 'c'},
                                   {"input", required_argument, NULL, 'i'},
                                   {"help", no_argument, NULL, 'h'},
                                   {own, required_argument, NULL, 'o'},
                                   {NULL, 0, NULL, 0}};
    options o = {NULL, NULL, NULL};
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (c) {
        case 'c':
            o.cluster = optarg;
            break;
        case 'i':
            o.input = optarg;
            break;
        case 'o':
            o.own = optarg;
            break;
        case 'h':
            usage(stdout, argv[0], own);
            exit(EXIT_SUCCESS);
        default:
            usage(stderr, argv[0], own);
            exit(EXIT_FAILURE);
        }
    }
    if (optind < argc) {
        fprintf(stderr, "%s: unexpected argument \"%s\"\n", argv[0], argv[optind]);
        usage(stderr, argv[0], own);
        exit(EXIT_FAILURE);
    }
    return o;
}

void options_report(const char *program, const bask_client *client)
{
    bask_pool_stats stats;
    bask_client_stats(client, &stats);
    fprintf(stderr, "%s: %llu tasks on %d workers of %s, %llu steals\n", program,
            (unsigned long long)stats.tasks, bask_client_workers(client),
            bask_client_address(client), (unsigned long long)stats.steals);
}

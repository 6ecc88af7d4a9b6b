/* SPDX-License-Identifier: Apache-2.0 */
/* bask-bench: reads the command line and compares each shape that is asked for. */
#include "compare.h"
#include "runner.h"

#include <bask.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void usage(FILE *to)
{
    fprintf(to,
            "usage: bask-bench WORKLOAD [--shape S] [--threads N] [--size N | --tiny] [--reps R]\n"
            "                  [--peers a,b] [--json]\n"
            "       bask-bench --list\n"
            "--tiny: a size for which only the checksums matter. --list: what there is, as JSON.\n"
            "peak MiB: the most memory that the peer's process had, the harness's arrays included; "
            "for graphs\nof ten million nodes: graph --shape all --size 10000000 --peers bask "
            "--reps 3\n"
            "Workloads, their shapes and peers (\"all\": every shape):\n");
    for (int w = 0; bench_workloads[w]; w++) {
        fprintf(to, "  %-11s", bench_workloads[w]->name);
        for (int s = 0; bench_workloads[w]->shapes[s]; s++)
            fprintf(to, " %s", bench_workloads[w]->shapes[s]);
        fprintf(to, " |");
        for (int p = 0; bench_workloads[w]->peers[p]; p++)
            if (bench_workloads[w]->peers[p]->name)
                fprintf(to, " %s", bench_workloads[w]->peers[p]->name);
        fputc('\n', to);
    }
    for (int i = 0; bench_absent[i]; i++)
        fprintf(to, "Not in this build: %s\n", bench_absent[i]);
}

static void list_strings(const char *name, const char *const *strings)
{
    printf("\"%s\":[", name);
    for (int i = 0; strings[i]; i++)
        printf("%s\"%s\"", i ? "," : "", strings[i]);
    printf("]");
}

static void list(void)
{
    printf("{");
    list_strings("versions", bench_versions);
    printf(",");
    list_strings("absent", bench_absent);
    printf(",\"workloads\":{");
    for (int w = 0; bench_workloads[w]; w++) {
        printf("%s\n\"%s\":{\"about\":\"%s\",", w ? "," : "", bench_workloads[w]->name,
               bench_workloads[w]->about);
        list_strings("shapes", bench_workloads[w]->shapes);
        printf("}");
    }
    printf("}}\n");
}

static int64_t number(const char *option, const char *text, int64_t most)
{
    char *end;
    long long n = strtoll(text, &end, 10);
    if (end == text || *end || n < 1 || n > most) {
        fprintf(stderr, "bask-bench: --%s %s is not a number from 1 to %lld\n", option, text,
                (long long)most);
        exit(EXIT_FAILURE);
    }
    return n;
}

static bench_request read_request(int argc, char **argv)
{
    static const struct option options[] = {
        {"shape", required_argument, NULL, 's'}, {"threads", required_argument, NULL, 't'},
        {"size", required_argument, NULL, 'n'},  {"reps", required_argument, NULL, 'r'},
        {"peers", required_argument, NULL, 'p'}, {"json", no_argument, NULL, 'j'},
        {"tiny", no_argument, NULL, 'y'},        {"list", no_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0}};
    bench_request q = {.reps = 7, .config.threads = bask_default_threads()};
    bool tiny = false;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 's':
            q.config.shape = optarg;
            break;
        case 't':
            q.config.threads = (int)number("threads", optarg, 1024);
            break;
        case 'n':
            q.config.size = number("size", optarg, INT32_MAX);
            break;
        case 'r':
            q.reps = (int)number("reps", optarg, BENCH_REPS);
            break;
        case 'p':
            q.peers = optarg;
            break;
        case 'j':
            q.json = true;
            break;
        case 'y':
            tiny = true;
            break;
        case 'l':
            list();
            exit(EXIT_SUCCESS);
        default:
            usage(c == 'h' ? stdout : stderr);
            exit(c == 'h' ? EXIT_SUCCESS : EXIT_FAILURE);
        }
    }
    for (int i = 0; optind == argc - 1 && bench_workloads[i]; i++)
        if (strcmp(bench_workloads[i]->name, argv[optind]) == 0)
            q.workload = bench_workloads[i];
    if (!q.workload) {
        usage(stderr);
        exit(EXIT_FAILURE);
    }
    if (q.config.size == 0)
        q.config.size = tiny ? q.workload->tiny : q.workload->size;
    return q;
}

int main(int argc, char **argv)
{
    bench_request q = read_request(argc, argv);
    const char *shape = q.config.shape ? q.config.shape : q.workload->shapes[0];
    bool known = false, ok = true;
    signal(SIGPIPE, SIG_IGN); /* a peer that died shows in what it does not answer */
    for (int i = 0; bench_absent[i]; i++)
        fprintf(stderr, "bask-bench: not in this build: %s\n", bench_absent[i]);
    bench_head(&q);
    for (int i = 0; q.workload->shapes[i]; i++) {
        if (strcmp(shape, "all") != 0 && strcmp(shape, q.workload->shapes[i]) != 0)
            continue;
        known = true;
        q.config.shape = q.workload->shapes[i];
        ok = bench_compare(&q) && ok;
    }
    if (!known)
        fprintf(stderr, "bask-bench: %s has no shape \"%s\"\n", q.workload->name, shape);
    return known && ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* bask-bench: reads the command line, asks each peer for its repetitions in turn, and reports. */
#include "bench.h"

#include <bask.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_PEERS = 16, MOST_REPS = 1000 };

typedef struct request {
    const bench_workload *workload;
    bench_config config;
    const char *peers; /* names with commas, NULL: all */
    int reps;
    bool json;
} request;

/* A peer's process: it measures once for each byte that it is sent. */
typedef struct runner {
    const bench_peer *peer;
    pid_t process;
    int ask, answer; /* pipes */
    bool failed;
    bench_sample samples[MOST_REPS];
    struct rusage usage;
} runner;

static void serve(const bench_peer *peer, const bench_config *config, int ask, int answer)
{
    void *state = peer->start(config);
    char go;
    if (!state)
        exit(EXIT_FAILURE);
    while (read(ask, &go, 1) == 1) {
        bench_sample sample = {{NAN, NAN, NAN, NAN}, 0};
        peer->run(state, &sample);
        if (write(answer, &sample, sizeof sample) != sizeof sample)
            exit(EXIT_FAILURE);
    }
    peer->stop(state);
    exit(EXIT_SUCCESS);
}

/* Starts the process of ALL[N]. */
static bool begin(runner *all, int n, const bench_config *config)
{
    runner *r = &all[n];
    int ask[2], answer[2];
    if (pipe(ask) != 0 || pipe(answer) != 0)
        return false;
    fflush(NULL);
    r->process = fork();
    if (r->process == 0) {
        close(ask[1]);
        close(answer[0]);
        for (int i = 0; i < n; i++)
            close(all[i].ask); /* so that the end of the pipe reaches its own peer */
        serve(r->peer, config, ask[0], answer[1]);
    }
    close(ask[0]);
    close(answer[1]);
    r->ask = ask[1];
    r->answer = answer[0];
    return r->process > 0;
}

static void measure(runner *r, int rep)
{
    bench_sample *sample = &r->samples[rep];
    r->failed = r->failed || write(r->ask, "", 1) != 1 ||
                read(r->answer, sample, sizeof *sample) != sizeof *sample;
}

static void finish(runner *r)
{
    int status;
    close(r->ask);
    close(r->answer);
    if (wait4(r->process, &status, 0, &r->usage) < 0 || status != 0)
        r->failed = true;
}

static bool wanted(const request *q, const bench_peer *peer)
{
    size_t length = strlen(peer->name);
    for (const char *p = q->peers; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
        if (strncmp(p, peer->name, length) == 0 && (p[length] == ',' || p[length] == '\0'))
            return true;
    return !q->peers;
}

/* ---- reports ---- */

static void report(const request *q, runner *r, int metric)
{
    const bench_metric *m = &q->workload->metrics[metric];
    double values[MOST_REPS];
    for (int i = 0; i < q->reps; i++)
        values[i] = r->samples[i].values[metric];
    if (isnan(values[0]))
        return;
    double median = bench_quantile(values, q->reps, 0.5);
    double least = values[0], most = values[q->reps - 1];
    if (q->json)
        printf("{\"workload\":\"%s\",\"shape\":\"%s\",\"metric\":\"%s\",\"peer\":\"%s\","
               "\"threads\":%d,\"size\":%lld,\"median\":%.6g,\"min\":%.6g,\"max\":%.6g,"
               "\"unit\":\"%s\",\"peak_rss\":%lld}\n",
               q->workload->name, q->config.shape, m->name, r->peer->name, q->config.threads,
               (long long)q->config.size, median, least, most, m->unit,
               (long long)r->usage.ru_maxrss * 1024);
    else
        printf("%-8s %-12s %-8s %-12s %3d %10lld %10.2f %10.2f %10.2f %-8s %8.1f\n",
               q->workload->name, q->config.shape, m->name, r->peer->name, q->config.threads,
               (long long)q->config.size, median, least, most, m->unit,
               (double)r->usage.ru_maxrss / 1024);
}

static void report_head(const request *q)
{
    for (int i = 0; bench_absent[i]; i++)
        fprintf(stderr, "bask-bench: not in this build: %s\n", bench_absent[i]);
    if (!q->json)
        printf("%-8s %-12s %-8s %-12s %3s %10s %10s %10s %10s %-8s %8s\n", "workload", "shape",
               "metric", "peer", "thr", "size", "median", "min", "max", "unit", "peak MiB");
}

/* ---- one shape of one workload ---- */

static bool compare(const request *q)
{
    static runner runners[MOST_PEERS];
    int n = 0;
    bool ok = true;
    for (int i = 0; q->workload->peers[i]; i++)
        if (wanted(q, q->workload->peers[i]))
            runners[n++] = (runner){.peer = q->workload->peers[i]};
    for (int i = 0; i < n; i++)
        runners[i].failed = !begin(runners, i, &q->config);
    for (int rep = 0; rep < q->reps; rep++)
        for (int i = 0; i < n; i++)
            measure(&runners[i], rep);
    for (int i = 0; i < n; i++)
        finish(&runners[i]);
    for (int metric = 0; q->workload->metrics[metric].name; metric++)
        for (int i = 0; i < n; i++)
            if (!runners[i].failed)
                report(q, &runners[i], metric);
    for (int i = 0; i < n; i++) {
        if (runners[i].failed)
            fprintf(stderr, "bask-bench: %s failed\n", runners[i].peer->name);
        bool differs = runners[i].samples[0].checksum != runners[0].samples[0].checksum;
        if (differs && !runners[i].failed)
            fprintf(stderr, "bask-bench: %s computed something else than %s\n",
                    runners[i].peer->name, runners[0].peer->name);
        ok = ok && !runners[i].failed && !differs;
    }
    return ok && n > 0;
}

/* ---- the command line ---- */

static void usage(FILE *to)
{
    fprintf(to, "usage: bask-bench WORKLOAD [--shape S] [--threads N] [--size N] [--reps R]\n"
                "                  [--peers a,b] [--json]\n"
                "Workloads, their shapes and peers (\"all\": every shape):\n");
    for (int w = 0; bench_workloads[w]; w++) {
        fprintf(to, "  %-8s", bench_workloads[w]->name);
        for (int s = 0; bench_workloads[w]->shapes[s]; s++)
            fprintf(to, " %s", bench_workloads[w]->shapes[s]);
        fprintf(to, " |");
        for (int p = 0; bench_workloads[w]->peers[p]; p++)
            fprintf(to, " %s", bench_workloads[w]->peers[p]->name);
        fputc('\n', to);
    }
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

static request read_request(int argc, char **argv)
{
    static const struct option options[] = {
        {"shape", required_argument, NULL, 's'}, {"threads", required_argument, NULL, 't'},
        {"size", required_argument, NULL, 'n'},  {"reps", required_argument, NULL, 'r'},
        {"peers", required_argument, NULL, 'p'}, {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0}};
    request q = {.reps = 7, .config.threads = bask_default_threads()};
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
            q.reps = (int)number("reps", optarg, MOST_REPS);
            break;
        case 'p':
            q.peers = optarg;
            break;
        case 'j':
            q.json = true;
            break;
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
        q.config.size = q.workload->size;
    return q;
}

int main(int argc, char **argv)
{
    request q = read_request(argc, argv);
    const char *shape = q.config.shape ? q.config.shape : q.workload->shapes[0];
    bool known = false, ok = true;
    report_head(&q);
    for (int i = 0; q.workload->shapes[i]; i++) {
        if (strcmp(shape, "all") != 0 && strcmp(shape, q.workload->shapes[i]) != 0)
            continue;
        known = true;
        q.config.shape = q.workload->shapes[i];
        ok = compare(&q) && ok;
    }
    if (!known)
        fprintf(stderr, "bask-bench: %s has no shape \"%s\"\n", q.workload->name, shape);
    return known && ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

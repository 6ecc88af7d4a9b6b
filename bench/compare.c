/* SPDX-License-Identifier: Apache-2.0 */
#include "compare.h"

#include "runner.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_PEERS = 16 };

static bool wanted(const bench_request *q, const bench_peer *peer)
{
    if (!peer->name)
        return false;
    size_t length = strlen(peer->name);
    for (const char *p = q->peers; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
        if (strncmp(p, peer->name, length) == 0 && (p[length] == ',' || p[length] == '\0'))
            return true;
    return !q->peers;
}

/* ---- reports ---- */

static void print_json(const bench_request *q, const bench_runner *r, int metric)
{
    const bench_metric *m = &q->workload->metrics[metric];
    printf("{\"workload\":\"%s\",\"shape\":\"%s\",\"metric\":\"%s\",\"unit\":\"%s\","
           "\"peer\":\"%s\",\"threads\":%d,\"size\":%lld,\"peak_rss\":%lld,\"samples\":[",
           q->workload->name, q->config.shape, m->name, m->unit, r->peer->name, r->config.threads,
           (long long)r->config.size, (long long)r->usage.ru_maxrss * 1024);
    for (int i = 0; i < q->reps; i++)
        printf("%s%.6g", i ? "," : "", r->samples[i].values[metric]);
    printf("]}\n");
}

static void print_text(const bench_request *q, const bench_runner *r, int metric)
{
    const bench_metric *m = &q->workload->metrics[metric];
    double values[BENCH_REPS];
    for (int i = 0; i < q->reps; i++)
        values[i] = r->samples[i].values[metric];
    double median = bench_quantile(values, q->reps, 0.5);
    printf("%-11s %-11s %-8s %-11s %3d %10lld %10.2f %10.2f %10.2f %-8s %8.1f\n", q->workload->name,
           q->config.shape, m->name, r->peer->name, r->config.threads, (long long)r->config.size,
           median, values[0], values[q->reps - 1], m->unit, (double)r->usage.ru_maxrss / 1024);
}

void bench_head(const bench_request *q)
{
    if (!q->json)
        printf("%-11s %-11s %-8s %-11s %3s %10s %10s %10s %10s %-8s %8s\n", "workload", "shape",
               "metric", "peer", "thr", "size", "median", "min", "max", "unit", "peak MiB");
}

static void print(const bench_request *q, const bench_runner *all, int n)
{
    for (int metric = 0; q->workload->metrics[metric].name; metric++)
        for (int i = 0; i < n; i++)
            if (!all[i].failed && !isnan(all[i].samples[0].values[metric]))
                (q->json ? print_json : print_text)(q, &all[i], metric);
    fflush(stdout);
}

/* ---- checksums ---- */

/* What FIRST computes for the size that R was held to. */
static uint64_t checksum_for(const bench_request *q, const bench_runner *first,
                             const bench_runner *r)
{
    static bench_runner again;
    if (r->config.size == first->config.size)
        return first->samples[0].checksum;
    bench_begin(&again, 0, first->peer, q->workload, &r->config);
    bench_measure(&again, 0);
    bench_finish(&again);
    return again.samples[0].checksum;
}

static bool right(const bench_request *q, const bench_runner *first, const bench_runner *r)
{
    const char *name = r->peer->name;
    if (r->failed) {
        fprintf(stderr, "bask-bench: %s failed\n", name);
        return false;
    }
    uint64_t expected = checksum_for(q, first, r);
    for (int i = 0; i < q->reps; i++)
        if (r->samples[i].checksum != expected) {
            fprintf(stderr, "bask-bench: %s computed something else than %s\n", name,
                    first->peer->name);
            return false;
        }
    return true;
}

bool bench_compare(const bench_request *q)
{
    static bench_runner all[MOST_PEERS];
    int n = 0;
    bool ok = true;
    for (int i = 0; q->workload->peers[i] && n < MOST_PEERS; i++)
        if (wanted(q, q->workload->peers[i]))
            bench_begin(all, n++, q->workload->peers[i], q->workload, &q->config);
    for (int rep = 0; rep < q->reps; rep++)
        for (int i = 0; i < n; i++)
            bench_measure(&all[i], rep);
    for (int i = 0; i < n; i++)
        bench_finish(&all[i]);
    print(q, all, n);
    for (int i = 0; i < n; i++)
        ok = right(q, &all[0], &all[i]) && ok;
    return ok && n > 0;
}

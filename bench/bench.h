/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The benchmark harness: workloads, and the peers that each of them compares.
 *
 * Every peer runs in a process of its own, which the harness asks for one repetition at a time, in
 * turn with the other peers: so a drift of the machine meets all of them alike, and each one's peak
 * memory is its own.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { BENCH_METRICS = 4 };

typedef struct bench_config {
    const char *shape; /* one of the workload's, or "" */
    int threads;
    int64_t size;
} bench_config;

/* What one repetition measured. */
typedef struct bench_sample {
    double values[BENCH_METRICS]; /* in the order of the workload's metrics; NAN: has none */
    uint64_t checksum;            /* must be equal for all peers */
} bench_sample;

typedef struct bench_peer {
    const char *name;
    void *(*start)(const bench_config *config); /* NULL: it could not start */
    void (*run)(void *state, bench_sample *sample);
    void (*stop)(void *state);
} bench_peer;

typedef struct bench_metric {
    const char *name, *unit;
} bench_metric;

typedef struct bench_workload {
    const char *name;
    const char *shapes[6]; /* the first is the default; NULL-terminated */
    int64_t size;          /* the default */
    bench_metric metrics[BENCH_METRICS + 1];
    const bench_peer *const
        *peers; /* NULL-terminated; serial, the floor, first where there is one */
} bench_workload;

extern const bench_workload *const bench_workloads[]; /* NULL-terminated */
extern const char *const bench_absent[];              /* peers left out of this build, with why */

/* Nanoseconds of a monotonic clock. */
double bench_now(void);
/* Bytes of this process that are in memory now. */
double bench_resident(void);
/* Sorts the N VALUES and returns the one at PART (0.5: the median). */
double bench_quantile(double *values, int n, double part);
void bench_sleep_ms(int ms);

#ifdef __cplusplus
}
#endif
#endif

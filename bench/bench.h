/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The benchmark harness: workloads, and the peers that each of them compares.
 *
 * Every peer runs in a process of its own, which the harness asks for one repetition at a time, in
 * turn with the other peers: so a drift of the machine meets all of them alike, and each one's peak
 * memory is its own. All but the one whose turn it is are stopped. A peer whose runtime must not share a
 * process with the others (a second OpenMP, Python) is served by a program beside bask-bench instead of
 * by a fork of it.
 *
 * A workload is a directory, with a header that says what it measures and one file for each peer; a
 * line of its own in workloads.c; and its files in meson.build.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define BENCH_NORETURN [[noreturn]]
#else
#define BENCH_NORETURN _Noreturn
#endif

enum { BENCH_METRICS = 5 };

typedef struct bench_config {
    const char *shape; /* one of the workload's, or "" */
    int threads;
    int64_t size;
} bench_config;

/* What one repetition measured. Other programs send it as it lies in memory (dask_peers.py). */
typedef struct bench_sample {
    double values[BENCH_METRICS]; /* in the order of the workload's metrics; NAN: has none */
    uint64_t checksum;            /* must be equal for all peers */
} bench_sample;

typedef struct bench_peer {
    const char *name;
    /* Returns NULL: it could not start. No function: it is served by the program bask-bench-NAME. */
    void *(*start)(const bench_config *config);
    void (*run)(void *state, bench_sample *sample);
    void (*stop)(void *state);
} bench_peer;

typedef struct bench_metric {
    const char *name, *unit; /* less is better */
} bench_metric;

/* The largest size that a slow peer is asked for; its figures tell their size. */
typedef struct bench_limit {
    const char *peer;
    int64_t size;
} bench_limit;

typedef struct bench_workload {
    const char *name, *about;
    const char *shapes[8]; /* the first is the default; NULL-terminated */
    int64_t size, tiny;    /* the default; one for which only the checksums matter */
    bench_metric metrics[BENCH_METRICS + 1];
    /* NULL-terminated; serial, the floor, first where there is one; nameless: not in this build */
    const bench_peer *const *peers;
    bench_limit limits[4]; /* the last has no name */
} bench_workload;

extern const bench_workload *const bench_workloads[]; /* NULL-terminated */
extern const char *const bench_absent[];              /* peers not in this build, with why */
extern const char *const bench_versions[];            /* of the compiler, and of the peers */

/* Starts PEER, says so by one byte to ANSWER, and lets it measure once for each byte that comes from
 * ASK, until that ends; samples go to ANSWER. Exits. */
BENCH_NORETURN void bench_serve(const bench_peer *peer, const bench_config *config, int ask,
                                int answer);

/* Which peer a program beside bask-bench serves for a workload. */
typedef struct bench_served {
    const char *workload; /* NULL: the last */
    const bench_peer *peer;
} bench_served;

/* The main of such a program: its arguments are workload, shape, threads and size; it is asked on
 * its standard input and answers on its standard output. */
BENCH_NORETURN void bench_program(int argc, char **argv, const bench_served *served);

/* Nanoseconds of a monotonic clock. */
double bench_now(void);
/* Bytes of this process that are in memory now. */
double bench_resident(void);
/* Sorts the N VALUES and returns the one at PART (0.5: the median). */
double bench_quantile(double *values, int n, double part);
void bench_sleep_ms(int ms);
/* BYTES for a large array, to be freed by free: on pages of their own, large ones where the system has
 * them, so that it is not the process's allocator that is measured. NULL: no memory. */
void *bench_array(size_t bytes);

#ifdef __cplusplus
}
#endif
#endif

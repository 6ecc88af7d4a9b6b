/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of the peers that take part in one comparison. */
#ifndef BENCH_RUNNER_H
#define BENCH_RUNNER_H

#include "bench.h"

#include <sys/resource.h>
#include <sys/types.h>

enum { BENCH_REPS = 1000 };

/* A peer's process: it measures once for each byte that it is sent. */
typedef struct bench_runner {
    const bench_peer *peer;
    bench_config config; /* its own: a peer may be too slow for the size asked for */
    pid_t process;
    int ask, answer; /* pipes */
    bool failed;
    bench_sample samples[BENCH_REPS];
    struct rusage usage; /* once it has ended */
} bench_runner;

/* Starts the process of PEER for WORKLOAD as ALL[N], where those below N run already. A failure of
 * this and the next two shows in `failed`. */
void bench_begin(bench_runner *all, int n, const bench_peer *peer, const bench_workload *workload,
                 const bench_config *config);

/* Asks for repetition REP and waits for it. */
void bench_measure(bench_runner *r, int rep);

/* Ends the process. */
void bench_finish(bench_runner *r);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The table of workloads and their peers. */
#include "fib/fib.h"
#include "graph/graph.h"
#include "idle/idle.h"
#include "latency/latency.h"
#include "loop/loop.h"

#include <stddef.h>

static const bench_workload fib = {
    .name = "fib",
    .shapes = {"", NULL},
    .size = 32,
    .metrics = {{"spawn", "ns"}},
    .peers = (const bench_peer *const[]){&fib_serial, &fib_serial_calls, &fib_bask,
#ifdef BENCH_OMP
                                         &fib_omp,
#endif
#ifdef BENCH_TBB
                                         &fib_tbb,
#endif
                                         NULL},
};

static const bench_workload graph = {
    .name = "graph",
    .shapes = {"independent", "chain", "tree", "wavefront", "random", NULL},
    .size = 1000000,
    .metrics = {{"build", "ns/node"},
                {"run", "ns/node"},
                {"rerun", "ns/node"},
                {"memory", "B/node"}},
    .peers = (const bench_peer *const[]){&graph_serial, &graph_bask,
#ifdef BENCH_OMP
                                         &graph_omp,
#endif
#ifdef BENCH_TBB
                                         &graph_tbb,
#endif
                                         NULL},
};

static const bench_workload latency = {
    .name = "latency",
    .shapes = {"hot", "parked", NULL},
    .size = 1000,
    .metrics = {{"median", "us"}, {"p99", "us"}},
    .peers = (const bench_peer *const[]){&latency_futex, &latency_bask, &latency_bask_future,
#ifdef BENCH_OMP
                                         &latency_omp,
#endif
#ifdef BENCH_TBB
                                         &latency_tbb,
#endif
                                         NULL},
};

static const bench_workload idle = {
    .name = "idle",
    .shapes = {"empty", "one-busy", NULL},
    .size = 500,
    .metrics = {{"others' CPU", "%"}},
    .peers = (const bench_peer *const[]){&idle_bask,
#ifdef BENCH_OMP
                                         &idle_omp,
#endif
#ifdef BENCH_TBB
                                         &idle_tbb,
#endif
                                         NULL},
};

static const bench_workload loop = {
    .name = "loop",
    .shapes = {"for", "reduce", "skew", NULL},
    .size = 100000000,
    .metrics = {{"time", "ms"}},
    .peers = (const bench_peer *const[]){&loop_serial, &loop_bask,
#ifdef BENCH_OMP
                                         &loop_omp,
#endif
#ifdef BENCH_TBB
                                         &loop_tbb,
#endif
                                         NULL},
};

const bench_workload *const bench_workloads[] = {&fib, &graph, &latency, &idle, &loop, NULL};

const char *const bench_absent[] = {
#ifndef BENCH_OMP
    "omp (the compiler has no OpenMP)",
#endif
#ifndef BENCH_TBB
    "tbb (libtbb-dev or a C++ compiler is missing)",
#endif
    NULL};

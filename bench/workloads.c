/* SPDX-License-Identifier: Apache-2.0 */
/* The table of workloads and their peers. */
#include "built.h" /* BENCH_*: what Meson found */
#include "fib/fib.h"
#include "graph/graph.h"
#include "idle/idle.h"
#include "latency/latency.h"
#include "loop/loop.h"

#include <stddef.h>

__attribute__((unused)) static const bench_peer absent = {NULL, NULL, NULL, NULL};

#ifdef BENCH_TBB
#define TBB(peer) (&peer)
#else
#define TBB(peer) (&absent)
#endif

/* Served by programs of their own. */
#ifdef BENCH_LIBGOMP
static const bench_peer libgomp = {.name = "libgomp"};
#define LIBGOMP (&libgomp)
#else
#define LIBGOMP (&absent)
#endif
#ifdef BENCH_LIBOMP
static const bench_peer libomp = {.name = "libomp"};
#define LIBOMP (&libomp)
#else
#define LIBOMP (&absent)
#endif

#ifdef BENCH_STARPU
static const bench_peer starpu = {.name = "starpu"};
#define STARPU (&starpu)
#else
#define STARPU (&absent)
#endif
#ifdef BENCH_DASK
static const bench_peer dask = {.name = "dask"};
#define DASK (&dask)
#else
#define DASK (&absent)
#endif

#define PEERS(...) ((const bench_peer *const[]){__VA_ARGS__, NULL})

static const bench_workload fib = {
    .name = "fib",
    .shapes = {"", NULL},
    .size = 32,
    .tiny = 15,
    .metrics = {{"spawn", "ns"}},
    .peers = PEERS(&fib_serial, &fib_bask, LIBGOMP, LIBOMP, TBB(fib_tbb)),
};

static const bench_workload graph = {
    .name = "graph",
    .shapes = {"independent", "chain", "tree", "wavefront", "random", "half", NULL},
    .size = 1000000,
    .tiny = 1000,
    .metrics = {{"build", "ns/node"},
                {"plan", "ns/node"},
                {"run", "ns/node"},
                {"rerun", "ns/node"},
                {"memory", "B/node"}},
    .peers = PEERS(&graph_serial, &graph_bask, LIBGOMP, LIBOMP, TBB(graph_tbb), STARPU, DASK),
    .limits = {{"libomp", 200000}, {"starpu", 100000}, {"dask", 5000}},
};

static const bench_workload latency = {
    .name = "latency",
    .shapes = {"hot", "parked", NULL},
    .size = 1000,
    .tiny = 20,
    .metrics = {{"median", "us"}, {"p99", "us"}},
    .peers = PEERS(&latency_futex, &latency_bask, &latency_bask_future, LIBGOMP, LIBOMP,
                   TBB(latency_tbb), STARPU, DASK),
    .limits = {{"dask", 100}},
};

static const bench_workload idle = {
    .name = "idle",
    .shapes = {"empty", "one-busy", NULL},
    .size = 500,
    .tiny = 1,
    .metrics = {{"others' CPU", "%"}},
    .peers = PEERS(&idle_bask, LIBGOMP, LIBOMP, TBB(idle_tbb)),
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

const char *const bench_absent[] = {BENCH_ABSENT NULL};
const char *const bench_versions[] = {BENCH_VERSIONS NULL};

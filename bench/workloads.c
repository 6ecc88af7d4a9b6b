/* SPDX-License-Identifier: Apache-2.0 */
/* The table of workloads and their peers. */
#include "built.h" /* BENCH_*: what Meson found */
#include "cholesky/cholesky.h"
#include "cilksort/cilksort.h"
#include "fib/fib.h"
#include "granularity/granularity.h"
#include "graph/graph.h"
#include "idle/idle.h"
#include "latency/latency.h"
#include "loop/loop.h"
#include "matmul/matmul.h"
#include "memory/memory.h"
#include "nqueens/nqueens.h"
#include "stencil/stencil.h"
#include "uts/uts.h"

#include <stddef.h>

__attribute__((unused)) static const bench_peer absent = {NULL, NULL, NULL, NULL};

#ifdef BENCH_TBB
#define TBB(peer) (&peer)
#else
#define TBB(peer) (&absent)
#endif
#ifdef BENCH_TASKFLOW
#define TASKFLOW(peer) (&peer)
#else
#define TASKFLOW(peer) (&absent)
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
    .about = "A fork and a join for each call, which does next to nothing itself.",
    .shapes = {"", NULL},
    .size = 32,
    .tiny = 15,
    .metrics = {{"spawn", "ns"}},
    .peers = PEERS(&fib_serial, &fib_serial_calls, &fib_bask, LIBGOMP, LIBOMP, TBB(fib_tbb),
                   TASKFLOW(fib_taskflow)),
};

static const bench_workload loop = {
    .name = "loop",
    .about =
        "Parallel loops: y = a x + y, bound by memory; the sum of an array; and one whose work "
        "grows with the index.",
    .shapes = {"for", "reduce", "skew", NULL},
    .size = 100000000,
    .tiny = 100000,
    .metrics = {{"time", "ms"}},
    .peers = PEERS(&loop_serial, &loop_bask, LIBGOMP, LIBOMP, TBB(loop_tbb)),
};

static const bench_workload nqueens = {
    .name = "nqueens",
    .about =
        "All ways to put queens on a board: some forks and a join for each queen (fine), or for "
        "those in the first rows only (coarse).",
    .shapes = {"fine", "coarse", NULL},
    .size = 12,
    .tiny = 6,
    .metrics = {{"time", "ms"}, {"task", "ns"}},
    .peers = PEERS(&nqueens_serial, &nqueens_bask, LIBGOMP, LIBOMP, TBB(nqueens_tbb)),
};

static const bench_workload uts = {
    .name = "uts",
    .about =
        "The nodes of an unbalanced tree, each next to no work, are counted: a fork and a join for "
        "each but the first of every node's children.",
    .shapes = {"geometric", "binomial", NULL},
    .size = 1000000,
    .tiny = 20000,
    .metrics = {{"time", "ms"}, {"node", "ns"}},
    .peers = PEERS(&uts_serial, &uts_bask, LIBGOMP, LIBOMP, TBB(uts_tbb)),
};

static const bench_workload cilksort = {
    .name = "cilksort",
    .about = "A merge sort of int32 whose merges are parallel too, down to 2048 numbers.",
    .shapes = {"", NULL},
    .size = 4000000,
    .tiny = 20000,
    .metrics = {{"time", "ms"}},
    .peers = PEERS(&cilksort_serial, &cilksort_bask, LIBGOMP, LIBOMP, TBB(cilksort_tbb)),
};

static const bench_workload matmul = {
    .name = "matmul",
    .about =
        "A product of matrices of doubles in tiles of 32 x 32, by divide and conquer down to one "
        "tile.",
    .shapes = {"", NULL},
    .size = 1024,
    .tiny = 150,
    .metrics = {{"time", "ms"}},
    .peers = PEERS(&matmul_serial, &matmul_bask, LIBGOMP, LIBOMP, TBB(matmul_tbb)),
};

static const bench_workload graph = {
    .name = "graph",
    .about =
        "Many nodes of next to no work. OpenMP has no graph to build first: its run is both. Of "
        "half only every other node is wanted, but only bask, Dask and serial can leave out "
        "the others.",
    .shapes = {"independent", "chain", "tree", "wavefront", "random", "half", NULL},
    .size = 1000000,
    .tiny = 1000,
    .metrics = {{"build", "ns/node"},
                {"plan", "ns/node"},
                {"run", "ns/node"},
                {"rerun", "ns/node"},
                {"memory", "B/node"}},
    .peers = PEERS(&graph_serial, &graph_bask, LIBGOMP, LIBOMP, TBB(graph_tbb),
                   TASKFLOW(graph_taskflow), STARPU, DASK),
    .limits = {{"libomp", 200000}, {"starpu", 100000}, {"dask", 5000}},
};

static const bench_workload granularity = {
    .name = "granularity",
    .about = "The shortest task that keeps an efficiency of 50 % in rows that depend on the row "
             "before, tried from 1 ms down to 0.02 us; and a task without work.",
    .shapes = {"16", "2", "4", "64", NULL},
    .size = 20000,
    .tiny = 200,
    .metrics = {{"metg", "us"}, {"empty", "ns/task"}},
    .peers = PEERS(&granularity_serial, &granularity_bask, LIBGOMP, LIBOMP, TBB(granularity_tbb),
                   TASKFLOW(granularity_taskflow)),
};

#ifdef BENCH_OPENBLAS
static const bench_workload cholesky = {
    .name = "cholesky",
    .about = "The factor of a positive definite matrix, in tiles, each a task of OpenBLAS on one "
             "thread; openblas is its own factorisation of the whole, on its own threads.",
    .shapes = {"128", "64", "256", NULL},
    .size = 2048,
    .tiny = 512,
    .metrics = {{"time", "ms"}},
    .peers = PEERS(&cholesky_serial, &cholesky_bask, LIBGOMP, LIBOMP, TBB(cholesky_tbb),
                   &cholesky_whole),
};
#endif

static const bench_workload stencil = {
    .name = "stencil",
    .about = "Time steps over a row of cells in blocks: bask runs one plan of 16 steps again and "
             "again, the others a loop for each step.",
    .shapes = {"16384", "1024", "131072", NULL},
    .size = 1048576,
    .tiny = 5000,
    .metrics = {{"step", "us"}, {"prepare", "us"}},
    .peers = PEERS(&stencil_serial, &stencil_bask, LIBGOMP, LIBOMP, TBB(stencil_tbb)),
};

static const bench_workload memory = {
    .name = "memory",
    .about = "Results that are buffers, of which a kernel touches one word a page: pairs of a node "
             "that makes one and one that reads it, and rows of nodes that each need two of the "
             "row before.",
    .shapes = {"1K", "64K", "1M", "stencil", NULL},
    .size = 10000,
    .tiny = 300,
    .metrics = {{"run", "ns/node"}, {"rerun", "ns/node"}, {"faults", "/node"}},
    .peers = PEERS(&memory_serial, &memory_malloc, &memory_bask, TBB(memory_tbb)),
};

static const bench_workload latency = {
    .name = "latency",
    .about = "One task given from outside and waited for: back to back, and after 2 ms of rest.",
    .shapes = {"hot", "parked", NULL},
    .size = 1000,
    .tiny = 20,
    .metrics = {{"median", "us"}, {"p99", "us"}},
    .peers = PEERS(&latency_futex, &latency_bask, &latency_bask_future, LIBGOMP, LIBOMP,
                   TBB(latency_tbb), TASKFLOW(latency_taskflow), STARPU, DASK),
    .limits = {{"dask", 100}},
};

static const bench_workload idle = {
    .name = "idle",
    .about = "CPU time of workers that have nothing to do, with none and with one of them busy.",
    .shapes = {"empty", "one-busy", NULL},
    .size = 500,
    .tiny = 1,
    .metrics = {{"others' CPU", "%"}},
    .peers = PEERS(&idle_bask, LIBGOMP, LIBOMP, TBB(idle_tbb)),
};

/* clang-format off */
const bench_workload *const bench_workloads[] = {
    &fib, &nqueens, &uts, &cilksort, &matmul, &loop,
    &graph, &granularity, &stencil, &memory,
#ifdef BENCH_OPENBLAS
    &cholesky,
#endif
    &latency, &idle, NULL,
};
/* clang-format on */

const char *const bench_absent[] = {BENCH_ABSENT NULL};
const char *const bench_versions[] = {BENCH_VERSIONS NULL};

/* SPDX-License-Identifier: Apache-2.0 */
/* The program that serves the OpenMP peers: compiled once by gcc, once by clang, as two OpenMP
 * runtimes must not meet in one process. */
#include "cholesky/cholesky.h"
#include "cilksort/cilksort.h"
#include "fib/fib.h"
#include "granularity/granularity.h"
#include "graph/graph.h"
#include "idle/idle.h"
#include "latency/latency.h"
#include "loop/loop.h"
#include "matmul/matmul.h"
#include "nqueens/nqueens.h"
#include "stencil/stencil.h"
#include "uts/uts.h"

#include <stddef.h>

static const bench_served served[] = {
    {"fib", &fib_omp},
    {"loop", &loop_omp},
    {"nqueens", &nqueens_omp},
    {"uts", &uts_omp},
    {"cilksort", &cilksort_omp},
    {"matmul", &matmul_omp},
    {"graph", &graph_omp},
    {"latency", &latency_omp},
    {"idle", &idle_omp},
    {"granularity", &granularity_omp},
    {"stencil", &stencil_omp},
#ifdef BENCH_OPENBLAS
    {"cholesky", &cholesky_omp},
#endif
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    bench_program(argc, argv, served);
}

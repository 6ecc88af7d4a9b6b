/* SPDX-License-Identifier: Apache-2.0 */
#include "uts.h"

static int64_t below(uts_node parent, int32_t first, int32_t n, int32_t deepest)
{
    if (n > 1) {
        int64_t left, right;
#pragma omp task shared(left) firstprivate(parent, first, n, deepest)
        left = below(parent, first, n / 2, deepest);
        right = below(parent, first + n / 2, n - n / 2, deepest);
#pragma omp taskwait
        return left + right;
    }
    uts_node child = uts_child(parent, first, deepest);
    return child.children == 0 ? 1 : 1 + below(child, 0, child.children, deepest);
}

static void *start(const bench_config *config)
{
    return (void *)(uintptr_t)config;
}

static void run(void *state, bench_sample *sample)
{
    const bench_config *config = state;
    int32_t deepest;
    uts_node root = uts_root(config, &deepest);
    int64_t nodes = 0;
    double begin = bench_now();
#pragma omp parallel num_threads(config->threads)
#pragma omp single
    nodes = below(root, 0, root.children, deepest);
    uts_report(sample, begin, 1 + nodes);
}

static void stop(void *state)
{
    (void)state;
}

const bench_peer uts_omp = {"omp", start, run, stop};

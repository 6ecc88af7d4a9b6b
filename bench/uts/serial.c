/* SPDX-License-Identifier: Apache-2.0 */
#include "uts.h"

static int64_t count(uts_node node, int32_t deepest)
{
    int64_t nodes = 1;
    for (int32_t i = 0; i < node.children; i++)
        nodes += count(uts_child(node, i, deepest), deepest);
    return nodes;
}

static void *start(const bench_config *config)
{
    return (void *)(uintptr_t)config;
}

static void run(void *config, bench_sample *sample)
{
    int32_t deepest;
    uts_node root = uts_root(config, &deepest);
    double begin = bench_now();
    uts_report(sample, begin, count(root, deepest));
}

static void stop(void *config)
{
    (void)config;
}

const bench_peer uts_serial = {"serial", start, run, stop};

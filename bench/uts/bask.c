/* SPDX-License-Identifier: Apache-2.0 */
#include "../bask_start.h"
#include "uts.h"

/* The nodes below PARENT, of N of its children only, the first of them the FIRST. */
BASK_KERNEL(int64_t, below, (uts_node, parent), (int32_t, first), (int32_t, n), (int32_t, deepest))
{
    if (n > 1) {
        bask_spawn(left, below, parent, first, n / 2, deepest);
        int64_t right = bask_call(below, parent, first + n / 2, n - n / 2, deepest);
        return bask_sync(left) + right;
    }
    uts_node child = uts_child(parent, first, deepest);
    return child.children == 0 ? 1 : 1 + bask_call(below, child, 0, child.children, deepest);
}

typedef struct state {
    bask_client *client;
    uts_node root;
    int32_t deepest;
} state;

static void *start(const bench_config *config)
{
    state *s = malloc(sizeof *s);
    s->client = bench_open(config);
    s->root = uts_root(config, &s->deepest);
    return s;
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    int64_t nodes = 0;
    double begin = bench_now();
    bask_check(bask_invoke(s->client, &nodes, below, s->root, 0, s->root.children, s->deepest));
    uts_report(sample, begin, 1 + nodes);
}

static void stop(void *p)
{
    state *s = p;
    bask_close(s->client);
    free(s);
}

const bench_peer uts_bask = {"bask", start, run, stop};

/* SPDX-License-Identifier: Apache-2.0 */
#include "graph.h"

#include <bask.h>

BASK_KERNEL(uint64_t, node0)
{
    return graph_value(0, 0, 0);
}
BASK_KERNEL(uint64_t, node1, (uint64_t, a))
{
    return graph_value(a, 0, 0);
}
BASK_KERNEL(uint64_t, node2, (uint64_t, a), (uint64_t, b))
{
    return graph_value(a, b, 0);
}
BASK_KERNEL(uint64_t, node3, (uint64_t, a), (uint64_t, b), (uint64_t, c))
{
    return graph_value(a, b, c);
}

typedef struct state {
    graph_shape shape;
    double resident;
    bask_client *client;
    bask_delayed **nodes, **outputs;
    uint32_t *sinks; /* positions of the nodes that no node depends on */
    size_t nsinks;
} state;

/* The harness's own arrays are made and touched here, so that they are not measured. */
static void *start(const bench_config *config)
{
    state *s = calloc(1, sizeof *s);
    char address[32];
    snprintf(address, sizeof address, "threads://%d", config->threads);
    bask_check(bask_open(address, &s->client));
    s->shape = graph_shape_of(config);
    size_t n = (size_t)s->shape.nodes;
    bool *used = calloc(n, sizeof *used);
    for (int64_t i = 0, deps[3]; i < s->shape.nodes; i++)
        for (int d = 0, count = graph_deps(&s->shape, i, deps); d < count; d++)
            used[deps[d]] = true;
    s->sinks = malloc(n * sizeof *s->sinks);
    for (size_t i = 0; i < n; i++)
        if (!used[i])
            s->sinks[s->nsinks++] = (uint32_t)i;
    free(used);
    s->nodes = malloc(n * sizeof *s->nodes);
    s->outputs = malloc(s->nsinks * sizeof *s->outputs);
    memset(s->nodes, 1, n * sizeof *s->nodes);
    memset(s->outputs, 1, s->nsinks * sizeof *s->outputs);
    s->resident = bench_resident();
    return s;
}

static void build(state *s, bask_graph *g)
{
    bask_delayed **nodes = s->nodes;
    for (int64_t i = 0, d[3]; i < s->shape.nodes; i++) {
        switch (graph_deps(&s->shape, i, d)) {
        case 0:
            nodes[i] = bask_delay(g, node0);
            break;
        case 1:
            nodes[i] = bask_delay(g, node1, nodes[d[0]]);
            break;
        case 2:
            nodes[i] = bask_delay(g, node2, nodes[d[0]], nodes[d[1]]);
            break;
        default:
            nodes[i] = bask_delay(g, node3, nodes[d[0]], nodes[d[1]], nodes[d[2]]);
        }
    }
}

static void run(void *p, bench_sample *sample)
{
    state *s = p;
    double n = (double)s->shape.nodes, t0 = bench_now();
    bask_graph *g = bask_graph_new(s->client);
    build(s, g);
    double t1 = bench_now();
    for (size_t i = 0; i < s->nsinks; i++)
        s->outputs[i] = s->nodes[s->sinks[i]];
    bask_plan *plan;
    double t2 = bench_now();
    bask_check(bask_plan_new(s->client, s->outputs, s->nsinks, &plan));
    bask_check(bask_plan_run(plan));
    double t3 = bench_now();
    bask_check(bask_plan_run(plan));
    double t4 = bench_now();
    sample->values[0] = (t1 - t0) / n;
    sample->values[1] = (t3 - t2) / n;
    sample->values[2] = (t4 - t3) / n;
    sample->values[3] = (bench_resident() - s->resident) / n;
    for (size_t i = 0; i < s->nsinks; i++) {
        uint64_t value;
        bask_check(bask_plan_result(plan, i, &value));
        sample->checksum += value;
    }
    bask_plan_free(plan);
    bask_graph_free(g);
}

static void stop(void *p)
{
    state *s = p;
    bask_close(s->client);
    free(s->nodes);
    free(s->outputs);
    free(s->sinks);
    free(s);
}

const bench_peer graph_bask = {"bask", start, run, stop};

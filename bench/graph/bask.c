/* SPDX-License-Identifier: Apache-2.0 */
#include "../bask_start.h"
#include "graph.h"

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
    uint32_t *wanted; /* positions of the outputs */
    size_t noutputs;
} state;

/* The harness's own arrays are made and touched here, so that they are not measured. */
static void *start(const bench_config *config)
{
    state *s = calloc(1, sizeof *s);
    s->client = bench_open(config);
    s->shape = graph_shape_of(config);
    size_t n = (size_t)s->shape.nodes;
    s->noutputs = graph_outputs(&s->shape, &s->wanted);
    s->nodes = malloc(n * sizeof *s->nodes);
    s->outputs = malloc(s->noutputs * sizeof *s->outputs);
    memset(s->nodes, 1, n * sizeof *s->nodes);
    memset(s->outputs, 1, s->noutputs * sizeof *s->outputs);
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
    for (size_t i = 0; i < s->noutputs; i++)
        s->outputs[i] = s->nodes[s->wanted[i]];
    bask_plan *plan;
    double t2 = bench_now();
    bask_check(bask_plan_new(s->client, s->outputs, s->noutputs, &plan));
    double t3 = bench_now();
    bask_check(bask_plan_run(plan));
    double t4 = bench_now();
    bask_check(bask_plan_run(plan));
    double t5 = bench_now();
    sample->values[GRAPH_BUILD] = (t1 - t0) / n;
    sample->values[GRAPH_PLAN] = (t3 - t2) / n;
    sample->values[GRAPH_RUN] = (t4 - t3) / n;
    sample->values[GRAPH_RERUN] = (t5 - t4) / n;
    sample->values[GRAPH_MEMORY] = (bench_resident() - s->resident) / n;
    for (size_t i = 0; i < s->noutputs; i++) {
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
    free(s->wanted);
    free(s);
}

const bench_peer graph_bask = {"bask", start, run, stop};

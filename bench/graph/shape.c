/* SPDX-License-Identifier: Apache-2.0 */
#include "graph.h"

#include <stdlib.h>

graph_shape graph_shape_of(const bench_config *config)
{
    graph_shape s = {config->shape[0], config->size, 1};
    while ((s.width + 1) * (s.width + 1) <= s.nodes)
        s.width++;
    if (s.letter == 'w' || s.letter == 'r') /* square */
        s.nodes = s.width * s.width;
    if (s.letter == 'h' && s.nodes > 1)
        s.nodes -= s.nodes % 2;
    return s;
}

/* splitmix64 (Steele, Lea and Flood, OOPSLA 2014): the same graph on every machine. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* A reduction: the inner nodes of a heap that is read from its end. */
static int tree_deps(int64_t n, int64_t i, int64_t deps[3])
{
    int64_t place = n - 1 - i;
    int count = 0;
    if (2 * place + 2 < n)
        deps[count++] = n - 1 - (2 * place + 2);
    if (2 * place + 1 < n)
        deps[count++] = n - 1 - (2 * place + 1);
    return count;
}

/* Three different nodes of the layer before. */
static int random_deps(int64_t width, int64_t i, int64_t deps[3])
{
    if (i < width)
        return 0;
    if (width < 8) {
        deps[0] = i - width;
        return 1;
    }
    uint64_t h = mix((uint64_t)i), w = (uint64_t)width;
    int64_t layer = (i / width - 1) * width;
    uint64_t first = h % w, step = 1 + (h >> 20) % (w / 2 - 1);
    uint64_t other = step + 1 + (h >> 42) % (w / 2 - 1);
    deps[0] = layer + (int64_t)first;
    deps[1] = layer + (int64_t)((first + step) % w);
    deps[2] = layer + (int64_t)((first + other) % w);
    return 3;
}

static int half_deps(int64_t n, int64_t i, int64_t deps[3])
{
    int count = tree_deps(n / 2, i / 2, deps);
    for (int d = 0; d < count; d++)
        deps[d] = 2 * deps[d] + i % 2;
    return count;
}

int graph_deps(const graph_shape *s, int64_t i, int64_t deps[3])
{
    int count = 0;
    switch (s->letter) {
    case 'c':
        if (i > 0)
            deps[count++] = i - 1;
        return count;
    case 't':
        return tree_deps(s->nodes, i, deps);
    case 'h':
        return half_deps(s->nodes, i, deps);
    case 'w':
        if (i >= s->width)
            deps[count++] = i - s->width;
        if (i % s->width)
            deps[count++] = i - 1;
        return count;
    case 'r':
        return random_deps(s->width, i, deps);
    default:
        return 0;
    }
}

size_t graph_outputs(const graph_shape *s, uint32_t **outputs)
{
    size_t n = (size_t)s->nodes, count = 0;
    bool *used = calloc(n, sizeof *used);
    *outputs = malloc(n * sizeof **outputs);
    for (int64_t i = 0, deps[3]; i < s->nodes; i++)
        for (int d = 0, k = graph_deps(s, i, deps); d < k; d++)
            used[deps[d]] = true;
    for (size_t i = 0; i < n; i++)
        if (!used[i] && !(s->letter == 'h' && i % 2))
            (*outputs)[count++] = (uint32_t)i;
    free(used);
    return count;
}

uint64_t graph_checksum(const graph_shape *s, const uint64_t *values)
{
    uint32_t *outputs;
    uint64_t sum = 0;
    for (size_t i = 0, n = graph_outputs(s, &outputs); i < n; i++)
        sum += values[outputs[i]];
    free(outputs);
    return sum;
}

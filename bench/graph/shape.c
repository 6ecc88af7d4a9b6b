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

uint64_t graph_checksum(const graph_shape *s, const uint64_t *values)
{
    bool *used = calloc((size_t)s->nodes, sizeof *used);
    uint64_t sum = 0;
    if (!used)
        return 0;
    for (int64_t i = 0, deps[3]; i < s->nodes; i++)
        for (int d = 0, count = graph_deps(s, i, deps); d < count; d++)
            used[deps[d]] = true;
    for (int64_t i = 0; i < s->nodes; i++)
        if (!used[i])
            sum += values[i];
    free(used);
    return sum;
}

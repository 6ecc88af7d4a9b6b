#!@PYTHON@
# SPDX-License-Identifier: Apache-2.0
"""The program that serves the Dask peers: WORKLOAD SHAPE THREADS SIZE, by bask-bench.

Asked and answering as serve.c does; the shapes are those of graph/shape.c.
"""
import math
import os
import struct
import sys
import time

import dask.threaded

METRICS = 5  # BENCH_METRICS
WORD = (1 << 64) - 1


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def value(a=0, b=0, c=0):
    return (a + 3 * b + 5 * c + 1) & WORD


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & WORD
    x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & WORD
    x = ((x ^ x >> 27) * 0x94D049BB133111EB) & WORD
    return x ^ x >> 31


class Shape:
    def __init__(self, name, nodes):
        self.name = name
        self.width = math.isqrt(nodes)
        if name in ("wavefront", "random"):
            nodes = self.width**2
        if name == "half" and nodes > 1:
            nodes -= nodes % 2
        self.nodes = nodes

    def tree(self, n, i):
        place = n - 1 - i
        return [n - 1 - child for child in (2 * place + 2, 2 * place + 1) if child < n]

    def random(self, i):
        w = self.width
        if i < w:
            return []
        if w < 8:
            return [i - w]
        h = mix(i)
        layer = (i // w - 1) * w
        first = h % w
        step = 1 + (h >> 20) % (w // 2 - 1)
        other = step + 1 + (h >> 42) % (w // 2 - 1)
        return [layer + first, layer + (first + step) % w, layer + (first + other) % w]

    def deps(self, i):
        w = self.width
        if self.name == "chain":
            return [i - 1] if i else []
        if self.name == "tree":
            return self.tree(self.nodes, i)
        if self.name == "half":
            return [2 * d + i % 2 for d in self.tree(self.nodes // 2, i // 2)]
        if self.name == "wavefront":
            return ([i - w] if i >= w else []) + ([i - 1] if i % w else [])
        if self.name == "random":
            return self.random(i)
        return []

    def outputs(self):
        used = {d for i in range(self.nodes) for d in self.deps(i)}
        return [i for i in range(self.nodes) if i not in used and not (self.name == "half" and i % 2)]


class Graph:
    """Keys are (0, i): a bare number would be a literal."""

    def __init__(self, shape, threads, size):
        self.shape = Shape(shape, size)
        self.threads = threads
        self.deps = [[(0, d) for d in self.shape.deps(i)] for i in range(self.shape.nodes)]
        self.outputs = [(0, i) for i in self.shape.outputs()]
        self.resident = resident()

    def run(self):
        n = self.shape.nodes
        t0 = time.perf_counter_ns()
        graph = {(0, i): (value, *self.deps[i]) for i in range(n)}
        t1 = time.perf_counter_ns()
        values = dask.threaded.get(graph, self.outputs, num_workers=self.threads)
        t2 = time.perf_counter_ns()
        dask.threaded.get(graph, self.outputs, num_workers=self.threads)
        t3 = time.perf_counter_ns()
        memory = resident() - self.resident
        return [(t1 - t0) / n, None, (t2 - t1) / n, (t3 - t2) / n, memory / n], sum(values) & WORD


class Latency:
    def __init__(self, shape, threads, size):
        self.parked = shape == "parked"
        self.trips = min(size, 200) if self.parked else size
        self.threads = threads

    def run(self):
        times = []
        for _ in range(self.trips):
            if self.parked:
                time.sleep(0.002)
            begin = time.perf_counter_ns()
            dask.threaded.get({"x": (value,)}, "x", num_workers=self.threads)
            times.append((time.perf_counter_ns() - begin) / 1e3)
        times.sort()
        return [times[int((len(times) - 1) * part + 0.5)] for part in (0.5, 0.99)], 0


def main():
    workload, shape, threads, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    peer = {"graph": Graph, "latency": Latency}[workload](shape, threads, size)
    answer = os.dup(1)
    os.dup2(2, 1)
    os.write(answer, b"\0")  # ready
    while os.read(0, 1):
        values, checksum = peer.run()
        values += [None] * (METRICS - len(values))
        os.write(answer, struct.pack(f"{METRICS}dQ", *(math.nan if v is None else v for v in values), checksum))


main()

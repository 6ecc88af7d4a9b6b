/* SPDX-License-Identifier: Apache-2.0 */
#include "granularity.h"

#include <math.h>
#include <stdlib.h>

enum { RUNS = 3, CALIBRATION = 20000 };
static const double lengths_us[] = {1000, 500, 200, 100, 50,  20,   10,  5,
                                    2,    1,   0.5, 0.2, 0.1, 0.05, 0.02};

/* Changes between runs only. */
static int64_t iterations;

uint64_t granularity_task(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t x = a + 3 * b + 5 * c + 1;
    for (int64_t i = iterations; i > 0; i--)
        x = x * 6364136223846793005u + 1442695040888963407u;
    return x;
}

static double ns_per_iteration(void)
{
    double best = INFINITY;
    uint64_t x = 0;
    iterations = CALIBRATION;
    for (int i = 0; i < 20; i++) {
        double begin = bench_now();
        x = granularity_task(x, 0, 0);
        best = fmin(best, (bench_now() - begin) / CALIBRATION);
    }
    return best;
}

/* The best of a few runs: what a runtime can do when nothing else gets in its way. */
static double run_ns(const granularity_peer *peer, void *state)
{
    double best = INFINITY;
    peer->run(state); /* a first time, for what a runtime allocates and learns */
    for (int i = 0; i < RUNS; i++) {
        double begin = bench_now();
        peer->run(state);
        best = fmin(best, bench_now() - begin);
    }
    return best;
}

static double efficiency(const granularity_peer *peer, void *state, const bench_config *config,
                         int threads, double length_us)
{
    int64_t width = atoll(config->shape);
    double nodes = fmin((double)config->size / length_us, (double)config->size);
    int64_t rows = (int64_t)(nodes / (double)width);
    peer->build(state, width, rows);
    double ideal = (double)(width * rows) * length_us * 1e3 / threads;
    double part = ideal / run_ns(peer, state);
    peer->clear(state);
    return part;
}

/* Where the line from one (length, efficiency) to the next crosses a half; lengths by logarithm. */
static double crossing(double longer, double above, double shorter, double below)
{
    double part = above > below ? (above - 0.5) / (above - below) : 0;
    return exp(log(longer) + part * (log(shorter) - log(longer)));
}

static double metg_us(const granularity_peer *peer, void *state, const bench_config *config,
                      int threads)
{
    static double each; /* of the process: a calibration for every repetition would be noise */
    double above = 1, longer = 0;
    if (each == 0)
        each = ns_per_iteration();
    for (size_t i = 0; i < sizeof lengths_us / sizeof *lengths_us; i++) {
        double length = lengths_us[i];
        if (length * 2 * (double)atoll(config->shape) > (double)config->size)
            continue; /* fewer than two rows */
        iterations = (int64_t)(length * 1e3 / each);
        double part = efficiency(peer, state, config, threads, length);
        if (part < 0.5)
            return longer > 0 ? crossing(longer, above, length, part) : length;
        above = part;
        longer = length;
    }
    return longer;
}

void granularity_measure(const granularity_peer *peer, void *state, const bench_config *config,
                         int threads, bench_sample *sample)
{
    int64_t width = atoll(config->shape), rows = config->size / width + 1;
    sample->values[0] = metg_us(peer, state, config, threads);
    iterations = 0;
    peer->build(state, width, rows);
    sample->values[1] = run_ns(peer, state) / (double)(width * rows);
    iterations = 8;
    sample->checksum = peer->run(state);
    peer->clear(state);
}

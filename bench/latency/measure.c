/* SPDX-License-Identifier: Apache-2.0 */
#include "latency.h"

#include <stdlib.h>

enum { PARK_MS = 2, PARKED_TRIPS = 200 };

void latency_measure(const bench_config *config, void (*trip)(void *state), void *state,
                     bench_sample *sample)
{
    bool parked = config->shape[0] == 'p';
    int n = parked && config->size > PARKED_TRIPS ? PARKED_TRIPS : (int)config->size;
    double *times = malloc((size_t)n * sizeof *times);
    for (int i = 0; i < n; i++) {
        if (parked)
            bench_sleep_ms(PARK_MS);
        double begin = bench_now();
        trip(state);
        times[i] = (bench_now() - begin) / 1e3;
    }
    sample->values[0] = bench_quantile(times, n, 0.5);
    sample->values[1] = bench_quantile(times, n, 0.99);
    free(times);
}

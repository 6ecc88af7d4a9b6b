/* SPDX-License-Identifier: Apache-2.0 */
/* One shape of one workload: its peers side by side, and what they say. */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include "bench.h"

typedef struct bench_request {
    const bench_workload *workload;
    bench_config config;
    const char *peers; /* names with commas, NULL: all */
    int reps;
    bool json;
} bench_request;

/* The line above those of bench_compare; none with json. */
void bench_head(const bench_request *q);

/* Runs and prints one line for each metric and peer; false if a peer failed, computed something
 * else than the first one, or if there is none of those asked for. */
bool bench_compare(const bench_request *q);

#endif

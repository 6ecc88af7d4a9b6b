/* SPDX-License-Identifier: Apache-2.0 */
/* What bask's peers begin with. */
#ifndef BENCH_BASK_START_H
#define BENCH_BASK_START_H

#include "bench.h"

#include <bask.h>

/* A client with as many workers as CONFIG says. */
static inline bask_client *bench_open(const bench_config *config)
{
    char address[32];
    bask_client *client;
    snprintf(address, sizeof address, "threads://%d", config->threads);
    bask_check(bask_open(address, &client));
    return client;
}

#endif

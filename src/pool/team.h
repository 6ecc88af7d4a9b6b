/* SPDX-License-Identifier: Apache-2.0 */
/* Teams: the threads of an OpenMP parallel region as the workers of a pool that has none. */
#ifndef BASK_POOL_TEAM_H
#define BASK_POOL_TEAM_H

#include "pool/worker.h"

/* How many threads a parallel region of the calling thread would have; 0: the process has no OpenMP
 * runtime. */
int team_default(void);

/*
 * Returns when WORD is done, having run POOL's work until then in a parallel region of N threads;
 * where OpenMP gives fewer, as inside another region, in fewer. A thread that works for POOL already
 * opens no region.
 */
void team_run(bask_pool *pool, int n, _Atomic uint32_t *word);

#endif

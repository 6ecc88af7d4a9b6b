/* SPDX-License-Identifier: Apache-2.0 */
/* How many workers, and where. */
#ifndef BASK_POOL_TOPOLOGY_H
#define BASK_POOL_TOPOLOGY_H

#include <bask/status.h>

/* CPUs in this thread's affinity mask. */
int topology_mask_count(void);

/* The smallest CPU quota, rounded up, on the way from the process's own cgroup (both versions) up to
 * the root; INT_MAX: there is none. ROOT goes before all paths: "", or a test's folder. */
int topology_quota(const char *root);

/* CPUs in the calling thread's affinity mask; at least 1. */
int topology_cpus(void);

/* The CPU (as the system numbers it) for each of N workers: inside the inherited mask, one core
 * after the other in hwloc's order, hardware threads of one core last; wraps around. */
bask_status topology_place(int n, int *cpus);

/* Binds the calling thread to CPU; a refusal is only logged. */
void topology_bind(int cpu);

#endif

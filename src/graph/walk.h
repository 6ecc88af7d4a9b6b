/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk: one thread runs the wanted nodes in the order in which they lie in memory, which is the
 * order in which they were made and so a topological one. It counts no arrivals and looks at no
 * consumers: the fastest way for one thread, as long as results need no memory of their own.
 */
#ifndef BASK_GRAPH_WALK_H
#define BASK_GRAPH_WALK_H

#include "graph/plan.h"

/* Runs all of P in this thread, which no worker is; returns how many kernels were called. */
uint64_t walk_here(plan *p);

/* Has P run by the one worker of its pool. P waits for no promise. */
void walk_start(plan *p);

#endif

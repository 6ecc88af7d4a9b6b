/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a woken worker runs. A system may put it on its waker's CPU though others are idle (in a
 * virtual machine idle CPUs look as if they were preempted). That is good for a waker that is about
 * to block, and bad for one that works on, such as a worker: the two then take turns for
 * milliseconds. So a worker that wakes another forbids it this CPU until it runs.
 */
#ifndef BASK_POOL_PLACE_H
#define BASK_POOL_PLACE_H

#include "pool/worker.h"

/* The calling thread is waking V: V is to run on another CPU, if it may. Not for pinned workers. */
void place_elsewhere(worker *v);

/* W, having been woken: may run wherever it might before. */
void place_anywhere(worker *w);

#endif

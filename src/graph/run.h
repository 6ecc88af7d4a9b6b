/* SPDX-License-Identifier: Apache-2.0 */
/* Running a plan: the callbacks that connect it to pool and promises. */
#ifndef BASK_GRAPH_RUN_H
#define BASK_GRAPH_RUN_H

#include "graph/plan.h"

void run_cell(worker *w, void *cell); /* a ready node out of a deque */
/*
 * Goes on per node with a run of which some nodes have run already: those whose count is the lap.
 * Nobody else runs any now. PIECES are taken from plan.remaining, to which the terminals are added
 * that have not run. The plan may be gone when this returns.
 */
void run_rest(plan *p, worker *w, int64_t pieces);

/* For who waits for a run of `plan`. */
typedef struct wanted_run {
    wanted wanted;
    const plan *plan; /* may be gone */
} wanted_run;

/* Does X, out of a deque, belong to a run of P? P, of which only the address is looked at, may be gone. */
bool run_part_of(const plan *p, item x);

static inline bool run_is_wanted(const wanted *self, item x)
{
    return run_part_of(((const wanted_run *)self)->plan, x);
}

void run_gate(listener *l);       /* a promise that a node waits for is done */
void run_gate_job(bask_job *job); /* ... and it was the last thing that the node waited for */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The windows: several workers run the wanted nodes in the order in which they lie in memory, each a
 * window of them at a time, for kernels that take less time than scheduling them one by one would.
 * Results need no memory of their own, and no promise is waited for.
 */
#ifndef BASK_GRAPH_WINDOWS_H
#define BASK_GRAPH_WINDOWS_H

#include "graph/plan.h"

/* All the memory that runs of P by a pool of NWORKERS will need; NULL where memory is short or P has
 * too few nodes for it to pay. */
windows *windows_new(plan *p, int nworkers);
void windows_free(windows *all); /* NULL is accepted */

/* Are the kernels as tiny as they must be? Looks at some here and there; windows_start copes with
 * others, but not well. */
bool windows_fit(const plan *p);

/* Is JOB one of a run of P by windows? P may be gone. */
bool windows_part_of(const plan *p, const bask_job *job);

/* Has P run by its pool. The plan may be gone when this returns. */
void windows_start(plan *p);

#endif

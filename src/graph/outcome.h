/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of a node's result where it is more than a number for its consumers: failures,
 * cancellation, buffers, outputs. All off the path of a plain node.
 */
#ifndef BASK_GRAPH_OUTCOME_H
#define BASK_GRAPH_OUTCOME_H

#include "graph/plan.h"

/* Does nobody want the result of this running task? (bask_task.cancelled) */
bool outcome_unwanted(const bask_task *task);

/* Asked while plan.attention is set: true when N must not run, since an argument failed or it is
 * cancelled; its state then says why. */
bool outcome_skip(plan *p, const node *n, state *s);

/* The kernel has failed: keeps WHY, which is owned; a buffer that it returned all the same goes. */
void outcome_failed(plan *p, const node *n, state *s, failure *why);

/* N is complete, and has to do with buffers or is an output that is waited for: tells the client,
 * counts the uses of its buffer, and drops its inputs. */
void outcome_complete(plan *p, const node *n, state *s);

/* Drops the buffers of the last run that the plan itself holds. */
void outcome_release_outputs(plan *p);

#endif

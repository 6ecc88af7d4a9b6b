/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strands: the calls that a task spawns. One that its spawner takes back is just called, as a part of
 * the running task. Any other runs as a task of its own whose failure the spawner adopts when it
 * joins; the spawner's task, the whole, is there until then.
 */
#include "graph/task.h"

void bask_strand_run(bask_strand *strand, bask_strand_fn *compute)
{
    const bask_task *spawner = strand->child.task;
    strand->failure = NULL;
    if (!spawner) {
        compute(strand);
        return;
    }
    bask_task *whole = spawner->whole;
    bask_task task = {
        .node = whole->node, .plan = whole->plan, .whole = whole, .pool = whole->pool};
    task_begin(&task);
    compute(strand);
    task_end(&task);
    strand->failure = task_settle(&task);
}

static void adopt(bask_strand *strand)
{
    if (!strand->failure)
        return;
    if (!task_current->failure) {
        task_current->failure = strand->failure;
        task_current->noted = true;
    } else
        failure_free(strand->failure);
}

/* While a part of a task waits for another one, other parts may run on top of it: no part waits for what
 * comes after a sync in the one that spawned it. */
static bool is_part(const wanted *self, item x)
{
    (void)self;
    if ((x & ITEM_TAG) != ITEM_CHILD)
        return false;
    const bask_task *spawner = ((const bask_child *)(x & ~(item)ITEM_TAG))->task;
    return spawner && task_current && spawner->whole == task_current->whole;
}

/* False: it is the caller's to run. */
static bool join(bask_worker *self, bask_child *child)
{
    static const wanted parts = {is_part};
    if (fork_take_back(self, child))
        return false;
    if (task_current)
        worker_join((worker *)self, &child->word, &parts);
    else
        worker_run((worker *)self, &child->word, INT64_MAX, WORKER_JOIN);
    return true;
}

bool bask_strand_join(bask_worker *self, bask_strand *strand)
{
    if (!join(self, &strand->child))
        return false;
    adopt(strand);
    return true;
}

void bask_strand_end(bask_worker *self, bask_strand *strand)
{
    if (bask_take_back(self, &strand->child) || !join(self, &strand->child)) {
        strand->child.task = task_current;
        strand->child.run(&strand->child);
    }
    adopt(strand);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/ready.h"

/* Nodes of a list that go into the deque at once, when it is its turn. */
enum { READY_PART = DEQUE_CAPACITY / 4 + 1 };

static plan *plan_of(const bask_job *list)
{
    return ((const block_head *)cell_block_of(list))->plan;
}

static void run(worker *w, state *s)
{
    ((const cell_block *)cell_block_of(s))->run(w, s);
}

static void run_list(bask_job *list);

static bool is_list(item x)
{
    return x && (x & ITEM_TAG) == ITEM_JOB && ((const bask_job *)x)->run == run_list;
}

bool ready_is(item x)
{
    return (x & ITEM_TAG) == ITEM_CELL || is_list(x);
}

/* False when memory is short. */
static bool lay(worker *w, bask_job *list)
{
    if (!deque_reserve(&w->deque, 1)) /* else worker_push would use list->next */
        return false;
    list->run = run_list;
    worker_push(w, (item)list | ITEM_JOB);
    return true;
}

/* Only the first few of a list, which its owner runs next, are laid singly; the others stay together
 * below them, where a thief takes all at once and does the same. */
static void run_list(bask_job *list)
{
    worker *w = (worker *)bask_self;
    state *part[READY_PART];
    size_t n = 0;
    worker_uncount_job(w);
    do {
        part[n++] = (state *)list;
        list = list->next;
    } while (list && n < READY_PART && deque_fits(&w->deque, (int64_t)n + 2));
    for (bask_job *next; list && !lay(w, list); list = next) {
        next = list->next;
        run(w, (state *)list);
    }
    while (--n > 0)
        worker_push(w, (item)part[n] | ITEM_CELL);
    run(w, part[0]);
}

void ready_share(worker *w, ready_list *l)
{
    item newest = deque_take(&w->deque);
    if (is_list(newest) && plan_of((bask_job *)newest) == plan_of(&l->first->job))
        l->last->job.next = (bask_job *)newest;
    else if (newest)
        worker_push(w, newest);
    if (lay(w, &l->first->job))
        l->first = NULL;
}

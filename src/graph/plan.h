/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan holds all that changes while a graph runs: a mirror of the graph in which the state of a
 * node lies at the node's own offset, and the order of the roots. So a graph can be run by several
 * plans at once, and no node needs a lock.
 *
 * Arrivals are counted up and not reset: a node is ready at `lap * dependencies` arrivals, lap
 * being the number of runs so far, and fresh pages are zero, so nothing is initialised. Only when
 * a plan changes from one executor to another it starts again, with all counts zero and lap 1.
 *
 * Every wanted node completes in every run, also a failed or cancelled one (its kernel is skipped),
 * so that there is one way in which a run ends: all terminals (wanted nodes that no wanted node
 * consumes, all of them outputs) have completed.
 */
#ifndef BASK_GRAPH_PLAN_H
#define BASK_GRAPH_PLAN_H

#include "graph/graph.h"
#include "graph/task.h"
#include "graph/trial.h"
#include "pool/source.h"

typedef struct state {
    union {
        slot result;
        /* of a node that is ready, while it and others wait in a deque: ready.h, */
        bask_job job;
        /* ... and of the first of some roots that do so: run.c. Begins as a job does. */
        struct {
            bask_job_fn *run;
            uint32_t from, to;
        } share;
    };
    _Atomic uint32_t count; /* arrivals over all runs */
    uint32_t mark; /* planner before the run, then the node's runner; released by the arrivals */
} state;
_Static_assert(sizeof(state) <= sizeof(node) + sizeof(arg), "a state fits in the smallest node");

/* state.mark: the low bits are the position of an output plus one (of its first one), or 0; they are
 * set where somebody will ask (plan_mark_outputs). */
#define MARK_WANTED 0x80000000u
#define MARK_FAILED 0x40000000u /* result.failure says why */
#define MARK_OWN 0x20000000u    /* ... and it is the node's own failure, not one passed on */
#define MARK_OUTPUT 0x1fffffffu

typedef struct plan plan;
typedef struct need need;
typedef struct windows windows;

/* The head of a block of the mirror. */
typedef struct block_head {
    cell_block cell; /* so that a state can be put into a deque */
    plan *plan;
    ref first;
    uint32_t dirty; /* words that are not zero, maybe: plan_clear */
} block_head;

/* A node that waits for a promise. */
typedef struct gate {
    listener listener;
    bask_job job; /* runs the node when this gate was the last to open */
    plan *plan;
    ref node;
    promise *promise;
} gate;

/* plan.attention: looked at before each kernel, so that the rest costs nothing while all is well.
 * OUTPUT: some outputs are given up, so plan_needs must be asked. LEAVING: windows.c. */
enum { ATTENTION_FAILED = 1, ATTENTION_CANCELLED = 2, ATTENTION_OUTPUT = 4, ATTENTION_LEAVING = 8 };

/* What the counts of the states were used for since they were last all zero: per node they count
 * arrivals; windows set them to the lap once the node has run. */
typedef enum count_use { COUNT_NOTHING, COUNT_ARRIVALS, COUNT_LAPS } count_use;

struct plan {
    /* constant during a run */
    bask_graph *graph;
    /* The graph's slabs and their mirrors, by ref >> SLAB_SHIFT: where word 0 of the graph would be
     * if all of it lay around this one, so that a place is found by one load and one addition. */
    uintptr_t *slabs, *blocks;
    uint32_t *lengths; /* words used of each slab, 0: no node begins there */
    size_t npages;
    ref end;             /* nodes from here on came later and do not take part */
    bool all;            /* every node is wanted: marks need not be looked at */
    bool clear;          /* counts and marks have a meaning; else both are undefined */
    bool marked;         /* the outputs are */
    bool yields_buffers; /* some kernel of the graph returned one when it was planned */
    bool keep_outputs;   /* the plan, not a future, holds the outputs' buffers */
    bool fail_fast, own_roots;
    uint32_t run; /* runs so far */
    uint32_t lap; /* ... since all counts were zero */
    count_use counts;
    windows *windows; /* NULL: not for this plan */
    trial trial;      /* of windows against a walk; constant during a run but for its `latest` */
    uint32_t watched; /* the bits of a mark that call for on_output */
    ref *roots;
    size_t nroots, wanted, terminals;
    ref *outputs;
    size_t noutputs;
    gate *gates;
    size_t ngates;
    bask_pool *pool;
    void *user;
    int band;                /* where it starts: pool/band.h */
    const char *annotations; /* of all its tasks; annotation.h */
    /* called by the runner of an output node, after its result or failure is in place */
    /* false: nobody took the result, for it was cancelled, and so is all that depends on it */
    bool (*on_output)(plan *p, size_t output, const state *s);
    void (*on_end)(plan *p);                 /* the last thing that a run does with the plan */
    _Atomic(need *) needs;                   /* made when the first output is cancelled: need.c */
    _Alignas(64) _Atomic uint32_t attention; /* relaxed; what it points at is released elsewhere */
    _Alignas(64) _Atomic int64_t remaining;  /* terminals, or pieces (windows.c); acq_rel, so that
                                              * on_end sees all results */
    _Atomic(failure *) failures;             /* all failures, to be freed with the plan */
    source source;                           /* the roots, offered to all ... */
    bask_job job;                            /* ... or queued as one piece by a worker */
    ref walked;                              /* walk.c: the next node */
};

static inline void *plan_word(const plan *p, ref r)
{
    return (void *)(p->slabs[r >> SLAB_SHIFT] + (uintptr_t)r * 8);
}
static inline node *plan_node(const plan *p, ref r)
{
    return plan_word(p, r);
}
static inline state *plan_state(const plan *p, ref r)
{
    return (state *)(p->blocks[r >> SLAB_SHIFT] + (uintptr_t)r * 8);
}

/* Visits the nodes in memory order: for (ref r = plan_first(p); r < p->end; r = plan_after(p, r)) */
static inline ref plan_first(const plan *p)
{
    (void)p;
    return SLAB_FIRST;
}
ref plan_after(const plan *p, ref r);
/* The first node of a later slab, or p->end. */
ref plan_slab_after(const plan *p, size_t slab);

/* The consumer that an edge stands for, and the next edge. */
static inline ref plan_consumer(const plan *p, edge e, edge *next)
{
    ref place = e >> 2;
    const void *word =
        __builtin_expect(place < p->end, 1) ? plan_word(p, place) : graph_word(p->graph, place);
    if (__builtin_expect((e & 3) != 3, 1)) {
        *next = ((const node *)word)->args[e & 3].dep.next;
        return place;
    }
    const wide_arg *w = word;
    *next = w->arg.dep.next;
    return w->owner;
}

/* Has the node of S failed, in the last run? */
static inline bool plan_failed(const plan *p, const state *s)
{
    return p->clear && s->mark & MARK_FAILED;
}

static inline ref state_ref(const state *s)
{
    const block_head *block = cell_block_of(s);
    return block->first + (ref)(((uintptr_t)s & (CELL_BLOCK - 1)) / 8);
}

/* The first consumer from *E on that takes part in the run, 0 if none does; moves *E behind it. */
INLINE ref plan_next_consumer(const plan *p, edge *e)
{
    while (*e) {
        ref c = plan_consumer(p, *e, e);
        if (c < p->end && (p->all || plan_state(p, c)->mark & MARK_WANTED))
            return c;
    }
    return 0;
}

/* Plans OUTPUTS, nodes of G, which is retained. BASK_EINVAL, BASK_ENOMEM. */
bask_status plan_new(bask_graph *g, bask_delayed *const *outputs, size_t n, plan **result);
/* Gives counts and marks their meaning, if that was not done, at the cost of all results. A walk along
 * all nodes does without until a node fails. */
void plan_clear(plan *p);
/* Marks the outputs, if that was not done; not during a run. */
void plan_mark_outputs(plan *p);
/* Frees the plan and releases the graph; returns the graph's owner if the graph is
 * gone, else NULL. */
void *plan_free(plan *p);

/* Before a run: what its executor uses the counts for. */
void plan_use_counts(plan *p, count_use use);

/* Frees the failures of the last run. */
void plan_drop_failures(plan *p);

/* Starts a run on the pool and returns; on_end tells its end. */
void plan_start(plan *p);
/* Runs all in this thread, in one fixed order; returns how many kernels were called. All promises that
 * the nodes have as arguments are done. */
uint64_t plan_run_here(plan *p);
/* Asks that no kernel starts any more, in this run and those to come. */
void plan_cancel(plan *p);
/* Asks that no kernel starts any more that only this output needs. One call at a time. */
void plan_give_up(plan *p, size_t output);
/* Is this node needed? False only while ATTENTION_OUTPUT is set. */
bool plan_needs(const plan *p, ref r);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a plan of tiny kernels run faster by all workers, or by one alone? Where nodes of a few nanoseconds
 * read what another core has just written, that depends on the graph and on how far apart the cores
 * are, which on a virtual machine may change at any time. So both are tried now and then, and what took
 * less time is kept.
 */
#ifndef BASK_GRAPH_TRIAL_H
#define BASK_GRAPH_TRIAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct trial {
    /* For as long as it is not known: one alone is expected to be faster, unless it takes longer than
     * this. */
    int64_t bearable;
    bool alone; /* in the newest run */
    uint32_t runs;
    int64_t begun;          /* the newest run, by clock_ns; 0: it does not count */
    _Atomic int64_t latest; /* when some of it was done. Relaxed: it is read when the run is over */
    int64_t spent[2];       /* shared, alone: nanoseconds a run, 0: not known */
} trial;

/* Before a run: is it to be run by one worker alone? */
bool trial_begin(trial *t);

static inline void trial_note(trial *t, int64_t now)
{
    atomic_store_explicit(&t->latest, now, memory_order_relaxed);
}

#endif

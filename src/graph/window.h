/* SPDX-License-Identifier: Apache-2.0 */
/* What windows.c and windows_new.c share: the windows of a plan. */
#ifndef BASK_GRAPH_WINDOW_H
#define BASK_GRAPH_WINDOW_H

#include "graph/windows.h"

typedef struct window window;
struct window {
    /* resumes it; job.next: the one that waits before it at the same window */
    _Alignas(64) bask_job job;
    plan *plan;
    ref begin, end;            /* its nodes */
    ref at;                    /* the first that has not run */
    _Atomic(window *) waiting; /* newest first; FINISHED: it has run */
};

/* A worker's share in taking windows. Each calls the next one. */
typedef struct hand {
    bask_job job;
    plan *plan;
    bool called; /* the next one, in this run */
} hand;

struct windows {
    _Alignas(64) _Atomic size_t taken; /* in their order; relaxed: what they are was known before */
    _Alignas(64) atomic_bool left;     /* this run goes on per node */
    /* relaxed: any worker's latest */
    _Atomic uint32_t batch;
    _Atomic int64_t excess;
    size_t n;
    int nhands;
    window *list;
    hand hands[];
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread budget: how many threads OpenMP and BLAS may use inside what a worker runs.
 *
 * OpenMP and MKL keep that number for each thread, so each worker sets its own, and so does a host
 * thread for as long as it holds a seat. OpenBLAS on pthreads keeps one for the process; built with
 * OpenMP it goes by OpenMP's. All are named weakly: what the process does not have costs nothing.
 */
#ifndef BASK_POOL_INNER_H
#define BASK_POOL_INNER_H

#include "pool/worker.h"

/* What a host thread had set before it took a seat. */
typedef struct inner_before {
    int openmp, mkl;
} inner_before;

/* For WORKERS > 0 workers: the CPUs of this process, shared out among them; at least 1, and no more
 * than OpenMP would use in the calling thread. */
int inner_default(int workers);

/* POOL has a budget now, and will stop having one: what is set for the process. */
void inner_begin(const bask_pool *pool);
void inner_end(const bask_pool *pool);

/* Sets the calling thread, whose worker W is, to what W may use. */
void inner_apply(const worker *w);

/* The same for a host thread that takes the seat W for a while. */
inner_before inner_enter(const worker *w);
void inner_leave(const worker *w, inner_before before);

/*
 * Lets OpenMP and BLAS use WANTED threads (0: the budget) on W, the calling thread's worker, or as
 * many as there are: each budget beyond the first is that of a sleeper, which is then kept asleep.
 * FORMER is what W had before, and does not lose. Returns how many threads may be used. The pool of
 * W has a budget.
 */
int inner_widen(worker *w, width former, int wanted);
/* Back to FORMER. */
void inner_narrow(worker *w, width former);

/* How many threads OpenMP would use in the calling thread; 1 where there is no OpenMP. */
int inner_own(void);

#endif

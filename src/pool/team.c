/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/team.h"

#include "pool/word.h"

/* What `#pragma omp parallel num_threads(threads)` around `run(arg)` becomes: gcc's libgomp has it,
 * and so have LLVM's and Intel's runtimes. Named weakly, so that only programs that use OpenMP
 * themselves need one. */
extern void GOMP_parallel(void (*run)(void *arg), void *arg, unsigned threads, unsigned flags)
    __attribute__((weak));
extern int omp_get_max_threads(void) __attribute__((weak));

typedef struct team {
    bask_pool *pool;
    _Atomic uint32_t *word;
} team;

static void member(void *arg)
{
    const team *t = arg;
    word_wait(t->pool, t->word, INT64_MAX, true);
}

int team_default(void)
{
    return GOMP_parallel && omp_get_max_threads ? omp_get_max_threads() : 0;
}

void team_run(bask_pool *pool, int n, _Atomic uint32_t *word)
{
    team t = {pool, word};
    if (worker_self(pool))
        member(&t);
    else
        GOMP_parallel(member, &t, (unsigned)n, 0);
}

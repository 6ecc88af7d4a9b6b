/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/trial.h"

#include "base/clock.h"

/* Runs between two that are made the other way; the first such run is number TRIAL_FIRST. */
enum { TRIAL_EVERY = 64, TRIAL_FIRST = 3 };

/* The least time of late: a run during which a worker lost its processor says nothing, but what was true
 * some time ago may not be any more. */
static void learn(int64_t *spent, int64_t ns)
{
    int64_t faded = *spent + *spent / 32 + 1;
    *spent = *spent == 0 || ns < faded ? ns : faded;
}

bool trial_begin(trial *t)
{
    if (t->begun)
        learn(&t->spent[t->alone],
              atomic_load_explicit(&t->latest, memory_order_relaxed) - t->begun);
    bool known = t->spent[false] && t->spent[true];
    bool alone = t->spent[true] < (known ? t->spent[false] : t->bearable);
    if (t->runs++ % TRIAL_EVERY == TRIAL_FIRST)
        alone = !alone;
    t->alone = alone;
    t->begun = clock_ns();
    trial_note(t, t->begun);
    return alone;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often a thief asks. An answer costs its victim about THIEF_ASK_NS, mostly for cache lines that
 * move, however little it hands out. So a thief pays for its questions with the time that the work
 * takes which they bring: where that is worth it, it asks whenever it finds nothing; where tasks are
 * tiny it runs out of credit, and then asks only now and then, ever more rarely. So victims lose a
 * few hundredths, and a thief finds out soon that tasks have grown. One large piece pays for many
 * tiny ones, as in unbalanced trees.
 *
 * This is about searchers that stay awake. The request of who parks (sleep.c, P2) is not asked for.
 */
#ifndef BASK_POOL_THIEF_H
#define BASK_POOL_THIEF_H

#include <stdbool.h>
#include <stdint.h>

enum {
    THIEF_ASK_NS = 500,
    THIEF_MOST_NS = 100000,      /* no more credit than this: it is what is lost before tiny tasks
                                  * are noticed */
    THIEF_LEAST_PAUSE_NS = 250,  /* between two questions without credit, the first time; */
    THIEF_MOST_PAUSE_NS = 16000, /* later twice as long each time, but no longer than this */
};

/* Times are those of clock_ns. */
typedef struct thief {
    int64_t credit;
    int64_t pause;  /* the last one */
    int64_t ask_at; /* the end of the pause */
} thief;

static inline void thief_init(thief *t)
{
    *t = (thief){.credit = THIEF_MOST_NS, .pause = THIEF_LEAST_PAUSE_NS / 2};
}

/* NOW may be a time that has passed: then it may ask a little later. */
static inline bool thief_may_ask(const thief *t, int64_t now)
{
    return t->credit > 0 || now >= t->ask_at;
}

static inline void thief_has_asked(thief *t, int64_t now)
{
    if (t->credit > 0) {
        t->credit -= THIEF_ASK_NS;
        return;
    }
    t->pause = 2 * t->pause < THIEF_MOST_PAUSE_NS ? 2 * t->pause : THIEF_MOST_PAUSE_NS;
    t->ask_at = now + t->pause;
}

/* Work that it got from others took so long. */
static inline void thief_earns(thief *t, int64_t ns)
{
    int64_t credit = t->credit + ns;
    t->credit = credit < THIEF_MOST_NS ? credit : THIEF_MOST_NS;
    if (credit > 0)
        t->pause = THIEF_LEAST_PAUSE_NS / 2;
}

#endif

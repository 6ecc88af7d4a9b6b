/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "client/timers.h"
#include <criterion/criterion.h>
#include <stdatomic.h>

static _Atomic int order[100], rung;
typedef struct numbered {
    timer timer;
    int number;
} numbered;
static void note_order(timer *t)
{
    atomic_store(&order[atomic_load(&rung)], ((numbered *)t)->number);
    atomic_fetch_add(&rung, 1);
}

Test(timers, ring_in_order, .timeout = 60)
{
    enum { N = 100, CLEARED = 37 };
    timers t;
    numbered all[N] = {{.number = 0}};
    timers_init(&t);
    int64_t start = clock_deadline(50);
    for (int i = 0; i < N; i++) {
        int at = i * 61 % N; /* each once */
        all[at] = (numbered){{.at = start + at, .ring = note_order}, at};
        cr_assert_eq(timers_set(&t, &all[at].timer), BASK_OK);
    }
    for (int i = 0; i < N; i += CLEARED)
        timers_clear(&t, &all[i].timer);
    int left = N - (N + CLEARED - 1) / CLEARED;
    while (atomic_load(&rung) < left)
        ;
    for (int i = 0, want = 0; i < left; i++, want++) {
        want += want % CLEARED == 0;
        cr_assert_eq(atomic_load(&order[i]), want, "%d: %d", i, atomic_load(&order[i]));
    }
    timers_stop(&t);
    timers_destroy(&t);
}

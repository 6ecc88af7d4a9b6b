/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/thief.h"

#include <criterion/criterion.h>

/* How often a thief asks in NS, looking at the clock every STEP, if each answer brings it work that
 * takes EACH. */
static int asked(thief *t, int64_t ns, int64_t step, int64_t each)
{
    int n = 0;
    for (int64_t now = 0; now < ns; now += step) {
        if (!thief_may_ask(t, now))
            continue;
        thief_has_asked(t, now);
        thief_earns(t, each);
        n++;
    }
    return n;
}

Test(thief, what_pays_for_itself_is_asked_for_at_any_time)
{
    thief t;
    thief_init(&t);
    cr_assert_eq(asked(&t, 10000000, 100, THIEF_ASK_NS), 100000);
    cr_assert(thief_may_ask(&t, 0));
}

Test(thief, tiny_tasks_are_asked_for_ever_more_rarely)
{
    thief t;
    thief_init(&t);
    int with_credit = asked(&t, 1000000, 1, 0);
    cr_assert_geq(with_credit, THIEF_MOST_NS / THIEF_ASK_NS);
    cr_assert_leq(with_credit, THIEF_MOST_NS / THIEF_ASK_NS + 10 + 1000000 / THIEF_MOST_PAUSE_NS);
    t.ask_at = 0;
    cr_assert_eq(asked(&t, 16000000, 1, 0), 16000000 / THIEF_MOST_PAUSE_NS);
}

Test(thief, the_first_pauses_are_short)
{
    thief t = {.credit = 0};
    thief_earns(&t, 1);
    cr_assert(thief_may_ask(&t, 0));
    thief_has_asked(&t, 0);
    int64_t now = 1000000;
    for (int64_t pause = THIEF_LEAST_PAUSE_NS; pause <= THIEF_MOST_PAUSE_NS / 2; pause *= 2) {
        cr_assert(thief_may_ask(&t, now));
        thief_has_asked(&t, now);
        cr_assert(!thief_may_ask(&t, now + pause - 1));
        cr_assert(thief_may_ask(&t, now + pause));
        now += pause;
    }
}

Test(thief, one_large_piece_pays_for_many_tiny_ones)
{
    thief t;
    thief_init(&t);
    asked(&t, 1000000, 1, 0);
    cr_assert(!thief_may_ask(&t, t.ask_at - 1));
    thief_earns(&t, 100 * THIEF_ASK_NS);
    for (int i = 0; i < 99; i++) {
        cr_assert(thief_may_ask(&t, t.ask_at - 1));
        thief_has_asked(&t, 0);
    }
}

Test(thief, credit_is_bounded)
{
    thief t;
    thief_init(&t);
    thief_earns(&t, 1000000000);
    cr_assert_eq(t.credit, THIEF_MOST_NS);
}

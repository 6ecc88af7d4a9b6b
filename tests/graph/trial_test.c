/* SPDX-License-Identifier: Apache-2.0 */
/* Trials: what took less time is kept, and tried anew. */
#include "graph/trial.h"

#include <criterion/criterion.h>

/* Makes N runs, which take so long in either way; returns how many were made by one alone. */
static int runs(trial *t, int n, int64_t shared_ns, int64_t alone_ns)
{
    int count = 0;
    for (int i = 0; i < n; i++) {
        bool alone = trial_begin(t);
        trial_note(t, t->begun + (alone ? alone_ns : shared_ns));
        count += alone;
    }
    return count;
}

Test(trial, what_is_expected_comes_first)
{
    trial narrow = {.bearable = 1000}, wide = {0};
    cr_assert(trial_begin(&narrow));
    cr_assert(!trial_begin(&wide));
}

Test(trial, what_is_expected_of_one_alone_must_be_bearable)
{
    trial t = {.bearable = 1000};
    cr_assert_eq(runs(&t, 1, 100, 5000), 1);
    cr_assert_eq(runs(&t, 1, 100, 5000), 0);
}

Test(trial, the_faster_way_is_kept)
{
    trial a = {0}, b = {.bearable = 1000};
    cr_assert_geq(runs(&a, 100, 900, 600), 90);
    cr_assert_leq(runs(&b, 100, 400, 600), 10);
}

Test(trial, what_has_changed_is_noticed)
{
    trial t = {0};
    cr_assert_leq(runs(&t, 64, 400, 600), 2);
    cr_assert_geq(runs(&t, 640, 2000, 600), 500);
    cr_assert_leq(runs(&t, 640, 400, 600), 140);
}

Test(trial, one_slow_run_says_nothing)
{
    trial t = {0};
    runs(&t, 20, 400, 600);
    runs(&t, 1, 1000000, 1000000);
    cr_assert_eq(runs(&t, 20, 400, 600), 0);
}

Test(trial, a_run_that_does_not_count)
{
    trial t = {0};
    runs(&t, 20, 400, 600);
    for (int i = 0; i < 5; i++) { /* cancelled at once, say */
        trial_begin(&t);
        trial_note(&t, t.begun + 1);
        t.begun = 0;
    }
    cr_assert_eq(t.spent[false], 400);
    cr_assert_eq(t.spent[true], 600);
}

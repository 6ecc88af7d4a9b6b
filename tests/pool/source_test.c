/* SPDX-License-Identifier: Apache-2.0 */
/* How much of a source one worker claims. */
#include "pool/source.h"

#include "pool/seat.h"
#include <criterion/criterion.h>

/* The first claim of a source of N by a worker for which all so far was very short. */
static uint64_t first_claim(int team, uint64_t n)
{
    bask_pool *pool;
    bask_pool_options o = {.size = sizeof o, .threads = BASK_NO_THREADS};
    cr_assert_eq(bask_pool_start(&o, &pool), BASK_OK, "%s", bask_last_error());
    pool->team = team;
    source s = {.end = n};
    source_range range;
    seat seat;
    cr_assert(seat_enter(&seat, pool));
    seat.worker->chunk = 1 << 15;
    source_offer(pool, &s);
    cr_assert(source_claim(pool, seat.worker, false, &range));
    uint64_t first = range.to - range.from;
    seat.worker->chunk = 1 << 15;
    while (source_claim(pool, seat.worker, false, &range))
        seat.worker->chunk = 1 << 15;
    cr_assert_eq(range.to, n, "claims leave nothing");
    seat_leave(&seat);
    bask_pool_stop(pool, NULL);
    return first;
}

Test(source, a_single_thread_claims_all)
{
    cr_assert_eq(first_claim(0, 8), 8);
}

Test(source, a_member_of_a_team_leaves_the_others_their_share)
{
    cr_assert_eq(first_claim(2, 2), 1);
    cr_assert_eq(first_claim(2, 8), 2);
    cr_assert_eq(first_claim(8, 8), 1);
    cr_assert_eq(first_claim(8, 320), 11);
    cr_assert_eq(first_claim(1, 8), 8);
}

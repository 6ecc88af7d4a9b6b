/* SPDX-License-Identifier: Apache-2.0 */
/* What a deque does for one thread: order, growth, wrap-around. Built with the tiny capacity. */
#include "pool/deque.h"

#include <criterion/criterion.h>

static void push(deque *d, item x)
{
    cr_assert(deque_reserve(d, 1));
    deque_lay(d, 0, x);
    deque_publish(d, 1);
}

static int64_t capacity(deque *d)
{
    return atomic_load_explicit(&d->ring, memory_order_relaxed)->mask + 1;
}

Test(deque, the_owner_takes_the_newest_and_thieves_the_oldest)
{
    deque d;
    cr_assert(deque_init(&d));
    cr_assert_eq(deque_take(&d), 0);
    cr_assert_eq(deque_steal(&d), 0);
    cr_assert_not(deque_nonempty(&d));
    for (item x = 1; x <= 10; x++)
        push(&d, x);
    cr_assert(deque_nonempty(&d));
    for (item x = 1; x <= 5; x++) {
        cr_assert_eq(deque_steal(&d), x);
        cr_assert_eq(deque_take(&d), 11 - x);
    }
    cr_assert_eq(deque_take(&d), 0);
    cr_assert_eq(deque_steal(&d), 0);
    deque_free(&d);
}

Test(deque, several_become_visible_at_once)
{
    deque d;
    cr_assert(deque_init(&d));
    cr_assert(deque_reserve(&d, 3));
    for (int64_t i = 0; i < 3; i++)
        deque_lay(&d, i, (item)(i + 1));
    cr_assert_not(deque_nonempty(&d));
    deque_publish(&d, 3);
    cr_assert_eq(deque_steal(&d), 1);
    cr_assert_eq(deque_take(&d), 3);
    cr_assert_eq(deque_take(&d), 2);
    deque_free(&d);
}

Test(deque, grows_without_losing_anything)
{
    enum { N = 1000 };
    deque d;
    cr_assert(deque_init(&d));
    cr_assert_eq(capacity(&d), DEQUE_CAPACITY);
    for (item x = 1; x <= N; x++)
        push(&d, x);
    cr_assert_geq(capacity(&d), N);
    for (item x = 1; x <= N; x++)
        cr_assert_eq(deque_steal(&d), x);
    deque_free(&d);
}

/* However many pass through, what is there at a time decides how large it is. */
Test(deque, wraps_around_in_place)
{
    deque d;
    item next = 1, oldest = 1;
    cr_assert(deque_init(&d));
    for (int round = 0; round < 10000; round++) {
        while (next - oldest < DEQUE_CAPACITY)
            push(&d, next++);
        cr_assert_eq(deque_steal(&d), oldest++);
    }
    cr_assert_eq(capacity(&d), DEQUE_CAPACITY);
    while (next > oldest)
        cr_assert_eq(deque_take(&d), --next);
    deque_free(&d);
}

Test(deque, reserve_makes_room_for_many)
{
    deque d;
    cr_assert(deque_init(&d));
    push(&d, 1);
    cr_assert(deque_reserve(&d, 500));
    cr_assert_geq(capacity(&d), 501);
    cr_assert_eq(deque_take(&d), 1);
    deque_free(&d);
}

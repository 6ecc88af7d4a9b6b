/* SPDX-License-Identifier: Apache-2.0 */
/* Freed blocks: they come back, to other threads as well, and no more of them are kept than the limits
 * say. */
#include "base/bins.h"

#include "base/memory.h"
#include <criterion/criterion.h>
#include <string.h>

enum { LIMIT = 1 << 20, MOST = 4096 };

static bins one, other;
static depot common;
static void *blocks[MOST];

static void begin(size_t limit, size_t depot_limit)
{
    bins_init(&one, limit);
    bins_init(&other, limit);
    depot_init(&common, depot_limit);
}

static void end(void)
{
    bins_free(&one);
    bins_free(&other);
    depot_close(&common);
    cr_assert_eq(one.bytes + other.bytes + common.bytes, 0);
    depot_free(&common);
}

static void get(bins *b, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++) {
        blocks[i] = bins_get(b, &common, size);
        cr_assert(blocks[i] && (uintptr_t)blocks[i] % 64 == 0);
        memset(blocks[i], (int)i, size);
    }
}

static void put(bins *b, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t at = 0; at < size; at += 61)
            cr_assert_eq(((unsigned char *)blocks[i])[at], i & 255, "blocks are apart");
        bins_put(b, &common, blocks[i], size);
    }
}

static bool among(size_t n, const void *block)
{
    for (size_t i = 0; i < n; i++)
        if (blocks[i] == block)
            return true;
    return false;
}

Test(bins, have_room_for_what_was_asked)
{
    begin(64 << 20, 64 << 20);
    for (size_t size = 0; size <= BIN_MOST + 256; size += size / 9 + 1) {
        get(&one, 2, size);
        put(&one, 2, size);
        get(&one, 2, size);
        put(&one, 2, size);
    }
    for (size_t size = 64; size <= BIN_MOST; size *= 2)
        for (size_t more = 63; more <= 65; more++) {
            get(&one, 1, size + more);
            put(&one, 1, size + more);
        }
    cr_assert_null(bins_get(&one, &common, SIZE_MAX - 10));
    end();
}

Test(bins, the_newest_block_comes_back_first)
{
    begin(LIMIT, LIMIT);
    for (size_t size = 1; size < LIMIT / 4; size *= 3) {
        get(&one, 2, size);
        put(&one, 2, size);
        for (size_t i = 2; i-- > 0;)
            cr_assert_eq(bins_get(&one, &common, size), blocks[i], "%zu bytes", size);
        for (size_t i = 0; i < 2; i++)
            bins_put(&one, &common, blocks[i], size);
    }
    end();
}

Test(bins, what_others_free_comes_round)
{
    for (size_t size = 1000; size < LIMIT; size *= 10) {
        size_t n = 4 * (BIN_BATCH / size + 1), taken = 0;
        begin(64 << 20, 64 << 20);
        get(&one, n, size);
        put(&other, n, size);
        cr_assert_gt(common.bytes, 0);
        for (size_t got = 0; common.bytes > 0; got++) {
            blocks[n + got] = bins_get(&one, &common, size);
            cr_assert(among(n, blocks[n + got]), "%zu bytes", size);
            taken = got + 1;
        }
        for (size_t i = 0; i < taken; i++)
            bins_put(&one, &common, blocks[n + i], size);
        end();
    }
}

Test(bins, keep_no_more_than_their_limit)
{
    begin(LIMIT, 2 * LIMIT);
    for (size_t size = 100; size < 4 * LIMIT; size = size * 2 + 1) {
        size_t n = 6 * LIMIT / size + 1;
        if (n > MOST)
            n = MOST;
        get(&one, n, size);
        put(&one, n, size);
        cr_assert_leq(one.bytes, LIMIT);
        cr_assert_leq(common.bytes, 2 * LIMIT);
        cr_assert_gt(one.bytes + common.bytes, 0);
    }
    end();
}

Test(bins, a_size_that_is_used_no_more_makes_way)
{
    begin(LIMIT, LIMIT);
    for (size_t size = 300000; size > 100; size /= 7) {
        size_t n = 3 * LIMIT / size;
        if (n > MOST)
            n = MOST;
        get(&one, n, size);
        put(&one, n, size);
        cr_assert_eq(bins_get(&one, &common, size), blocks[n - 1], "%zu bytes", size);
        bins_put(&one, &common, blocks[n - 1], size);
    }
    end();
}

Test(bins, what_has_no_bins_gives_to_the_depot)
{
    begin(LIMIT, LIMIT);
    get(&one, 3, 5000);
    for (size_t i = 0; i < 3; i++)
        depot_put(&common, blocks[i], 5000);
    for (size_t i = 0; i < 3; i++)
        cr_assert(among(3, blocks[3 + i] = bins_get(&one, &common, 5000)));
    depot_close(&common);
    for (size_t i = 0; i < 3; i++)
        depot_put(&common, blocks[3 + i], 5000);
    cr_assert_eq(common.bytes, 0, "it is closed");
    end();
}

Test(bins, without_a_limit_of_their_own_nothing_is_kept)
{
    begin(0, 0);
    get(&one, 10, 1000);
    put(&one, 5, 1000);
    for (size_t i = 5; i < 10; i++)
        depot_put(&common, blocks[i], 1000);
    cr_assert_eq(one.bytes + common.bytes, 0);
    end();
}

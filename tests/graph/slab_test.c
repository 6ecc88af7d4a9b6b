/* SPDX-License-Identifier: Apache-2.0 */
/* Slabs: aligned, zero while fresh, recycled, and few mappings however many there are. */
#include "graph/slab.h"
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MANY = 2000 };

/* The mappings that slabs are in, one line of the table for each. */
static int mappings(char *const *slab)
{
    FILE *f = fopen("/proc/self/maps", "r");
    char line[512];
    int count = 0;
    while (fgets(line, sizeof line, f)) {
        uintptr_t from, to;
        bool holds = false;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &from, &to) != 2)
            continue;
        for (int i = 0; i < MANY && !holds; i++)
            holds = (uintptr_t)slab[i] >= from && (uintptr_t)slab[i] < to;
        count += holds;
    }
    fclose(f);
    return count;
}

/* The system allows some 65,000 to a process. */
Test(slab, many_share_few_mappings)
{
    static char *slab[MANY];
    slab_cache cache;
    bool fresh;
    slab_cache_init(&cache);
    for (int i = 0; i < MANY; i++) {
        slab[i] = slab_get(&cache, 1, false, &fresh);
        cr_assert(slab[i] && fresh);
        cr_assert_eq((uintptr_t)slab[i] % CELL_BLOCK, 0);
        cr_assert(slab[i][0] == 0 && slab[i][CELL_BLOCK - 1] == 0);
        memset(slab[i], 1, 64);
    }
    cr_assert_lt(mappings(slab), MANY / 10);
    for (int i = 0; i < MANY; i++)
        slab_put(&cache, slab[i], 1);
    slab_cache_free(&cache);
    cr_assert_lt(mappings(slab), 10, "they are given back");
}

Test(slab, are_recycled)
{
    slab_cache cache;
    bool fresh;
    slab_cache_init(&cache);
    char *one = slab_get(&cache, 1, false, &fresh), *row = slab_get(&cache, 3, true, &fresh);
    cr_assert(fresh && row);
    memset(row, 1, 3 * CELL_BLOCK);
    memset(one, 1, CELL_BLOCK);
    slab_put(&cache, row, 3);
    slab_put(&cache, one, 1);
    cr_assert_eq(slab_get(&cache, 1, true, &fresh), one);
    cr_assert_not(fresh);
    cr_assert_eq(slab_get(&cache, 3, true, &fresh), row);
    cr_assert_not(fresh);
    slab_put(&cache, row, 3);
    char *two = slab_get(&cache, 2, true, &fresh);
    cr_assert(fresh && two != row);
    slab_put(&cache, two, 2);
    slab_put(&cache, one, 1);
    slab_put(&cache, NULL, 1);
    slab_cache_free(&cache);
}

Test(slab, only_the_newest_rows_are_kept)
{
    enum { ROWS = 6, LEAST = 2 };
    slab_cache cache;
    bool fresh;
    void *rows[ROWS];
    slab_cache_init(&cache);
    for (size_t i = 0; i < ROWS; i++)
        rows[i] = slab_get(&cache, LEAST + i, false, &fresh);
    for (size_t i = 0; i < ROWS; i++)
        slab_put(&cache, rows[i], LEAST + i);
    size_t kept = 0;
    for (size_t i = ROWS; i-- > 0;) {
        rows[i] = slab_get(&cache, LEAST + i, false, &fresh);
        cr_assert_eq(fresh, kept == 4);
        kept += !fresh;
    }
    cr_assert_eq(cache.count, 0);
    for (size_t i = 0; i < ROWS; i++)
        slab_put(&cache, rows[i], LEAST + i);
    slab_cache_free(&cache);
}

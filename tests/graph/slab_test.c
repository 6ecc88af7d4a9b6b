/* SPDX-License-Identifier: Apache-2.0 */
/* Slabs: aligned, zero while fresh, recycled, and few mappings however many there are. */
#include "graph/slab.h"
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { MANY = 2000 };

static int mappings(void)
{
    FILE *f = fopen("/proc/self/maps", "r");
    int lines = 0;
    for (int c; (c = getc(f)) != EOF;)
        lines += c == '\n';
    fclose(f);
    return lines;
}

Test(slab, many_share_few_mappings)
{
    static char *slab[MANY];
    slab_cache cache;
    bool fresh;
    slab_cache_init(&cache);
    int before = mappings(); /* the system allows some 65,000 to a process */
    for (int i = 0; i < MANY; i++) {
        slab[i] = slab_get(&cache, 1, false, &fresh);
        cr_assert(slab[i] && fresh);
        cr_assert_eq((uintptr_t)slab[i] % CELL_BLOCK, 0);
        cr_assert(slab[i][0] == 0 && slab[i][CELL_BLOCK - 1] == 0);
        memset(slab[i], 1, 64);
    }
    cr_assert_lt(mappings() - before, MANY / 10);
    for (int i = 0; i < MANY; i++)
        slab_put(&cache, slab[i], 1);
    cr_assert_lt(mappings() - before, MANY / 10);
    slab_cache_free(&cache);
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
    slab_put(&cache, one, 1);
    slab_put(&cache, NULL, 1);
    slab_cache_free(&cache);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/cost.h"

/* A kernel that is known at all has been registered, and so is no constant. */
static void store(const bask_kernel *k, uint64_t cost)
{
    __atomic_store_n(&((bask_kernel *)(uintptr_t)k)->cost, cost, __ATOMIC_RELAXED);
}

/* The estimate moves to the sample, but by half at most: of single calls that met a page fault or
 * lost the processor nothing is left after a few more. */
void cost_note(const bask_kernel *k, int64_t ns)
{
    uint64_t before = cost_load(k), known = before & 255, sample = ns > 0 ? (uint64_t)ns : 0;
    if (known == COST_NEVER)
        return;
    if (known > COST_NOTHING) {
        uint64_t least = before >> 9, most = (before >> 8) * 3 / 2 + 1;
        sample = sample < least ? least : sample > most ? most : sample;
    }
    store(k, sample << 8 | (known < COST_ENOUGH ? known + 1 : known));
}

void cost_forget(const bask_kernel *k)
{
    if (cost_load(k) != COST_NEVER)
        store(k, COST_NOTHING);
}

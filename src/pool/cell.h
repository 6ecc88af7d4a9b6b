/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cell blocks: how a task graph puts its nodes into deques without a job each. A cell is a place in
 * a block that is aligned to its size; the block's header says how to run any of its cells.
 */
#ifndef BASK_POOL_CELL_H
#define BASK_POOL_CELL_H

#include <stddef.h>
#include <stdint.h>

typedef struct worker worker;

#define CELL_BLOCK ((size_t)1 << 21) /* size and alignment of a block: one huge page */

typedef struct cell_block {
    void (*run)(worker *w, void *cell); /* runs the cell and what it makes ready */
} cell_block;

static inline void *cell_block_of(const void *cell)
{
    return (void *)((uintptr_t)cell & ~(uintptr_t)(CELL_BLOCK - 1));
}

#endif

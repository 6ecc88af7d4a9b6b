/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/word.h"

void bask_latch_init(bask_latch *latch, bask_pool *pool, int64_t count)
{
    latch->pool = pool;
    atomic_store_explicit(&latch->count, count, memory_order_relaxed);
    atomic_store_explicit(&latch->word, count <= 0 ? WORD_DONE : 0, memory_order_relaxed);
}

void bask_latch_down(bask_latch *latch)
{
    bask_pool *pool = latch->pool; /* the latch may be gone once it is open */
    /* acq_rel: the last one sees, and by word_finish releases, what all the others did before */
    if (atomic_fetch_sub_explicit(&latch->count, 1, memory_order_acq_rel) == 1)
        word_finish(pool, &latch->word, 0, NULL);
}

bool bask_latch_open(const bask_latch *latch)
{
    return word_done(&latch->word);
}

void bask_latch_wait(bask_latch *latch)
{
    word_wait(latch->pool, &latch->word, INT64_MAX, true);
}

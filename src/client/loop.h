/* SPDX-License-Identifier: Apache-2.0 */
/* What the loops share. */
#ifndef BASK_CLIENT_LOOP_H
#define BASK_CLIENT_LOOP_H

#include <bask/loop.h>

/* Is another worker out of work, so that this one should share its range? */
static inline bool loop_asked(const bask_worker *self)
{
    return BASK_LOAD_RELAXED(&self->request) != 0;
}

/* Waits for a strand that was forked to be shared; true when it is the caller's to run after all. */
static inline bool loop_take_back(bask_worker *self, bask_strand *strand)
{
    return bask_take_back(self, &strand->child) || !bask_strand_join(self, strand);
}

/* BASK_EINVAL unless it is a range of at most INT64_MAX indices, and the loop has its functions. */
bask_status loop_check(const char *call, int64_t from, int64_t to, bool has_functions);

#endif

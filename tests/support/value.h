/* SPDX-License-Identifier: Apache-2.0 */
/* Futures of numbers. */
#ifndef TESTS_SUPPORT_VALUE_H
#define TESTS_SUPPORT_VALUE_H

#include "support/clusters.h"

/* Waits for F, which must come out well, and frees it. */
static inline int64_t value(bask_future *f)
{
    int64_t x = -1;
    bask_status status = bask_result(f, &x);
    cr_assert_eq(status, BASK_OK, "%s", bask_last_error());
    bask_future_free(f);
    return x;
}

#endif

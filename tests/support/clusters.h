/* SPDX-License-Identifier: Apache-2.0 */
/* What most tests begin with: a client on every kind of cluster. */
#ifndef TESTS_SUPPORT_CLUSTERS_H
#define TESTS_SUPPORT_CLUSTERS_H

#include <bask.h>
#include <criterion/criterion.h>

static inline bask_client *open_client(const char *address)
{
    bask_client *c;
    cr_assert_eq(bask_open(address, &c), BASK_OK, "%s", bask_last_error());
    return c;
}

static inline void each_cluster(void (*check)(bask_client *c))
{
    static const char *const clusters[] = {"threads://1", "threads://2", "threads://8", "sync://"};
    for (size_t i = 0; i < sizeof clusters / sizeof clusters[0]; i++) {
        bask_client *c = open_client(clusters[i]);
        check(c);
        bask_close(c);
    }
}

#endif

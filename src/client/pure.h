/* SPDX-License-Identifier: Apache-2.0 */
/* The pure tasks of a client whose futures are alive. It holds none of them: the last handle takes its
 * future out. */
#ifndef BASK_CLIENT_PURE_H
#define BASK_CLIENT_PURE_H

#include <pthread.h>
#include <stddef.h>

typedef struct pure_table {
    pthread_mutex_t lock;    /* guards the rest */
    struct extras **buckets; /* nbuckets, a power of two, or 0 */
    size_t n, nbuckets;
} pure_table;

void pure_init(pure_table *t);
void pure_destroy(pure_table *t);

#endif

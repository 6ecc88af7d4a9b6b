/* SPDX-License-Identifier: Apache-2.0 */
/* The pure nodes of a graph, by kernel and arguments, so that equal ones are added once. */
#ifndef BASK_GRAPH_MERGE_H
#define BASK_GRAPH_MERGE_H

#include <bask/kernel.h>
#include <pthread.h>

typedef struct merged merged;

typedef struct merge_table {
    pthread_mutex_t lock; /* guards the rest; taken before the graph's */
    merged **buckets;     /* nbuckets, a power of two, or 0 */
    size_t n, nbuckets;
} merge_table;

void merge_init(merge_table *t);
void merge_destroy(merge_table *t);

uint64_t args_hash(const bask_kernel *kernel, const bask_arg *args, size_t nargs);

#endif

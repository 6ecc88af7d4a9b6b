/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting packages by section: a hash table while records are read, then a sorted, immutable list
 * (a buffer of `section`), which two lists can be merged into.
 */
#ifndef EXAMPLES_PACKAGES_TABLE_H
#define EXAMPLES_PACKAGES_TABLE_H

#include <bask.h>

/* What was counted in one section. NAME is not ended by a NUL: it points into the text read. */
typedef struct section {
    const char *name;
    size_t length;
    int64_t packages;
    int64_t kib; /* installed, never negative */
} section;

/* Open addressing; a slot whose name is NULL is free, and at least half of them are. */
typedef struct section_table {
    section *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t used;
} section_table;

/*
 * Counts the packages and sizes of ONE with those of its section. Returns BASK_EINVAL when the sum
 * of the sizes would be larger than INT64_MAX, or BASK_ENOMEM; TABLE is then as before.
 */
BASK_MUST_CHECK bask_status section_table_add(section_table *table, const section *one);
void section_table_free(section_table *table);

/* The sections of TABLE in order of name; NULL when memory is short. Owns: the caller. */
bask_buffer *sections_sorted(const section_table *table);

/* Both lists as one; NULL, and the running task fails, on too large a sum or short memory. */
bask_buffer *sections_merge(bask_span a, bask_span b);

/* The order of two sections by name, as memcmp tells it. */
int section_order(const section *a, const section *b);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "packages_table.h"

int section_order(const section *a, const section *b)
{
    int order = memcmp(a->name, b->name, a->length < b->length ? a->length : b->length);
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

static bask_status section_add(section *to, const section *more)
{
    if (more->kib > INT64_MAX - to->kib)
        return BASK_EINVAL;
    to->kib += more->kib;
    to->packages += more->packages;
    return BASK_OK;
}

/* FNV-1a */
static size_t hash_name(const section *s)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < s->length; i++)
        hash = (hash ^ (unsigned char)s->name[i]) * 0x100000001b3;
    return (size_t)(hash ^ hash >> 32);
}

/* The slot of the section named as S, or the free one where it belongs. */
static section *find_slot(const section_table *table, const section *s)
{
    size_t mask = table->capacity - 1, i = hash_name(s) & mask;
    while (table->slots[i].name && section_order(&table->slots[i], s) != 0)
        i = (i + 1) & mask;
    return &table->slots[i];
}

static bask_status grow(section_table *table)
{
    section_table larger = {NULL, table->capacity ? 2 * table->capacity : 256, table->used};
    larger.slots = calloc(larger.capacity, sizeof *larger.slots);
    if (!larger.slots)
        return BASK_ENOMEM;
    for (size_t i = 0; i < table->capacity; i++)
        if (table->slots[i].name)
            *find_slot(&larger, &table->slots[i]) = table->slots[i];
    free(table->slots);
    *table = larger;
    return BASK_OK;
}

bask_status section_table_add(section_table *table, const section *one)
{
    if (2 * (table->used + 1) > table->capacity && grow(table) != BASK_OK)
        return BASK_ENOMEM;
    section *slot = find_slot(table, one);
    if (slot->name)
        return section_add(slot, one);
    *slot = *one;
    table->used++;
    return BASK_OK;
}

void section_table_free(section_table *table)
{
    free(table->slots);
}

static int order_of_elements(const void *a, const void *b)
{
    return section_order(a, b);
}

bask_buffer *sections_sorted(const section_table *table)
{
    bask_buffer *buffer = bask_buffer_new(table->used * sizeof(section));
    if (!buffer)
        return NULL;
    section *out = bask_buffer_data(buffer);
    for (size_t i = 0; i < table->capacity; i++)
        if (table->slots[i].name)
            *out++ = table->slots[i];
    qsort(bask_buffer_data(buffer), table->used, sizeof(section), order_of_elements);
    return buffer;
}

bask_buffer *sections_merge(bask_span a, bask_span b)
{
    const section *left = a.data, *left_end = left + a.size / sizeof *left;
    const section *right = b.data, *right_end = right + b.size / sizeof *right;
    section *merged = malloc(a.size + b.size + sizeof *merged), *out = merged;
    if (!merged) {
        bask_fail(BASK_ENOMEM, "no memory to merge two lists of sections");
        return NULL;
    }
    while (left < left_end || right < right_end) {
        int order = left == left_end ? 1 : -1;
        if (left < left_end && right < right_end)
            order = section_order(left, right);
        *out = order <= 0 ? *left++ : *right++;
        if (order == 0 && section_add(out, right++) != BASK_OK) {
            bask_fail(BASK_EINVAL, "the installed sizes of section %.*s add up to more than %lld",
                      (int)out->length, out->name, (long long)INT64_MAX);
            free(merged);
            return NULL;
        }
        out++;
    }
    bask_buffer *buffer = bask_buffer_new((size_t)(out - merged) * sizeof *out);
    if (buffer)
        memcpy(bask_buffer_data(buffer), merged, bask_buffer_size(buffer));
    free(merged);
    return buffer;
}

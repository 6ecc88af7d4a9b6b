/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bask_reduce and bask_scan. Every chunk has a place for its value; the tree of the combinations
 * depends on the number of chunks only, so it does not matter which worker computes what.
 */
#include "base/status.h"
#include "client/core.h"
#include "client/loop.h"
#include <string.h>

enum { CHUNKS = 1024 };

typedef struct reduction {
    const bask_reduction *how;
    void *data;
    char *values;      /* of the chunks, one after the other */
    int64_t from, to;  /* the whole range */
    int64_t chunk;     /* indices of a chunk; the last may have fewer */
    bask_range chunks; /* which to reduce, at least one, into the place of the first */
} reduction;

typedef struct reduction_strand {
    bask_strand strand;
    reduction reduction;
} reduction_strand;

static void *value_of(const reduction *r, int64_t chunk)
{
    return r->values + (size_t)chunk * r->how->value_size;
}

static bask_range indices_of(const reduction *r, int64_t chunk)
{
    int64_t from = r->from + chunk * r->chunk;
    return (bask_range){from, r->to - from > r->chunk ? from + r->chunk : r->to};
}

static int64_t count_chunks(const reduction *r)
{
    int64_t length = r->to > r->from ? r->to - r->from : 0;
    return length / r->chunk + (length % r->chunk != 0);
}

static void fold(const reduction *r, int64_t chunk)
{
    bask_range indices = indices_of(r, chunk);
    memcpy(value_of(r, chunk), r->how->identity, r->how->value_size);
    r->how->fold(indices.from, indices.to, value_of(r, chunk), r->data);
}

static void tree_run(bask_child *child);

static void tree_walk(bask_worker *self, const reduction *r)
{
    if (bask_cancelled())
        return;
    if (r->chunks.to - r->chunks.from == 1) {
        fold(r, r->chunks.from);
        return;
    }
    int64_t middle = r->chunks.from + (r->chunks.to - r->chunks.from) / 2;
    reduction lower = *r;
    reduction_strand upper = {.strand.child.run = tree_run, .reduction = *r};
    lower.chunks.to = upper.reduction.chunks.from = middle;
    bool shared = loop_asked(self) && self != &worker_nobody;
    if (shared)
        bask_fork_on(self, &upper.strand.child);
    tree_walk(self, &lower);
    if (!shared || loop_take_back(self, &upper.strand))
        tree_walk(self, &upper.reduction);
    if (!bask_cancelled()) /* otherwise some values may be missing */
        r->how->combine(value_of(r, r->chunks.from), value_of(r, middle), r->data);
}

static void tree_compute(bask_strand *strand)
{
    tree_walk(bask_self, &((reduction_strand *)strand)->reduction);
}
static void tree_run(bask_child *child)
{
    bask_strand_run((bask_strand *)child, tree_compute);
}

/* Checks, and makes room for EXTRA values more than there are chunks. */
static bask_status reduction_init(reduction *r, const char *call, int64_t from, int64_t to,
                                  const bask_reduction *how, void *data, size_t extra)
{
    bask_status status = loop_check(call, from, to, how && how->fold && how->combine);
    if (status != BASK_OK)
        return status;
    if (how->size != sizeof *how)
        return status_set(BASK_EINVAL, "bask_reduction.size is %zu, not %zu: set it to sizeof",
                          how->size, sizeof *how);
    if (!how->identity || how->chunk < 0)
        return status_set(BASK_EINVAL, "%s: %s", call,
                          how->identity ? "the chunk is negative" : "the identity is NULL");
    int64_t length = to > from ? to - from : 0;
    *r = (reduction){.how = how, .data = data, .from = from, .to = to};
    r->chunk = how->chunk ? how->chunk : length / CHUNKS + 1;
    r->chunks.to = count_chunks(r);
    size_t bytes;
    if (!__builtin_mul_overflow((size_t)r->chunks.to + extra, how->value_size, &bytes))
        r->values = malloc(bytes ? bytes : 1);
    if (!r->values)
        return status_set(BASK_ENOMEM, "%s: no memory for the values of %lld chunks", call,
                          (long long)r->chunks.to);
    return BASK_OK;
}

static const bask_kernel reduce_kernel = {.name = "bask_reduce"};

bask_status bask_reduce(bask_client *c, int64_t from, int64_t to, const bask_reduction *how,
                        void *data, void *value)
{
    reduction_strand whole;
    reduction *r = &whole.reduction;
    bask_status status = reduction_init(r, "bask_reduce", from, to, how, data, 0);
    if (status != BASK_OK)
        return status;
    if (r->chunks.to > 0)
        status = strand_invoke(c, &reduce_kernel, &whole.strand, tree_compute);
    if (status == BASK_OK && value)
        memcpy(value, r->chunks.to > 0 ? r->values : how->identity, how->value_size);
    free(r->values);
    return status;
}

/* ---- scan ---- */

typedef struct scan {
    reduction *reduction; /* its values: of the chunks; then, for each, of all before it */
    bask_scan_fn *body;
} scan;

static void fold_chunks(int64_t from, int64_t to, void *data)
{
    const scan *s = data;
    for (int64_t i = from; i < to; i++)
        fold(s->reduction, i);
}

static void scan_chunks(int64_t from, int64_t to, void *data)
{
    const scan *s = data;
    for (int64_t i = from; i < to; i++) {
        bask_range indices = indices_of(s->reduction, i);
        s->body(indices.from, indices.to, value_of(s->reduction, i), s->reduction->data);
    }
}

/* Turns the values of N chunks into those of all chunks before; the last place gets the total. There
 * is one place more for the running value. */
static void accumulate(const reduction *r, int64_t n)
{
    size_t size = r->how->value_size;
    char *running = value_of(r, n + 1), *swapped = value_of(r, n);
    memcpy(running, r->how->identity, size);
    for (int64_t i = 0; i < n; i++) {
        char *value = value_of(r, i);
        memcpy(swapped, value, size);
        memcpy(value, running, size);
        r->how->combine(running, swapped, r->data);
    }
    memcpy(swapped, running, size);
}

bask_status bask_scan(bask_client *c, int64_t from, int64_t to, const bask_reduction *how,
                      bask_scan_fn *body, void *data, void *total)
{
    reduction r;
    bask_status status = loop_check("bask_scan", from, to, body != NULL);
    if (status == BASK_OK)
        status = reduction_init(&r, "bask_scan", from, to, how, data, 2);
    if (status != BASK_OK)
        return status;
    int64_t n = r.chunks.to;
    scan s = {&r, body};
    status = bask_for(c, 0, n, fold_chunks, &s);
    if (status == BASK_OK) {
        accumulate(&r, n);
        status = bask_for(c, 0, n, scan_chunks, &s);
    }
    if (status == BASK_OK && total)
        memcpy(total, value_of(&r, n), how->value_size);
    free(r.values);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bask_for and bask_for_2d: lazy splitting. A worker walks over its range in pieces whose size follows
 * the clock; when another one asks for work, half of what is left becomes a strand.
 */
#include "client/loop.h"

#include "base/clock.h"
#include "base/status.h"
#include "client/core.h"

/* A piece takes about so long: far more than what a look at the clock and at `request` costs (some 30
 * ns), and short enough that a worker without work waits for less than it takes to be woken. */
enum { PIECE_NS = 5000, PIECE_MOST_NS = 20000 };

bask_status loop_check(const char *call, int64_t from, int64_t to, bool has_functions)
{
    int64_t length;
    if (!has_functions)
        return status_set(BASK_EINVAL, "%s: a function is NULL", call);
    if (to > from && __builtin_sub_overflow(to, from, &length))
        return status_set(BASK_EINVAL, "%s: from %lld to %lld are more indices than int64_t counts",
                          call, (long long)from, (long long)to);
    return BASK_OK;
}

/* The size of the next piece after one of SIZE that took so long. */
static int64_t next_size(int64_t size, int64_t ns)
{
    if (ns < PIECE_NS && size < INT64_MAX / 2)
        return size * 2;
    return ns > PIECE_MOST_NS && size > 1 ? size / 2 : size;
}

/* ---- one dimension ---- */

typedef struct loop {
    bask_for_fn *body;
    void *data;
    int64_t from, to;
    int64_t piece; /* how many indices to begin with */
} loop;

typedef struct loop_strand {
    bask_strand strand;
    loop loop;
} loop_strand;

static void loop_run(bask_child *child);

static void loop_walk(bask_worker *self, const loop *l)
{
    int64_t from = l->from, to = l->to, piece = l->piece;
    while (from < to && !bask_cancelled()) {
        if (to - from > 1 && loop_asked(self) && self != &worker_nobody) {
            int64_t middle = from + (to - from) / 2;
            loop lower = {l->body, l->data, from, middle, piece};
            loop_strand upper = {.strand.child.run = loop_run,
                                 .loop = {l->body, l->data, middle, to, piece}};
            bask_fork_on(self, &upper.strand.child);
            loop_walk(self, &lower);
            if (loop_take_back(self, &upper.strand))
                loop_walk(self, &upper.loop);
            return;
        }
        int64_t end = to - from > piece ? from + piece : to;
        int64_t start = clock_ns();
        l->body(from, end, l->data);
        if (end - from == piece)
            piece = next_size(piece, clock_ns() - start);
        from = end;
    }
}

static void loop_compute(bask_strand *strand)
{
    loop_walk(bask_self, &((loop_strand *)strand)->loop);
}
static void loop_run(bask_child *child)
{
    bask_strand_run((bask_strand *)child, loop_compute);
}

static const bask_kernel for_kernel = {.name = "bask_for"};

bask_status bask_for(bask_client *c, int64_t from, int64_t to, bask_for_fn *body, void *data)
{
    bask_status status = loop_check("bask_for", from, to, body != NULL);
    if (status != BASK_OK)
        return status;
    loop_strand whole = {.loop = {body, data, from, to, 1}};
    return strand_invoke(c, &for_kernel, &whole.strand, loop_compute);
}

/* ---- two dimensions ---- */

typedef struct rectangle {
    bask_for_2d_fn *body;
    void *data;
    bask_range rows, columns;
} rectangle;

typedef struct rectangle_strand {
    bask_strand strand;
    rectangle rectangle;
} rectangle_strand;

static int64_t range_length(bask_range r)
{
    return r.to > r.from ? r.to - r.from : 0;
}

/* Cuts off and returns the second half across the longer side; there are at least two cells. */
static rectangle halve(rectangle *r)
{
    rectangle upper = *r;
    bool across_rows = range_length(r->rows) >= range_length(r->columns);
    bask_range *first = across_rows ? &r->rows : &r->columns;
    bask_range *second = across_rows ? &upper.rows : &upper.columns;
    first->to = second->from = first->from + range_length(*first) / 2;
    return upper;
}

static void rectangle_run(bask_child *child);

/* *PIECE: how many cells make a piece. */
static void rectangle_walk(bask_worker *self, rectangle r, int64_t *piece)
{
    int64_t rows = range_length(r.rows), columns = range_length(r.columns), cells;
    if (__builtin_mul_overflow(rows, columns, &cells))
        cells = INT64_MAX;
    if (cells == 0 || bask_cancelled())
        return;
    if (cells == 1 || (cells <= *piece && !loop_asked(self))) {
        int64_t start = clock_ns();
        r.body(r.rows, r.columns, r.data);
        if (cells > *piece / 2)
            *piece = next_size(*piece, clock_ns() - start);
        return;
    }
    rectangle_strand upper = {.strand.child.run = rectangle_run, .rectangle = halve(&r)};
    bool shared = loop_asked(self) && self != &worker_nobody;
    if (shared)
        bask_fork_on(self, &upper.strand.child);
    rectangle_walk(self, r, piece);
    if (!shared || loop_take_back(self, &upper.strand))
        rectangle_walk(self, upper.rectangle, piece);
}

static void rectangle_compute(bask_strand *strand)
{
    int64_t piece = 1;
    rectangle_walk(bask_self, ((rectangle_strand *)strand)->rectangle, &piece);
}
static void rectangle_run(bask_child *child)
{
    bask_strand_run((bask_strand *)child, rectangle_compute);
}

static const bask_kernel for_2d_kernel = {.name = "bask_for_2d"};

bask_status bask_for_2d(bask_client *c, bask_range rows, bask_range columns, bask_for_2d_fn *body,
                        void *data)
{
    bask_status status = loop_check("bask_for_2d", rows.from, rows.to, body != NULL);
    if (status == BASK_OK)
        status = loop_check("bask_for_2d", columns.from, columns.to, true);
    if (status != BASK_OK)
        return status;
    rectangle_strand whole = {.rectangle = {body, data, rows, columns}};
    return strand_invoke(c, &for_2d_kernel, &whole.strand, rectangle_compute);
}

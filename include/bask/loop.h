/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parallel loops: the same work for each index of a range.
 *
 *     static void scale(int64_t from, int64_t to, void *data)
 *     {
 *         double *x = data;
 *         for (int64_t i = from; i < to; i++)
 *             x[i] *= 2;
 *     }
 *     ...
 *     bask_check(bask_for(client, 0, n, scale, x));
 *
 * A body gets whole pieces of the range, so that its inner loop is the compiler's to vectorise
 * (`#pragma omp simd` helps with reductions), and may use fork and join (spawn.h) or loops itself.
 *
 * Client: whose workers take part. NULL: inside a task its own workers, elsewhere the calling thread
 * alone. The caller works as well, as in bask_invoke, and returns when all is done.
 * Errors: a body that calls bask_fail ends the loop early, and the loop returns that status, with the
 * message in bask_last_error; a task whose loop fails has not failed itself. Cancellation of the task
 * that runs the loop ends it with BASK_ECANCELLED. All return BASK_ECLOSED once the client is closed,
 * and BASK_EINVAL when a function is NULL or `to - from` is not an int64_t.
 * An empty range (to <= from) is no error. Threads: any, also inside a task.
 */
#ifndef BASK_LOOP_H
#define BASK_LOOP_H

#include "kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Works on the indices FROM to TO - 1; called at the same time for disjoint pieces. */
typedef void bask_for_fn(int64_t from, int64_t to, void *data);

/*
 * Calls BODY for pieces that together are the range FROM to TO - 1. Nothing is to be tuned: each
 * worker takes pieces of some 5 to 20 microseconds by the clock, and what is left is split in halves
 * only when another worker is out of work (lazy splitting).
 */
BASK_API BASK_MUST_CHECK bask_status bask_for(bask_client *client, int64_t from, int64_t to,
                                              bask_for_fn *body, void *data);

typedef struct bask_range {
    int64_t from, to; /* the indices from to to - 1 */
} bask_range;

/* Works on the rectangle ROWS x COLUMNS; called at the same time for disjoint ones. */
typedef void bask_for_2d_fn(bask_range rows, bask_range columns, void *data);

/* The same for a rectangle, which is split across its longer side, so that pieces stay compact and
 * neighbouring ones follow each other in time. */
BASK_API BASK_MUST_CHECK bask_status bask_for_2d(bask_client *client, bask_range rows,
                                                 bask_range columns, bask_for_2d_fn *body,
                                                 void *data);

/*
 * A reduction: how pieces of the range are folded into a value of any type, and how values of
 * neighbouring pieces are put together.
 *
 * The range is cut into chunks of `chunk` indices, whose values are combined along a fixed binary tree.
 * So the result has the same bits for any number of workers; it changes with `chunk`, where the
 * operation is not associative to the last bit.
 */
typedef struct bask_reduction {
    size_t size;          /* sizeof(bask_reduction) */
    size_t value_size;    /* bytes of the value; copied by its bytes */
    const void *identity; /* a value that changes nothing: each chunk starts with a copy */
    /* folds the indices from to to - 1 into *VALUE */
    void (*fold)(int64_t from, int64_t to, void *value, void *data);
    /* *left = *left * *right, of which LEFT is of lower indices; need not be commutative */
    void (*combine)(void *left, const void *right, void *data);
    int64_t chunk; /* 0: a 1024th of the range */
} bask_reduction;

/*
 * Folds the range FROM to TO - 1 into *VALUE (of value_size bytes; of an empty range: the identity).
 * *VALUE is not touched when the loop fails. Returns BASK_ENOMEM too: the value of every chunk is held.
 */
BASK_API BASK_MUST_CHECK bask_status bask_reduce(bask_client *client, int64_t from, int64_t to,
                                                 const bask_reduction *reduction, void *data,
                                                 void *value);

/*
 * Works on the indices FROM to TO - 1, knowing that all indices of the range before FROM fold to
 * *BEFORE.
 */
typedef void bask_scan_fn(int64_t from, int64_t to, const void *before, void *data);

/*
 * Prefix sums: folds each chunk by REDUCTION, puts the values together in the order of the indices,
 * and calls BODY for each chunk with the value of all that is before it; so the body walks over its
 * chunk once more and writes an inclusive or exclusive scan, as it likes. *TOTAL (may be NULL)
 * receives the value of the whole range. Same bits for any number of workers. Returns as bask_reduce.
 */
BASK_API BASK_MUST_CHECK bask_status bask_scan(bask_client *client, int64_t from, int64_t to,
                                               const bask_reduction *reduction, bask_scan_fn *body,
                                               void *data, void *total);

#ifdef __cplusplus
}
#endif
#endif

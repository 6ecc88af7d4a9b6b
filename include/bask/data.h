/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many values at once: into futures, out of futures, and kept where graphs go on from them.
 */
#ifndef BASK_DATA_H
#define BASK_DATA_H

#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- gather: the results of many futures ---- */

typedef enum bask_errors {
    BASK_RAISE = 0, /* the first future that failed or was cancelled ends the call */
    BASK_SKIP = 1   /* such futures are left out */
} bask_errors;

/*
 * Waits for the N FUTURES, which have results of one type, and copies these to PLACES, an array of N
 * variables of that type (bask_span for buffers: views for as long as each future lives). Futures may be
 * of several clients, open or closed. Waits as bask_result does. Threads: any, also inside a task.
 * Returns BASK_OK, or the status of the first FUTURE in the array that failed or was cancelled (the
 * message names its position and why); PLACES then holds the results before it. BASK_EINVAL (a NULL) and
 * BASK_ETYPE come before any waiting.
 */
#define bask_gather(futures, n, places)                                                            \
    bask_gather_as((futures), (n), (places), BASK_DTYPE_OF_(*(places)), sizeof *(places),          \
                   BASK_RAISE, NULL, NULL)

/*
 * The same without those that failed or were cancelled: *COUNT results (size_t) are in PLACES, one behind
 * the other; which[k] (an array of N size_t, may be NULL) is the position of the future that the k-th of
 * them came from.
 */
#define bask_gather_skip(futures, n, places, which, count)                                         \
    bask_gather_as((futures), (n), (places), BASK_DTYPE_OF_(*(places)), sizeof *(places),          \
                   BASK_SKIP, (which), (count))

/* The untyped form. WHICH and COUNT may be NULL. DTYPE BASK_VOID with PLACES NULL, SIZE 0: kernels that
 * return nothing. */
BASK_API BASK_MUST_CHECK bask_status bask_gather_as(bask_future *const *futures, size_t n,
                                                    void *places, bask_dtype dtype, size_t size,
                                                    bask_errors errors, size_t *which,
                                                    size_t *count);

/* ---- scatter: values of the program as futures ---- */

typedef struct bask_scatter_options {
    size_t size; /* sizeof(bask_scatter_options) */
    /* To every worker rather than to one. The workers of all clusters that there are share the
     * program's memory, so it makes no difference. */
    bool broadcast;
} bask_scatter_options;

/*
 * Makes N finished futures in FUTURES of the N VALUES, an array of numbers, of structs of at most 16
 * bytes, or of bask_buffer *. So they are arguments of tasks and graphs of CLIENT; a buffer is used by
 * all of them without a copy, and must not be written to any more.
 * Returns BASK_EINVAL (a NULL), BASK_ETYPE (larger values, which belong into a buffer; a bask_span, which
 * has no owner), BASK_ECLOSED, BASK_ENOMEM; then FUTURES holds NULLs. Owns: the futures are the caller's; they
 * have references of their own to the buffers. Threads: any, also inside a task; never blocks.
 */
#define bask_scatter(client, values, n, futures) bask_scatter_with(client, values, n, futures, NULL)

/* The same with OPTIONS (NULL: defaults). */
#define bask_scatter_with(client, values, n, futures, options)                                     \
    bask_scatter_as((client), (values), BASK_DTYPE_OF_(*(values)), sizeof *(values), (n),          \
                    (futures), (options))

BASK_API BASK_MUST_CHECK bask_status bask_scatter_as(bask_client *client, const void *values,
                                                     bask_dtype dtype, size_t size, size_t n,
                                                     bask_future **futures,
                                                     const bask_scatter_options *options);

/* ---- persist: results that graphs go on from ---- */

/*
 * Starts computing the N OUTPUTS as bask_compute does, and returns at once with a new graph whose N nodes
 * PERSISTED stand for their results: what is built on them, and computed, does not compute OUTPUTS again.
 * The graph of OUTPUTS is not needed any more. The results are alive until the new graph is freed (and
 * what has been planned of it); buffers are not copied.
 * Owns: *GRAPH is the caller's, bask_graph_free; that does not cancel. PERSISTED may be the array OUTPUTS.
 * Returns what bask_compute does; on failure *GRAPH is NULL and PERSISTED is not touched. Threads: as for
 * building; on sync:// the outputs have been computed when it returns.
 */
BASK_API BASK_MUST_CHECK bask_status bask_persist(bask_client *client, bask_delayed *const *outputs,
                                                  size_t n, bask_graph **graph,
                                                  bask_delayed **persisted);

#ifdef __cplusplus
}
#endif
#endif

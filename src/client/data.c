/* SPDX-License-Identifier: Apache-2.0 */
/* Many values at once: gather, scatter, persist. */
#include <bask/data.h>

#include "base/status.h"
#include "client/core.h"
#include <string.h>

/* ---- gather ---- */

static bask_status gather_one(bask_future *f, size_t i, void *place, bask_dtype dtype, size_t size)
{
    bask_status status = bask_result_as(f, place, dtype, size, BASK_FOREVER);
    if (status != BASK_OK)
        return status_set(status, "bask_gather: future %zu: %s", i, bask_last_error());
    return BASK_OK;
}

bask_status bask_gather_as(bask_future *const *futures, size_t n, void *places, bask_dtype dtype,
                           size_t size, bask_errors errors, size_t *which, size_t *count)
{
    if (count)
        *count = 0;
    if (n && (!futures || (!places && dtype != BASK_VOID)))
        return status_set(BASK_EINVAL, "bask_gather: the array of %s is NULL",
                          futures ? "places" : "futures");
    for (size_t i = 0; i < n; i++) {
        bask_status status = future_check_result(futures[i], places, dtype, size);
        if (status != BASK_OK)
            return status_set(status, "bask_gather: future %zu: %s", i, bask_last_error());
    }
    size_t good = 0;
    for (size_t i = 0; i < n; i++) {
        char *place = places ? (char *)places + good * size : NULL;
        bask_status status = gather_one(futures[i], i, place, dtype, size);
        bool failed = bask_future_done(futures[i]) && futures[i]->promise.status != BASK_OK;
        if (status != BASK_OK && !(errors == BASK_SKIP && failed))
            return status;
        if (status != BASK_OK)
            continue;
        if (which)
            which[good] = i;
        if (count)
            *count = good + 1;
        good++;
    }
    return BASK_OK;
}

/* ---- what a value stands for where a kernel is expected ---- */

/* Nobody runs it: its future is done. */
static bask_status run_nothing(bask_task *task)
{
    (void)task;
    return BASK_OK;
}

/* Hands on the only argument, a buffer without a copy. */
static bask_status hand_on(bask_task *task)
{
    const void *value = bask_task_argument(task, 0);
    if (bask_task_argument_dtype(task, 0) == BASK_VOID)
        return BASK_OK;
    if (bask_task_argument_dtype(task, 0) != BASK_SPAN)
        return bask_return_value(task, value, task->node->kernel->result.size);
    bask_buffer *buffer = (bask_buffer *)(uintptr_t)value; /* begins with the span */
    bask_buffer_retain(buffer);
    return bask_return(task, &buffer);
}

/* One for each type of result; constant, so that it outlives all futures, and no samples are kept. */
#define VALUE(of, runs, typed, kind, bytes)                                                        \
    {                                                                                              \
        .struct_size = sizeof(bask_kernel), .name = of, .run = runs, .result = {                   \
            .name = "",                                                                            \
            .type = typed,                                                                         \
            .dtype = kind,                                                                         \
            .size = bytes                                                                          \
        }                                                                                          \
    }
#define OTHER(name, run, size) VALUE(name, run, "struct of " #size " bytes", BASK_OTHER, size)
#define VALUES(name, run)                                                                          \
    {                                                                                              \
        VALUE(name, run, "void", BASK_VOID, 0), VALUE(name, run, "bool", BASK_BOOL, sizeof(bool)), \
            VALUE(name, run, "int8_t", BASK_INT8, 1), VALUE(name, run, "uint8_t", BASK_UINT8, 1),  \
            VALUE(name, run, "int16_t", BASK_INT16, 2),                                            \
            VALUE(name, run, "uint16_t", BASK_UINT16, 2),                                          \
            VALUE(name, run, "int32_t", BASK_INT32, 4),                                            \
            VALUE(name, run, "uint32_t", BASK_UINT32, 4),                                          \
            VALUE(name, run, "int64_t", BASK_INT64, 8),                                            \
            VALUE(name, run, "uint64_t", BASK_UINT64, 8),                                          \
            VALUE(name, run, "float", BASK_FLOAT32, sizeof(float)),                                \
            VALUE(name, run, "double", BASK_FLOAT64, sizeof(double)),                              \
            VALUE(name, run, "bask_buffer *", BASK_SPAN, sizeof(bask_buffer *)),                   \
            OTHER(name, run, 1), OTHER(name, run, 2), OTHER(name, run, 3), OTHER(name, run, 4),    \
            OTHER(name, run, 5), OTHER(name, run, 6), OTHER(name, run, 7), OTHER(name, run, 8),    \
            OTHER(name, run, 9), OTHER(name, run, 10), OTHER(name, run, 11), OTHER(name, run, 12), \
            OTHER(name, run, 13), OTHER(name, run, 14), OTHER(name, run, 15), OTHER(name, run, 16) \
    }

static const bask_kernel scattered[] = VALUES("bask_scatter", run_nothing);
static const bask_kernel persisted[] = VALUES("bask_persist", hand_on);
enum { VALUE_KINDS = sizeof scattered / sizeof scattered[0] };

/* NULL: such a value is none that a task could have made. */
static const bask_kernel *value_kernel(const bask_kernel *kernels, bask_dtype dtype, size_t size)
{
    for (int i = 0; i < VALUE_KINDS; i++)
        if (kernels[i].result.dtype == dtype && kernels[i].result.size == size)
            return &kernels[i];
    return NULL;
}

/* ---- scatter ---- */

static bask_status check_values(const void *values, bask_dtype dtype, size_t size, size_t n)
{
    if (!values)
        return status_set(BASK_EINVAL, "bask_scatter: the array of values is NULL");
    if (dtype == BASK_SPAN && size == sizeof(bask_span))
        return status_set(BASK_ETYPE, "bask_scatter: a bask_span has no owner: scatter the "
                                      "bask_buffer * that it is a view of");
    if (dtype == BASK_VOID || !value_kernel(scattered, dtype, size))
        return status_set(BASK_ETYPE,
                          "bask_scatter: values of %zu bytes (%s): put what has more than %d bytes "
                          "into a bask_buffer",
                          size, bask_dtype_name(dtype), BASK_MAX_VALUE);
    for (size_t i = 0; dtype == BASK_SPAN && i < n; i++)
        if (!((bask_buffer *const *)values)[i])
            return status_set(BASK_EINVAL, "bask_scatter: buffer %zu is NULL", i);
    return BASK_OK;
}

bask_status bask_scatter_as(bask_client *c, const void *values, bask_dtype dtype, size_t size,
                            size_t n, bask_future **futures, const bask_scatter_options *options)
{
    if (futures && n)
        memset(futures, 0, n * sizeof *futures);
    bask_status status = client_check(c, "bask_scatter");
    if (status != BASK_OK)
        return status;
    if (options && options->size != sizeof *options)
        return status_set(BASK_EINVAL,
                          "bask_scatter: options.size is not sizeof(bask_scatter_options)");
    if (n == 0)
        return BASK_OK;
    if (!futures)
        return status_set(BASK_EINVAL, "bask_scatter: the array of futures is NULL");
    status = check_values(values, dtype, size, n);
    if (status != BASK_OK)
        return status;
    future_block *b = block_new(c, n);
    if (!b)
        return status_set(BASK_ENOMEM, "bask_scatter: no memory for %zu futures", n);
    for (size_t i = 0; i < n; i++) {
        slot value = {.align = 0};
        memcpy(value.bytes, (const char *)values + i * size, size);
        futures[i] = &b->futures[i];
        futures[i]->promise.kernel = value_kernel(scattered, dtype, size);
        (void)future_finish(futures[i], &value);
        bask_future_free(futures[i]); /* there is no run that would hold it */
    }
    block_release(b);
    return BASK_OK;
}

/* ---- persist ---- */

static bask_status stand_for(bask_graph *g, bask_future *const *futures, size_t n,
                             bask_delayed **nodes)
{
    for (size_t i = 0; i < n; i++) {
        const bask_param *r = &futures[i]->promise.kernel->result;
        const bask_kernel *kernel = value_kernel(persisted, r->dtype, r->size);
        bask_arg arg = bask_arg_future(futures[i]);
        if (!kernel)
            return status_set(BASK_EUNSUPPORTED, "bask_persist: the result of %s, %s",
                              bask_future_name(futures[i]), r->type);
        if (!(nodes[i] = bask_delay_array(g, kernel, &arg, 1)))
            return BASK_ENOMEM; /* with its message */
    }
    return BASK_OK;
}

bask_status bask_persist(bask_client *c, bask_delayed *const *outputs, size_t n, bask_graph **graph,
                         bask_delayed **nodes)
{
    if (graph)
        *graph = NULL;
    bask_status status = client_check_outputs(c, outputs, n, "bask_persist");
    if (status != BASK_OK)
        return status;
    if (!graph || !nodes)
        return status_set(BASK_EINVAL, "bask_persist: %s is NULL", graph ? "persisted" : "graph");
    bask_future **futures = malloc(n * sizeof *futures);
    bask_delayed **made = malloc(n * sizeof *made);
    bask_graph *g = futures && made ? bask_graph_new(c) : NULL;
    if (!g) {
        free(futures), free(made);
        return status_set(BASK_ENOMEM, "bask_persist: no memory for %zu nodes", n);
    }
    status = bask_compute(c, outputs, n, futures);
    bool computing = status == BASK_OK;
    if (computing)
        status = stand_for(g, futures, n, made);
    for (size_t i = 0; computing && i < n; i++) {
        if (status != BASK_OK)
            bask_cancel(futures[i]);
        bask_future_free(futures[i]);
    }
    if (status == BASK_OK) {
        memcpy(nodes, made, n * sizeof *made);
        *graph = g;
    } else {
        bask_graph_free(g);
    }
    free(futures), free(made);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/task.h"

#include "base/status.h"
#include "graph/plan.h"
#include "pool/inner.h"
#include <stdlib.h>
#include <string.h>

enum { TASK_ARGUMENTS = 8 }; /* what a typed kernel can have */

failure failure_no_memory = {
    .status = BASK_ENOMEM, .kernel = "(not known)", .message = "no memory to keep the reason"};
failure failure_cancelled = {.status = BASK_ECANCELLED, .kernel = "bask", .message = "cancelled"};

failure *failure_new(bask_status status, const char *kernel, const char *message)
{
    size_t length = strlen(message) + 1, name = strlen(kernel) + 1;
    failure *f = malloc(sizeof *f + length + name);
    if (!f)
        return &failure_no_memory;
    f->next = NULL;
    f->status = status;
    f->message = memcpy(f->text, message, length);
    f->kernel = memcpy(f->text + length, kernel, name); /* of a task, that may be gone before */
    return f;
}

failure *failure_of_promise(const promise *p)
{
    return promise_state(p) == BASK_CANCELLED ? &failure_cancelled
                                              : failure_new(BASK_EUPSTREAM, p->culprit, p->message);
}

void failure_free(failure *f)
{
    if (f && !failure_is_static(f))
        free(f);
}

bask_status bask_fail(bask_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    status_set_v(status, format, args);
    va_end(args);
    bask_task *task = task_current;
    if (task && !task->failure && status != BASK_OK) {
        task->failure = failure_new(status, task_kernel(task)->name, bask_last_error());
        atomic_store_explicit(&task->whole->failed, true, memory_order_relaxed);
        task->noted = true;
    }
    return status;
}

bool bask_cancelled(void)
{
    bask_task *task = task_current;
    if (!task)
        return false;
    if (atomic_load_explicit(&task->whole->failed, memory_order_relaxed))
        return true;
    if (!task->whole->cancelled || !task->whole->cancelled(task->whole))
        return false;
    if (!task->failure)
        task->failure = &failure_cancelled; /* it may return early: that is no result */
    task->noted = true;
    return true;
}

int bask_threads(int wanted)
{
    bask_task *task = task_current;
    worker *w = (worker *)bask_self;
    if (!task || bask_self == &worker_nobody || w->pool->inner == 0) {
        int own = inner_own();
        return wanted > 0 && wanted < own ? wanted : own;
    }
    if (!task->wide) {
        task->former = w->width;
        task->wide = task->noted = true;
    }
    return inner_widen(w, task->former, wanted);
}

failure *task_settle(bask_task *task)
{
    failure *f = task->failure;
    if (task->wide)
        inner_narrow((worker *)bask_self, task->former);
    task->failure = NULL;
    task->noted = task->wide = false;
    return f;
}

/* ---- arguments ---- */

static const void *promise_value(const promise *p)
{
    return p->kernel->result.dtype == BASK_SPAN ? (const void *)p->result.buffer
                                                : (const void *)p->result.bytes;
}

const void *task_argument(const bask_task *task, uint32_t i)
{
    const node *n = task->node;
    const arg *a = node_arg(n, i);
    switch (node_kind(n, i)) {
    case ARG_DEP: {
        const slot *s = &plan_state(task->plan, a->dep.from)->result;
        return n->flags & NODE_BUFFERS && node_yields_buffer(plan_node(task->plan, a->dep.from))
                   ? (const void *)s->buffer
                   : (const void *)s->bytes;
    }
    case ARG_PLACE:
        return a->place;
    case ARG_PROMISE:
        return promise_value(a->promise);
    default:
        return a->bytes;
    }
}

bask_buffer *task_input_buffer(const void *data)
{
    const bask_task *task = task_current;
    for (uint32_t i = 0; task && task->node && i < node_nargs(task->node); i++) {
        const arg *a = node_arg(task->node, i);
        bask_buffer *b = NULL;
        if (node_kind(task->node, i) == ARG_DEP) {
            if (node_yields_buffer(plan_node(task->plan, a->dep.from)))
                b = plan_state(task->plan, a->dep.from)->result.buffer;
        }
        if (b && b->span.data == data)
            return b;
    }
    return NULL;
}

size_t bask_task_argument_count(const bask_task *task)
{
    return node_nargs(task->node);
}

const void *bask_task_argument(const bask_task *task, size_t i)
{
    return task_argument(task, (uint32_t)i);
}

bask_dtype bask_task_argument_dtype(const bask_task *task, size_t i)
{
    const node *n = task->node;
    const arg *a = node_arg(n, (uint32_t)i);
    switch (node_kind(n, (uint32_t)i)) {
    case ARG_DEP:
        return plan_node(task->plan, a->dep.from)->kernel->result.dtype;
    case ARG_PROMISE:
        return a->promise->kernel->result.dtype;
    default:
        if (n->kernel->call)
            return n->kernel->params[i].dtype;
        return (bask_dtype)((const uint64_t *)a->place)[-1]; /* untyped: it lies before the value */
    }
}

static bask_status wrong_type(bask_task *task, size_t i, const char *wanted)
{
    if (i >= node_nargs(task->node))
        return bask_fail(BASK_EINVAL, "argument %zu is asked for, but there are %u", i + 1,
                         node_nargs(task->node));
    return bask_fail(BASK_ETYPE, "argument %zu is %s, not %s", i + 1,
                     bask_dtype_name(bask_task_argument_dtype(task, i)), wanted);
}

#define NUMBER_CASES(target)                                                                       \
    case BASK_BOOL:                                                                                \
        target = *(const bool *)p;                                                                 \
        break;                                                                                     \
    case BASK_INT8:                                                                                \
        target = *(const int8_t *)p;                                                               \
        break;                                                                                     \
    case BASK_UINT8:                                                                               \
        target = *(const uint8_t *)p;                                                              \
        break;                                                                                     \
    case BASK_INT16:                                                                               \
        target = *(const int16_t *)p;                                                              \
        break;                                                                                     \
    case BASK_UINT16:                                                                              \
        target = *(const uint16_t *)p;                                                             \
        break;                                                                                     \
    case BASK_INT32:                                                                               \
        target = *(const int32_t *)p;                                                              \
        break;                                                                                     \
    case BASK_UINT32:                                                                              \
        target = *(const uint32_t *)p;                                                             \
        break;

bask_status bask_task_double(bask_task *task, size_t i, double *value)
{
    if (i >= node_nargs(task->node))
        return wrong_type(task, i, "a number");
    const void *p = task_argument(task, (uint32_t)i);
    /* clang-format off */
    switch (bask_task_argument_dtype(task, i)) {
    NUMBER_CASES(*value)
    case BASK_INT64: *value = (double)*(const int64_t *)p; break;
    case BASK_UINT64: *value = (double)*(const uint64_t *)p; break;
    case BASK_FLOAT32: *value = *(const float *)p; break;
    case BASK_FLOAT64: *value = *(const double *)p; break;
    default: return wrong_type(task, i, "a number");
    }
    /* clang-format on */
    return BASK_OK;
}

bask_status bask_task_int64(bask_task *task, size_t i, int64_t *value)
{
    if (i >= node_nargs(task->node))
        return wrong_type(task, i, "an integer");
    const void *p = task_argument(task, (uint32_t)i);
    /* clang-format off */
    switch (bask_task_argument_dtype(task, i)) {
    NUMBER_CASES(*value)
    case BASK_INT64: *value = *(const int64_t *)p; break;
    default: return wrong_type(task, i, "an integer that fits int64");
    }
    /* clang-format on */
    return BASK_OK;
}

bask_status bask_task_span(bask_task *task, size_t i, bask_span *value)
{
    if (i >= node_nargs(task->node) || bask_task_argument_dtype(task, i) != BASK_SPAN)
        return wrong_type(task, i, "a span");
    *value = *(const bask_span *)task_argument(task, (uint32_t)i);
    return BASK_OK;
}

bask_status bask_return_value(bask_task *task, const void *value, size_t size)
{
    const bask_param *r = &task->node->kernel->result;
    if (size != r->size)
        return bask_fail(BASK_ETYPE, "%s returns %zu bytes, but its result is %s (%zu bytes)",
                         task->node->kernel->name, size, r->type, r->size);
    memcpy(task->result->bytes, value, size);
    task->returned = true;
    return BASK_OK;
}

/* ---- the call ---- */

static void call_untyped(bask_task *task)
{
    const bask_kernel *k = task->node->kernel;
    task->returned = false;
    bask_status status = k->run(task);
    if (task->failure)
        return;
    if (status != BASK_OK)
        bask_fail(status, "%s", bask_status_text(status));
    else if (!task->returned && k->result.size != 0)
        bask_fail(BASK_EKERNEL, "the kernel returned no value");
}

void task_call(bask_task *task)
{
    const node *n = task->node;
    bool yields = node_yields_buffer(n);
    if (yields)
        task->result->buffer =
            NULL; /* nothing stale, should the kernel fail before it returns one */
    if (n->flags & NODE_UNTYPED) {
        call_untyped(task);
    } else {
        const void *arguments[TASK_ARGUMENTS];
        for (uint32_t i = 0, count = node_nargs(n); i < count; i++)
            arguments[i] = task_argument(task, i);
        n->kernel->call(task, arguments, task->result);
    }
    if (yields && !task->failure && !task->result->buffer)
        bask_fail(BASK_EKERNEL, "the kernel returned no buffer");
}

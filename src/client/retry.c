/* SPDX-License-Identifier: Apache-2.0 */
/* Running failed tasks again: new futures of the same tasks, with those that they depend on first. */
#include "base/status.h"
#include "client/batch.h"
#include "client/single.h"

/* Future OLD is run again as AGAIN; NULL: not yet, it is on the stack. */
typedef struct pair {
    bask_future *old, *again;
} pair;

typedef struct redo {
    pair *pairs; /* hashed by `old`; capacity is a power of two, or 0 */
    size_t n, capacity;
    bask_future **stack;
    size_t depth, room;
} redo;

static bool failed(const bask_future *f)
{
    bask_state state = bask_future_state(f);
    return state == BASK_ERROR || state == BASK_CANCELLED;
}

/* ---- the map ---- */

/* Where OLD is, or would be. */
static pair *slot_of(const redo *r, const bask_future *old)
{
    size_t i = ((uintptr_t)old >> 4) * 0x9e3779b1u;
    while (r->pairs[i & (r->capacity - 1)].old && r->pairs[i & (r->capacity - 1)].old != old)
        i++;
    return &r->pairs[i & (r->capacity - 1)];
}

static bool reserve_pair(redo *r)
{
    if (2 * r->n < r->capacity)
        return true;
    redo more = {.capacity = r->capacity ? 2 * r->capacity : 16};
    more.pairs = calloc(more.capacity, sizeof *more.pairs);
    if (!more.pairs)
        return false;
    for (size_t i = 0; i < r->capacity; i++)
        if (r->pairs[i].old)
            *slot_of(&more, r->pairs[i].old) = r->pairs[i];
    free(r->pairs);
    r->pairs = more.pairs;
    r->capacity = more.capacity;
    return true;
}

/* NULL: it has not been run again yet. */
static bask_future *slot_again(const redo *r, const bask_future *old)
{
    return slot_of(r, old)->again;
}

/* F is to be run again, before all that is on the stack already (it may be there as well). */
static bool push(redo *r, bask_future *f)
{
    if (!reserve_pair(r))
        return false;
    pair *p = slot_of(r, f);
    if (r->depth == r->room) {
        size_t room = r->room ? 2 * r->room : 16;
        bask_future **stack = realloc(r->stack, room * sizeof(bask_future *));
        if (!stack)
            return false;
        r->stack = stack;
        r->room = room;
    }
    r->stack[r->depth++] = f;
    r->n += p->old == NULL;
    p->old = f;
    return true;
}

/* ---- one task ---- */

/* Submitted or mapped: its arguments are known. */
static uint32_t arguments_of(const bask_future *f)
{
    return f->block->alone    ? node_nargs(block_single(f->block)->node)
           : f->block->mapped ? block_batch(f->block)->nargs
                              : 0;
}

static bask_arg argument_of(const bask_future *f, uint32_t i)
{
    if (f->block->mapped)
        return map_argument(block_batch(f->block), (size_t)(f - f->block->futures), i);
    const node *n = block_single(f->block)->node;
    const arg *a = node_arg(n, i);
    if (node_kind(n, i) == ARG_PROMISE)
        return bask_arg_future((bask_future *)a->promise);
    return bask_arg_literal(a->place, BASK_MAX_VALUE, (bask_dtype)((const uint64_t *)a->place)[-1]);
}

/* The I-th argument, if it is a future that has failed; else NULL. */
static bask_future *failed_argument(const bask_future *f, uint32_t i)
{
    bask_arg a = argument_of(f, i);
    bask_future *on = a.kind == BASK_ARG_FUTURE ? arg_pointer(&a) : NULL;
    return on && failed(on) ? on : NULL;
}

static bask_future *submit_again(const redo *r, const bask_future *f)
{
    uint32_t nargs = arguments_of(f);
    bask_arg *args = malloc((nargs ? nargs : 1) * sizeof *args);
    if (!args) {
        status_set(BASK_ENOMEM, "bask_retry: no memory for a task");
        return NULL;
    }
    for (uint32_t i = 0; i < nargs; i++) {
        bask_future *on = failed_argument(f, i);
        args[i] = on ? bask_arg_future(slot_again(r, on)) : argument_of(f, i);
    }
    const extras *x = f->block->alone ? block_single(f->block)->extras : NULL;
    bask_future *again =
        single_submit(f->block->client, x ? &x->options : NULL, f->promise.kernel, args, nargs);
    free(args);
    return again;
}

static bask_future *run_again(const redo *r, bask_future *f)
{
    if (f->block->alone || f->block->mapped)
        return submit_again(r, f);
    if (f->block->retry)
        return f->block->retry(f);
    status_set(BASK_EUNSUPPORTED, "bask_retry: nothing is known of the task of %s",
               bask_future_name(f));
    return NULL;
}

/* Puts what F depends on, and must run again before, onto the stack; false: memory is short. */
static bool push_failed_arguments(redo *r, const bask_future *f)
{
    for (uint32_t i = 0, n = arguments_of(f); i < n; i++) {
        bask_future *on = failed_argument(f, i);
        if (on && !slot_again(r, on) && !push(r, on)) {
            status_set(BASK_ENOMEM, "bask_retry: no memory for %zu tasks", r->n);
            return false;
        }
    }
    return true;
}

static bool run_all(redo *r)
{
    while (r->depth) {
        bask_future *f = r->stack[r->depth - 1];
        size_t depth = r->depth;
        if (!push_failed_arguments(r, f))
            return false;
        if (r->depth > depth)
            continue;
        pair *p = slot_of(r, f);
        if (!p->again && !(p->again = run_again(r, f)))
            return false;
        r->depth--;
    }
    return true;
}

bask_future *bask_retry(bask_future *f)
{
    if (!f) {
        status_set(BASK_EINVAL, "bask_retry: the future is NULL");
        return NULL;
    }
    if (client_check(f->block->client, "bask_retry") != BASK_OK)
        return NULL;
    if (!failed(f))
        return bask_future_retain(f);
    redo r = {.pairs = NULL};
    bask_future *result = NULL;
    if (!push(&r, f))
        status_set(BASK_ENOMEM, "bask_retry: no memory");
    else if (run_all(&r))
        result = bask_future_retain(slot_again(&r, f));
    for (size_t i = 0; i < r.capacity; i++)
        bask_future_free(r.pairs[i].again);
    free(r.pairs);
    free(r.stack);
    return result;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fork and join of kernels, for recursive work: a call that another worker may take over.
 *
 *     BASK_KERNEL(int64_t, fib, (int64_t, n))
 *     {
 *         if (n < 2)
 *             return n;
 *         bask_spawn(first, fib, n - 1);
 *         int64_t second = bask_call(fib, n - 2);
 *         return bask_sync(first) + second;
 *     }
 *
 * and from anywhere, `bask_invoke(client, &result, fib, 40)`.
 *
 * A spawned call lies in the frame of its caller, without any fence, atomic read-modify-write or
 * allocation, until an idle worker asks for work; it costs less than two function calls. So
 * nothing bounds how deep spawns may nest but the stack. Idle workers sleep.
 *
 * Threads: a call is synced by the function that spawned it. On a thread that is no worker (a host
 * thread outside bask_invoke) everything works, and bask_sync runs the call in place.
 * Errors: a spawned call belongs to the task that spawned it, whichever thread runs it: bask_fail
 * fails that task, bask_cancelled asks for it. The call returns its value all the same.
 */
#ifndef BASK_SPAWN_H
#define BASK_SPAWN_H

#include "macros.h"
#include "pool.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * bask_spawn(child, kernel, argument...); declares the variable `child` and spawns a call of KERNEL,
 * whose arguments are converted as in a function call. It runs at the latest in bask_sync(child),
 * or else when `child` goes out of scope, so that a return in between loses nothing. Several
 * declarations: not to be used as the only statement of an `if` or a loop.
 */
#define bask_spawn(...) BASK_SPAWN_2_(BASK_COUNT_(__VA_ARGS__), __VA_ARGS__, ~)

/*
 * bask_sync(child): waits for the spawned call, helping meanwhile, and returns its value. At most
 * once for a child; children are best synced in the reverse order of their spawns.
 */
#define bask_sync(child) child##_sync_(bask_guard_open_(&child##_guard_), &child)

/*
 * For calls whose number is known at run time only: `bask_spawned(kernel)` is the type of a child,
 * bask_spawn_at(place, kernel, argument...) spawns into *PLACE and bask_sync_at(place, kernel)
 * waits and returns the value. Undefined if *PLACE goes away, or is moved, before that.
 */
#define bask_spawned(kernel) kernel##_strand_
#define bask_spawn_at(...) BASK_SPAWN_AT_2_(BASK_COUNT_(__VA_ARGS__), __VA_ARGS__, ~)
#define bask_sync_at(place, kernel) kernel##_sync_(BASK_SELF_, (place))

/* bask_call(kernel, argument...): calls KERNEL here and now. The plain call kernel(argument...) does
 * the same; this form, in a kernel, passes on what it knows of its worker, which is faster. */
#define bask_call(...) BASK_CALL_2_(BASK_COUNT_(~, __VA_ARGS__), __VA_ARGS__, ~)

/*
 * bask_invoke(client, result, kernel, argument...): calls KERNEL such that its spawns can run on all
 * workers of CLIENT, and waits. The value is stored at RESULT, a pointer to the kernel's result type;
 * NULL where it is not wanted. A host thread takes part in the work where a worker sleeps; a task
 * calls the kernel itself.
 * Returns BASK_OK, BASK_EINVAL (CLIENT is NULL), BASK_ECLOSED, or what the kernel or a call that it
 * spawned failed with (*RESULT is not touched then). Threads: any, also inside a task.
 */
#define bask_invoke(client, ...) BASK_INVOKE_2_(BASK_COUNT_(__VA_ARGS__), client, __VA_ARGS__, ~)

/* ---- what the macros make; not for users ---- */

/* A call that can move to another thread. */
typedef struct bask_strand {
    bask_child child;
    struct failure *failure; /* of a call that was not run by its spawner's bask_sync */
} bask_strand;

typedef void bask_strand_fn(bask_strand *strand);
struct bask_client;
struct bask_kernel;

/* Runs COMPUTE(STRAND) as a part of the task that spawned it. */
BASK_API void bask_strand_run(bask_strand *strand, bask_strand_fn *compute);
/* The same for a strand that is the caller's own again, and whose value nobody wants. */
BASK_API void bask_strand_end(bask_worker *self, bask_strand *strand);
/* True when STRAND has been run; false when the caller has to. */
BASK_API bool bask_strand_join(bask_worker *self, bask_strand *strand);
BASK_API bask_status bask_strand_invoke(struct bask_client *client,
                                        const struct bask_kernel *kernel, bask_strand *strand,
                                        bask_strand_fn *compute);

/* Syncs a child that goes out of scope. */
typedef struct bask_guard_ {
    bask_worker *self; /* NULL once it is synced */
    bask_strand *strand;
} bask_guard_;

static inline bask_worker *bask_guard_open_(bask_guard_ *guard)
{
    bask_worker *self = guard->self;
    guard->self = NULL;
    return self;
}
static inline void bask_guard_end_(bask_guard_ *guard)
{
    if (__builtin_expect(guard->self != NULL, 0))
        bask_strand_end(guard->self, guard->strand);
}

/*
 * The calling thread's worker: in a kernel the hidden parameter bask_context_, elsewhere, where that
 * name means this function, the thread's variable.
 */
static inline void bask_context_(void)
{
}
#ifdef __cplusplus
}
static inline bask_worker *bask_worker_of_(bask_worker *context)
{
    return context;
}
static inline bask_worker *bask_worker_of_(void (*)(void))
{
    return bask_self;
}
#define BASK_SELF_ bask_worker_of_(bask_context_)
#else
#define BASK_SELF_ _Generic(bask_context_, bask_worker * : bask_context_, default : bask_self)
#endif

#define BASK_NEXT_(i, kernel, value) , value
#define BASK_CALL_2_(n, kernel, ...)                                                               \
    kernel##_body_(BASK_SELF_ BASK_EACH_(n, BASK_NEXT_, ~, __VA_ARGS__))
#define BASK_INVOKE_2_(n, client, result, kernel, ...)                                             \
    kernel##_invoke_(client, result BASK_EACH_(n, BASK_NEXT_, ~, __VA_ARGS__))
#define BASK_SPAWN_2_(n, child, kernel, ...)                                                       \
    kernel##_strand_ child;                                                                        \
    BASK_UNUSED_ __typeof__(&kernel##_sync_) const child##_sync_ = kernel##_sync_;                 \
    bask_guard_ child##_guard_                                                                     \
        __attribute__((cleanup(bask_guard_end_))) = {BASK_SELF_, &child.strand};                   \
    kernel##_spawn_(child##_guard_.self, &child BASK_EACH_(n, BASK_NEXT_, ~, __VA_ARGS__))
#define BASK_SPAWN_AT_2_(n, place, kernel, ...)                                                    \
    kernel##_spawn_(BASK_SELF_, (place)BASK_EACH_(n, BASK_NEXT_, ~, __VA_ARGS__))

/* Of the kernel NAME: its strand, with the arguments and the value; how to spawn, sync and run it. */
#define BASK_STRAND_(n, ret, name, ...)                                                            \
    typedef struct name##_strand_ {                                                                \
        bask_strand strand;                                                                        \
        BASK_CAT_(BASK_VALUE_VOID_, BASK_IS_VOID_(ret))                                            \
        (ret) BASK_EACH_(n, BASK_FIELD_, name, __VA_ARGS__)                                        \
    } name##_strand_;                                                                              \
    static void name##_compute_(bask_strand *strand_)                                              \
    {                                                                                              \
        name##_strand_ *call_ = BASK_CAST_(name##_strand_ *, BASK_CAST_(void *, strand_));         \
        BASK_CAT_(BASK_KEEP_VOID_, BASK_IS_VOID_(ret))                                             \
        (call_, name##_body_(bask_self BASK_EACH_(n, BASK_PASS_FIELD_, name, __VA_ARGS__)));       \
    }                                                                                              \
    static void name##_run_(bask_child *child_)                                                    \
    {                                                                                              \
        bask_strand_run(BASK_CAST_(bask_strand *, BASK_CAST_(void *, child_)), name##_compute_);   \
    }                                                                                              \
    BASK_UNUSED_ static inline void name##_spawn_(                                                 \
        bask_worker *self_,                                                                        \
        name##_strand_ *call_ BASK_EACH_(n, BASK_NEXT_PARAMETER_, name, __VA_ARGS__))              \
    {                                                                                              \
        BASK_EACH_(n, BASK_SET_FIELD_, name, __VA_ARGS__)                                          \
        call_->strand.child.run = name##_run_;                                                     \
        bask_fork_on(self_, &call_->strand.child);                                                 \
    }                                                                                              \
    BASK_UNUSED_ static inline ret name##_sync_(bask_worker *self_, name##_strand_ *call_)         \
    {                                                                                              \
        if (!bask_take_back(self_, &call_->strand.child) &&                                        \
            bask_strand_join(self_, &call_->strand))                                               \
            return BASK_CAT_(BASK_GIVE_VOID_, BASK_IS_VOID_(ret))(call_);                          \
        BASK_CAT_(BASK_RETURN_VOID_, BASK_IS_VOID_(ret))                                           \
        name##_body_(self_ BASK_EACH_(n, BASK_PASS_FIELD_, name, __VA_ARGS__));                    \
    }                                                                                              \
    BASK_UNUSED_ static inline bask_status name##_invoke_(                                         \
        struct bask_client *client_,                                                               \
        ret *result_ BASK_EACH_(n, BASK_NEXT_PARAMETER_, name, __VA_ARGS__))                       \
    {                                                                                              \
        name##_strand_ here_, *call_ = &here_;                                                     \
        BASK_EACH_(n, BASK_SET_FIELD_, name, __VA_ARGS__)                                          \
        bask_status status_ =                                                                      \
            bask_strand_invoke(client_, &name##_kernel, &here_.strand, name##_compute_);           \
        (void)result_, (void)call_;                                                                \
        BASK_CAT_(BASK_HAND_VOID_, BASK_IS_VOID_(ret))(status_, result_, call_) return status_;    \
    }

#define BASK_FIELD_(i, name, pair) name##_type_##i argument_##i;
#define BASK_PASS_FIELD_(i, name, pair) , call_->argument_##i
#define BASK_SET_FIELD_(i, name, pair) call_->argument_##i = value_##i##_;
#define BASK_NEXT_PARAMETER_(i, name, pair) , name##_type_##i value_##i##_

#define BASK_VALUE_VOID_1(ret)
#define BASK_VALUE_VOID_0(ret) ret value;
#define BASK_KEEP_VOID_1(call, value) (void)call, value
#define BASK_KEEP_VOID_0(call, result) call->value = result
#define BASK_GIVE_VOID_1(call)
#define BASK_GIVE_VOID_0(call) call->value
#define BASK_RETURN_VOID_1
#define BASK_RETURN_VOID_0 return
#define BASK_HAND_VOID_1(status, result, call)
#define BASK_HAND_VOID_0(status, result, call)                                                     \
    if (status == BASK_OK && result)                                                               \
        *result = call->value;

#endif

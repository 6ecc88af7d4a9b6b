/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels: named C functions that tasks run.
 *
 *     BASK_KERNEL(double, scale, (double, x), (double, factor)) { return x * factor; }
 *
 * defines the ordinary C function `scale`, which can be called directly, and beside it
 * `scale_kernel`, its description, which bask_delay(graph, scale, ...), bask_submit(client,
 * scale, ...) and bask_map(client, scale, ...) use. Parameters and results are numbers or structs of at
 * most 16 bytes; a large result is a `bask_buffer *` (buffer.h), which consumers take as a `bask_span`.
 *
 * A kernel may run on any worker, more than once at a time and, where work is recomputed, more than
 * once for one result: it must not keep state of its own. It must return: undefined if it leaves by
 * longjmp, a C++ exception or pthread_exit.
 */
#ifndef BASK_KERNEL_H
#define BASK_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "buffer.h"
#include "macros.h"
#include "spawn.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- types of values ---- */

typedef enum bask_dtype {
    BASK_VOID = 0, /* no value */
    BASK_OTHER,    /* a struct, pointer or other type; told apart by size only */
    BASK_BOOL,
    BASK_INT8,
    BASK_UINT8,
    BASK_INT16,
    BASK_UINT16,
    BASK_INT32,
    BASK_UINT32,
    BASK_INT64,
    BASK_UINT64,
    BASK_FLOAT32,
    BASK_FLOAT64,
    BASK_SPAN /* bask_span as a parameter, bask_buffer * as a result */
} bask_dtype;

/* "float64", "int32", "span", ... Any thread. */
BASK_API const char *bask_dtype_name(bask_dtype dtype);

#ifdef __cplusplus
#define BASK_CAST_(type, value) static_cast<type>(value)
#define BASK_WORD_OF_(pointer) reinterpret_cast<uintptr_t>(pointer)
#else
#define BASK_CAST_(type, value) ((type)(value))
#define BASK_WORD_OF_(pointer) ((uintptr_t)(pointer))
#endif

#define BASK_MAX_VALUE 16 /* bytes of the largest value that is not a buffer */

/* ---- arguments ---- */

typedef struct bask_client bask_client;
typedef struct bask_graph bask_graph;
typedef struct bask_delayed bask_delayed;
typedef struct bask_future bask_future;
typedef struct bask_task bask_task;

typedef enum bask_arg_kind {
    BASK_ARG_LITERAL,
    BASK_ARG_DELAYED,
    BASK_ARG_FUTURE,
    BASK_ARG_EACH,       /* map.h: an array of literals */
    BASK_ARG_EACH_FUTURE /* ... of futures */
} bask_arg_kind;

/* One argument of a task. Made by bask_literal (generic.h) or by the three functions below; passed
 * by value. It holds no reference: a delayed or future must live until the call that it is given to
 * returns. */
typedef struct bask_arg {
    uint64_t words[2]; /* bytes of a literal, else a pointer; no union, which keeps compilers from
                        * taking an inlined argument apart */
    bask_arg_kind kind;
    uint16_t dtype; /* bask_dtype of a literal, or of each */
    uint16_t size;  /* bytes of a literal, or of each */
} bask_arg;

/* A copy of the SIZE bytes at VALUE, at most BASK_MAX_VALUE, of type DTYPE. */
static inline bask_arg bask_arg_literal(const void *value, size_t size, bask_dtype dtype)
{
    bask_arg arg = {
        {0, 0}, BASK_ARG_LITERAL, BASK_CAST_(uint16_t, dtype), BASK_CAST_(uint16_t, size)};
    memcpy(arg.words, value, size < BASK_MAX_VALUE ? size : BASK_MAX_VALUE);
    return arg;
}

/* The result of a node of the same graph. */
static inline bask_arg bask_arg_delayed(bask_delayed *delayed)
{
    bask_arg arg = {{BASK_WORD_OF_(delayed), 0}, BASK_ARG_DELAYED, 0, 0};
    return arg;
}

/* The result of a future of the same client, which need not be done. */
static inline bask_arg bask_arg_future(bask_future *future)
{
    bask_arg arg = {{BASK_WORD_OF_(future), 0}, BASK_ARG_FUTURE, 0, 0};
    return arg;
}

/* ---- kernels ---- */

/* Calls the kernel's function: loads each parameter from arguments[i], stores the value at result. */
typedef void bask_call_fn(bask_task *task, const void *const *arguments, void *result);

/* The untyped form: reads its arguments from the task and returns its value by bask_return. */
typedef bask_status bask_kernel_fn(bask_task *task);

typedef struct bask_param {
    const char *name;
    const char *type; /* as written in the source */
    bask_dtype dtype;
    size_t size;
} bask_param;

typedef struct bask_kernel bask_kernel;
struct bask_kernel {
    size_t struct_size; /* sizeof(bask_kernel) of the program's header */
    const char *name;
    bask_call_fn *call;  /* typed form, else NULL */
    bask_kernel_fn *run; /* untyped form, else NULL */
    const bask_param *params;
    size_t nparams;    /* of a typed kernel; an untyped one takes any number */
    bask_param result; /* its name is "" */
    bask_kernel *next; /* the registry's */
    uint64_t cost;     /* the library's: how long a call takes, as far as it knows */
    uint64_t flags;    /* BASK_KERNEL_PURE or 0; constant once tasks are made of it */
};

#define BASK_KERNEL_PURE UINT64_C(1) /* see task.h */

/*
 * Adds KERNEL to the registry, so that it is found by name; BASK_KERNEL does this by itself before
 * main. Kernels of the same name and types may be registered several times (two files that wrap one
 * function): the oldest that is left is found.
 * Owns: KERNEL stays the caller's and must live until it is unregistered.
 * Returns BASK_EEXIST when a kernel of this name has other types; BASK_EINVAL for a NULL or
 * nameless kernel, a wrong struct_size, or not exactly one of call and run. Threads: any.
 */
BASK_API bask_status bask_register(bask_kernel *kernel);

/* Takes KERNEL out of the registry again, as a shared object that is unloaded must. Nothing happens
 * when it is not there. Threads: any. */
BASK_API void bask_unregister(bask_kernel *kernel);

/* The kernel of that name, NULL when there is none. Threads: any. */
BASK_API const bask_kernel *bask_kernel_find(const char *name);

/* ---- for use inside kernels ---- */

/*
 * Fails the running task with STATUS and a printf-formatted message: its result is dropped, and all
 * that depend on it fail with BASK_EUPSTREAM and this message. Only the first failure of a task
 * counts; the kernel goes on and should return soon. Outside a task, or with BASK_OK, it only sets
 * bask_last_error. Returns STATUS, so that an untyped kernel can end by `return bask_fail(...)`.
 * Where there is no memory to keep the message, the task fails with BASK_ENOMEM.
 * Threads: the one that runs the kernel, or a call that it has spawned (spawn.h). A bask_child
 * (pool.h) is outside: it hands its failure to the kernel, which calls bask_fail after the join.
 */
BASK_API bask_status bask_fail(bask_status status, const char *format, ...) BASK_PRINTF(2, 3);

/* True when nobody wants the running task's result any more, or a part of the task has failed: a long
 * kernel polls this and returns early, with any value. False outside a task. Costs a few loads. */
BASK_API bool bask_cancelled(void);

/*
 * For kernels that use OpenMP or BLAS: asks that these use up to WANTED threads in what the running
 * task does from here on; 0: the worker's share (inner_threads, pool.h). Returns how many they may
 * use, at least 1. What is beyond the share belongs to workers that sleep at this moment: as many
 * are kept asleep until the task ends, or asks again, for fewer. So no more threads are busy than
 * without it, but for workers that wait inside a task and go on when that wait is over, or that find
 * work at the very moment of falling asleep.
 * Best asked just before the call that is to be wide: until then those workers might have helped.
 * Tasks that the thread runs while this one waits are as wide. Nothing is changed, and what OpenMP
 * would use is returned, at most WANTED, where OpenMP and BLAS are left alone (as on sync://) and
 * outside a task. OpenBLAS on pthreads, with its one number for the process, follows only a task
 * that gets the share of every worker.
 * Threads: the one that runs the kernel.
 */
BASK_API int bask_threads(int wanted);

/*
 * The rest is for kernels of the untyped form, which get a TASK. It is good until the kernel
 * returns, and so are its arguments: pointers to values of their dtype, for BASK_SPAN to a
 * bask_span. Threads: the one that runs the kernel. Undefined if I is not below the count, except
 * for bask_task_double, _int64 and _span.
 */
BASK_API size_t bask_task_argument_count(const bask_task *task);
BASK_API const void *bask_task_argument(const bask_task *task, size_t i);
BASK_API bask_dtype bask_task_argument_dtype(const bask_task *task, size_t i);

/* Argument I as a double (any number fits, rounded), an int64_t (any integer up to 64 bits that is
 * not a uint64) or a span. Otherwise fails the task with BASK_ETYPE, or BASK_EINVAL when there is no
 * argument I, and returns that. */
BASK_API bask_status bask_task_double(bask_task *task, size_t i, double *value);
BASK_API bask_status bask_task_int64(bask_task *task, size_t i, int64_t *value);
BASK_API bask_status bask_task_span(bask_task *task, size_t i, bask_span *value);

/*
 * bask_return(task, pointer): stores the value at POINTER as the task's result; its type must be
 * the kernel's result type (for a buffer: a `bask_buffer *`, which passes to the task). Fails the
 * task with BASK_ETYPE, and returns that, when the size differs.
 */
#define bask_return(task, pointer) bask_return_value((task), (pointer), sizeof *(pointer))
BASK_API bask_status bask_return_value(bask_task *task, const void *value, size_t size);

/* ---- the untyped forms behind bask_delay and bask_submit ---- */

/* As bask_delay (graph.h) and bask_submit (client.h), for kernels and arguments that are known at
 * run time only; any number of arguments. A literal must have exactly the parameter's type. ARGS is
 * copied. */
BASK_API bask_delayed *bask_delay_array(bask_graph *graph, const bask_kernel *kernel,
                                        const bask_arg *args, size_t nargs);
/* ... and as bask_delay_pure. */
BASK_API bask_delayed *bask_delay_pure_array(bask_graph *graph, const bask_kernel *kernel,
                                             const bask_arg *args, size_t nargs);
BASK_API bask_future *bask_submit_array(bask_client *client, const bask_kernel *kernel,
                                        const bask_arg *args, size_t nargs);
/* ... and as bask_submit_with (task.h). */
struct bask_task_options;
BASK_API bask_future *bask_submit_array_with(bask_client *client,
                                             const struct bask_task_options *options,
                                             const bask_kernel *kernel, const bask_arg *args,
                                             size_t nargs);

/* The short way of bask_delay for plain nodes: their kernel is of the typed form and takes as many
 * arguments as the name says; neither its result nor a delayed argument is a buffer; a literal has
 * at most 8 bytes. Each argument comes as one word, the literal's bytes or the delayed, and KINDS
 * has two bits for each, its bask_arg_kind. Otherwise as bask_delay_array. */
BASK_API bask_delayed *bask_delay_0_(bask_graph *graph, const bask_kernel *kernel);
BASK_API bask_delayed *bask_delay_1_(bask_graph *graph, const bask_kernel *kernel, unsigned kinds,
                                     uint64_t a);
BASK_API bask_delayed *bask_delay_2_(bask_graph *graph, const bask_kernel *kernel, unsigned kinds,
                                     uint64_t a, uint64_t b);
BASK_API bask_delayed *bask_delay_3_(bask_graph *graph, const bask_kernel *kernel, unsigned kinds,
                                     uint64_t a, uint64_t b, uint64_t c);

#ifdef __cplusplus
}
#endif

#include "generic.h"

/* ---- making kernels ---- */

/*
 * BASK_KERNEL(result, name, (type, parameter)...) { body }
 * Defines and registers a kernel of 0 to 8 parameters, whose types are written without const.
 * `result` may be void. The function is static.
 */
#define BASK_KERNEL(...) BASK_KERNEL_2_(BASK_COUNT_(__VA_ARGS__), __VA_ARGS__, ~)
#define BASK_KERNEL_2_(n, ret, name, ...)                                                          \
    static ret name##_body_(                                                                       \
        bask_worker *bask_context_ BASK_EACH_(n, BASK_PARAMETER_NEXT_, ~, __VA_ARGS__));           \
    BASK_UNUSED_ static inline ret name(BASK_PARAMETERS_(n, __VA_ARGS__))                          \
    {                                                                                              \
        BASK_CAT_(BASK_RETURN_VOID_, BASK_IS_VOID_(ret))                                           \
        name##_body_(bask_self BASK_EACH_(n, BASK_NAME_NEXT_, ~, __VA_ARGS__));                    \
    }                                                                                              \
    BASK_TYPED_(n, ret, name, __VA_ARGS__)                                                         \
    static ret name##_body_(BASK_UNUSED_ bask_worker *bask_context_ BASK_EACH_(                    \
        n, BASK_PARAMETER_NEXT_, ~, __VA_ARGS__))

/* BASK_KERNEL_OF(result, function, (type, parameter)...); makes a kernel of a function that is
 * declared already. */
#define BASK_KERNEL_OF(...) BASK_KERNEL_OF_2_(BASK_COUNT_(__VA_ARGS__), __VA_ARGS__, ~)
#define BASK_KERNEL_OF_2_(n, ret, name, ...)                                                       \
    BASK_UNUSED_ static inline ret name##_body_(                                                   \
        bask_worker *bask_context_ BASK_EACH_(n, BASK_PARAMETER_NEXT_, ~, __VA_ARGS__))            \
    {                                                                                              \
        (void)bask_context_;                                                                       \
        BASK_CAT_(BASK_RETURN_VOID_, BASK_IS_VOID_(ret))                                           \
        name(BASK_LIST_(n, BASK_NAME_, ~, __VA_ARGS__));                                           \
    }                                                                                              \
    BASK_TYPED_(n, ret, name, __VA_ARGS__)                                                         \
    BASK_STATIC_ASSERT_(1, "so that a semicolon may follow")

/*
 * BASK_KERNEL_UNTYPED(result, name) { body }
 * Defines a kernel that takes any number of arguments of any type: its body is that of
 * `static bask_status name(bask_task *task)`. Use it with bask_delay_array, bask_submit_array.
 */
#define BASK_KERNEL_UNTYPED(ret, name)                                                             \
    static bask_status name(bask_task *task);                                                      \
    static bask_kernel name##_kernel = {sizeof(bask_kernel), #name, NULL, name, NULL, 0,           \
                                        BASK_RESULT_(ret),   NULL,  0,    0};                      \
    BASK_REGISTER_(name)                                                                           \
    static bask_status name(bask_task *task)

/* ---- what the macros make; not for users ---- */

#define BASK_REGISTER_(name)                                                                       \
    __attribute__((constructor)) static void name##_register_(void)                                \
    {                                                                                              \
        (void)bask_register(&name##_kernel);                                                       \
    }                                                                                              \
    __attribute__((destructor)) static void name##_unregister_(void)                               \
    {                                                                                              \
        bask_unregister(&name##_kernel);                                                           \
    }

/* A result as a bask_param; void has no size. */
#define BASK_RESULT_(ret) BASK_CAT_(BASK_RESULT_VOID_, BASK_IS_VOID_(ret))(ret)
#define BASK_RESULT_VOID_1(ret)                                                                    \
    {                                                                                              \
        "", "void", BASK_VOID, 0                                                                   \
    }
#define BASK_RESULT_VOID_0(ret)                                                                    \
    {                                                                                              \
        "", #ret, BASK_DTYPE_(ret), sizeof(ret)                                                    \
    }

/* Of the kernel NAME, whose function is name_body_: its parameters' types, a thunk that calls it, its
 * description, how to spawn it (spawn.h), and functions that make a node or a task of it. */
#define BASK_TYPED_(n, ret, name, ...)                                                             \
    BASK_EACH_(n, BASK_TYPED_PARAMETER_, name, __VA_ARGS__)                                        \
    static void name##_call_(bask_task *task_, const void *const *arguments_, void *result_)       \
    {                                                                                              \
        (void)task_, (void)arguments_, (void)result_;                                              \
        BASK_CAT_(BASK_STORE_VOID_, BASK_IS_VOID_(ret))                                            \
        (ret, name##_body_(bask_self BASK_EACH_(n, BASK_LOAD_NEXT_, name, __VA_ARGS__)));          \
    }                                                                                              \
    static const bask_param name##_params_[] = {                                                   \
        BASK_EACH_(n, BASK_DESCRIBE_, name, __VA_ARGS__){NULL, NULL, BASK_VOID, 0}};               \
    static bask_kernel name##_kernel = {sizeof(bask_kernel),                                       \
                                        #name,                                                     \
                                        name##_call_,                                              \
                                        NULL,                                                      \
                                        name##_params_,                                            \
                                        n,                                                         \
                                        BASK_RESULT_(ret),                                         \
                                        NULL,                                                      \
                                        0,                                                         \
                                        0};                                                        \
    BASK_REGISTER_(name)                                                                           \
    BASK_STRAND_(n, ret, name, __VA_ARGS__)                                                        \
    BASK_UNUSED_ static inline bask_delayed *name##_delay(                                         \
        bask_graph *graph_ BASK_EACH_(n, BASK_ARG_PARAMETER_, name, __VA_ARGS__))                  \
    {                                                                                              \
        const bask_arg args_[] = {BASK_LIST_(n, BASK_ARG_NAME_, name, __VA_ARGS__)                 \
                                      BASK_IF_ZERO_(n, bask_arg_delayed(NULL))};                   \
        const bask_param result_ = BASK_RESULT_(ret);                                              \
        if (n <= 3 &&                                                                              \
            result_.dtype != BASK_SPAN BASK_EACH_(n, BASK_AND_PLAIN_, name, __VA_ARGS__)) {        \
            const uint64_t words_[] = {BASK_EACH_(n, BASK_WORD_, name, __VA_ARGS__) 0, 0, 0};      \
            return bask_delay_plain_(graph_, &name##_kernel, n,                                    \
                                     0u BASK_EACH_(n, BASK_OR_KIND_, name, __VA_ARGS__), words_);  \
        }                                                                                          \
        return bask_delay_array(graph_, &name##_kernel, args_, n);                                 \
    }                                                                                              \
    BASK_UNUSED_ static inline bask_delayed *name##_delay_pure(                                    \
        bask_graph *graph_ BASK_EACH_(n, BASK_ARG_PARAMETER_, name, __VA_ARGS__))                  \
    {                                                                                              \
        const bask_arg args_[] = {BASK_LIST_(n, BASK_ARG_NAME_, name, __VA_ARGS__)                 \
                                      BASK_IF_ZERO_(n, bask_arg_delayed(NULL))};                   \
        return bask_delay_pure_array(graph_, &name##_kernel, args_, n);                            \
    }                                                                                              \
    BASK_UNUSED_ static inline bask_future *name##_submit(                                         \
        bask_client *client_ BASK_EACH_(n, BASK_ARG_PARAMETER_, name, __VA_ARGS__))                \
    {                                                                                              \
        const bask_arg args_[] = {BASK_LIST_(n, BASK_ARG_NAME_, name, __VA_ARGS__)                 \
                                      BASK_IF_ZERO_(n, bask_arg_delayed(NULL))};                   \
        return bask_submit_array(client_, &name##_kernel, args_, n);                               \
    }                                                                                              \
    BASK_UNUSED_ static inline bask_future *name##_submit_with(                                    \
        bask_client *client_, const struct bask_task_options *options_ BASK_EACH_(                 \
                                  n, BASK_ARG_PARAMETER_, name, __VA_ARGS__))                      \
    {                                                                                              \
        const bask_arg args_[] = {BASK_LIST_(n, BASK_ARG_NAME_, name, __VA_ARGS__)                 \
                                      BASK_IF_ZERO_(n, bask_arg_delayed(NULL))};                   \
        return bask_submit_array_with(client_, options_, &name##_kernel, args_, n);                \
    }                                                                                              \
    BASK_UNUSED_ static inline bask_status name##_map(                                             \
        bask_client *client_, const struct bask_task_options *options_, size_t tasks_,             \
        bask_future **futures_ BASK_EACH_(n, BASK_ARG_PARAMETER_, name, __VA_ARGS__))              \
    {                                                                                              \
        const bask_arg args_[] = {BASK_LIST_(n, BASK_ARG_NAME_, name, __VA_ARGS__)                 \
                                      BASK_IF_ZERO_(n, bask_arg_delayed(NULL))};                   \
        return bask_map_array_with(client_, options_, &name##_kernel, tasks_, futures_, args_, n); \
    }

#define BASK_STORE_VOID_1(ret, call) call
#define BASK_STORE_VOID_0(ret, call)                                                               \
    BASK_STATIC_ASSERT_(sizeof(ret) <= BASK_MAX_VALUE,                                             \
                        "a result of more than 16 bytes must be a bask_buffer *");                 \
    ret value_ = call;                                                                             \
    memcpy(result_, &value_, sizeof value_)

/* Of one parameter: its type, a load of its value, and a literal argument made of it. */
#define BASK_TYPED_PARAMETER_(i, name, pair)                                                       \
    typedef BASK_TYPE_(pair) name##_type_##i;                                                      \
    static inline name##_type_##i name##_load_##i(const void *place_)                              \
    {                                                                                              \
        BASK_STATIC_ASSERT_(sizeof(name##_type_##i) <= BASK_MAX_VALUE,                             \
                            "a parameter of more than 16 bytes must be a bask_span");              \
        BASK_ASSERT_PLAIN_(name##_type_##i);                                                       \
        name##_type_##i value_;                                                                    \
        memcpy(&value_, place_, sizeof value_);                                                    \
        return value_;                                                                             \
    }                                                                                              \
    BASK_UNUSED_ static inline bask_arg name##_literal_##i(name##_type_##i value_)                 \
    {                                                                                              \
        return bask_arg_literal(&value_, sizeof value_, BASK_DTYPE_(name##_type_##i));             \
    }                                                                                              \
    BASK_UNUSED_ static inline bask_arg name##_each_##i(const void *array_)                        \
    {                                                                                              \
        return bask_arg_each(array_, sizeof(name##_type_##i), BASK_DTYPE_(name##_type_##i));       \
    }
#define BASK_LOAD_NEXT_(i, name, pair) , name##_load_##i(arguments_[i])
#define BASK_DESCRIBE_(i, name, pair)                                                              \
    {BASK_NAME_TEXT_(pair), BASK_TYPE_TEXT_(pair), BASK_DTYPE_(name##_type_##i),                   \
     sizeof(name##_type_##i)},
#define BASK_ARG_PARAMETER_(i, name, pair) , bask_arg bask_argument_##i
#define BASK_ARG_NAME_(i, name, pair) bask_argument_##i

/* The short way, where all of what decides is known as soon as this is inlined: see bask_delay_0_. */
static inline bask_delayed *bask_delay_plain_(bask_graph *graph, const bask_kernel *kernel, int n,
                                              unsigned kinds, const uint64_t *words)
{
    return n == 0   ? bask_delay_0_(graph, kernel)
           : n == 1 ? bask_delay_1_(graph, kernel, kinds, words[0])
           : n == 2 ? bask_delay_2_(graph, kernel, kinds, words[0], words[1])
                    : bask_delay_3_(graph, kernel, kinds, words[0], words[1], words[2]);
}
static inline bool bask_is_plain_(const bask_arg *arg, const bask_param *param)
{
    return (arg->kind == BASK_ARG_LITERAL && arg->size <= sizeof(uint64_t)) ||
           (arg->kind == BASK_ARG_DELAYED && param->dtype != BASK_SPAN);
}

/* Of one argument of a node: whether it is plain, its kind and its word. */
#define BASK_AND_PLAIN_(i, name, pair) &&bask_is_plain_(&args_[i], &name##_params_[i])
#define BASK_OR_KIND_(i, name, pair) | BASK_CAST_(unsigned, args_[i].kind) << 2 * i
#define BASK_WORD_(i, name, pair) args_[i].words[0],

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels: named C functions that tasks run.
 *
 *     BASK_KERNEL(double, scale, (double, x), (double, factor)) { return x * factor; }
 *
 * defines the ordinary C function `scale`, which can be called directly, and beside it
 * `scale_kernel`, its description, which bask_delay(graph, scale, ...) and bask_submit(client, scale,
 * ...) use. Parameters and results are numbers or structs of at most 16 bytes; a large result is a
 * `bask_buffer *`, which consumers take as a `bask_span`. A kernel may run on any worker and more than
 * once at a time, so it must not keep state of its own.
 */
#ifndef BASK_KERNEL_H
#define BASK_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "buffer.h"
#include "macros.h"
#include "status.h"

#ifdef __cplusplus
#include <type_traits>
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

#define BASK_MAX_VALUE 16 /* bytes of the largest value that is not a buffer */

/* ---- arguments ---- */

typedef struct bask_client bask_client;
typedef struct bask_graph bask_graph;
typedef struct bask_delayed bask_delayed;
typedef struct bask_future bask_future;
typedef struct bask_task bask_task;

typedef enum bask_arg_kind { BASK_ARG_LITERAL, BASK_ARG_DELAYED, BASK_ARG_FUTURE } bask_arg_kind;

/* One argument of a task. Made by bask_literal, bask_arg_delayed, bask_arg_future; passed by value. */
typedef struct bask_arg {
    union {
        unsigned char bytes[BASK_MAX_VALUE];
        bask_delayed *delayed;
        bask_future *future;
        double align_;
    } value;
    bask_arg_kind kind;
    uint16_t dtype; /* bask_dtype of a literal */
    uint16_t size;  /* bytes of a literal */
} bask_arg;

static inline bask_arg bask_arg_literal(const void *value, size_t size, bask_dtype dtype)
{
    bask_arg arg;
    memset(&arg, 0, sizeof arg);
    memcpy(arg.value.bytes, value, size < BASK_MAX_VALUE ? size : BASK_MAX_VALUE);
    arg.kind = BASK_ARG_LITERAL;
    arg.dtype = (uint16_t)dtype;
    arg.size = (uint16_t)size;
    return arg;
}

static inline bask_arg bask_arg_delayed(bask_delayed *delayed)
{
    bask_arg arg;
    memset(&arg, 0, sizeof arg);
    arg.value.delayed = delayed;
    arg.kind = BASK_ARG_DELAYED;
    return arg;
}

static inline bask_arg bask_arg_future(bask_future *future)
{
    bask_arg arg;
    memset(&arg, 0, sizeof arg);
    arg.value.future = future;
    arg.kind = BASK_ARG_FUTURE;
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
};

/*
 * Adds KERNEL to the registry, so that it is found by name; BASK_KERNEL does this by itself before
 * main. The same function may be registered again (another file wraps it): the first stays.
 * Owns: KERNEL stays the caller's and must live as long as the library is used, or until unregistered.
 * Returns BASK_EEXIST when another function has the name; BASK_EINVAL for a NULL or nameless kernel.
 * Threads: any.
 */
BASK_API bask_status bask_register(bask_kernel *kernel);

/* Takes KERNEL out of the registry again (for a shared object that is about to be unloaded). */
BASK_API void bask_unregister(bask_kernel *kernel);

/* The kernel of that name, NULL when there is none. Threads: any. */
BASK_API const bask_kernel *bask_kernel_find(const char *name);

/* ---- for use inside kernels ---- */

/*
 * Fails the running task with STATUS and a printf-formatted message; its result is ignored and all
 * that depend on it fail with BASK_EUPSTREAM. Only the first failure of a task counts. Outside a task
 * it only sets bask_last_error. Returns STATUS.
 */
BASK_API bask_status bask_fail(bask_status status, const char *format, ...) BASK_PRINTF(2, 3);

/* True when nobody wants the running task's result any more: a long kernel polls this and returns. */
BASK_API bool bask_cancelled(void);

/* For untyped kernels. An argument is valid until the kernel returns; I must be below the count. */
BASK_API size_t bask_task_argument_count(const bask_task *task);
BASK_API const void *bask_task_argument(const bask_task *task, size_t i);
BASK_API bask_dtype bask_task_argument_dtype(const bask_task *task, size_t i);

/* Argument I as a double, an int64_t or a span; fails the task (BASK_ETYPE) and returns its status when
 * the argument is no number (or no span). */
BASK_API bask_status bask_task_double(bask_task *task, size_t i, double *value);
BASK_API bask_status bask_task_int64(bask_task *task, size_t i, int64_t *value);
BASK_API bask_status bask_task_span(bask_task *task, size_t i, bask_span *value);

/* Stores the result of an untyped kernel; VALUE must have the kernel's declared result type. */
BASK_API bask_status bask_return_value(bask_task *task, const void *value, size_t size);
#define bask_return(task, value_pointer)                                                           \
    bask_return_value((task), (value_pointer), sizeof *(value_pointer))

#ifdef __cplusplus
}

/* ---- C++: the same names by templates ---- */

template <class T>
struct bask_dtype_of {
    static constexpr bask_dtype value =
        std::is_void<T>::value             ? BASK_VOID
        : std::is_same<T, bool>::value     ? BASK_BOOL
        : std::is_floating_point<T>::value ? (sizeof(T) == 4   ? BASK_FLOAT32
                                              : sizeof(T) == 8 ? BASK_FLOAT64
                                                               : BASK_OTHER)
        : std::is_integral<T>::value       ? (std::is_signed<T>::value ? (sizeof(T) == 1   ? BASK_INT8
                                                                          : sizeof(T) == 2 ? BASK_INT16
                                                                          : sizeof(T) == 4 ? BASK_INT32
                                                                                           : BASK_INT64)
                                                                       : (sizeof(T) == 1   ? BASK_UINT8
                                                                          : sizeof(T) == 2 ? BASK_UINT16
                                                                          : sizeof(T) == 4 ? BASK_UINT32
                                                                                           : BASK_UINT64))
        : std::is_same<T, bask_span>::value     ? BASK_SPAN
        : std::is_same<T, bask_buffer *>::value ? BASK_SPAN
                                                : BASK_OTHER;
};

template <class T>
static inline bask_arg bask_arg_from(bask_delayed *delayed)
{
    return bask_arg_delayed(delayed);
}
template <class T>
static inline bask_arg bask_arg_from(bask_future *future)
{
    return bask_arg_future(future);
}
template <class T, class A>
static inline bask_arg bask_arg_from(const A &value)
{
    T x = value;
    return bask_arg_literal(&x, sizeof x, bask_dtype_of<T>::value);
}
static inline bask_arg bask_literal_cpp_(bask_delayed *delayed)
{
    return bask_arg_delayed(delayed);
}
static inline bask_arg bask_literal_cpp_(bask_future *future)
{
    return bask_arg_future(future);
}
template <class A>
static inline bask_arg bask_literal_cpp_(const A &value)
{
    return bask_arg_literal(&value, sizeof value, bask_dtype_of<A>::value);
}

#define BASK_DTYPE_(...) (bask_dtype_of<__VA_ARGS__>::value)
#define BASK_DTYPE_OF_(x_) (bask_dtype_of<typename std::decay<decltype(x_)>::type>::value)
#define BASK_STATIC_ASSERT_(condition, message) static_assert(condition, message)
#define BASK_ARGUMENT_(i, kernel, value) bask_arg_from<kernel##_type_##i>(value)
#define bask_literal(value) bask_literal_cpp_(value)

#else

/* ---- C: the same by _Generic ---- */

/* clang-format off */
#define BASK_DTYPE_OF_(value)                                                                      \
    _Generic((value), _Bool: BASK_BOOL, char: ((char)-1 < 0 ? BASK_INT8 : BASK_UINT8),             \
        signed char: BASK_INT8, unsigned char: BASK_UINT8, short: BASK_INT16,                      \
        unsigned short: BASK_UINT16, int: BASK_INT32, unsigned: BASK_UINT32,                       \
        long: (sizeof(long) == 8 ? BASK_INT64 : BASK_INT32),                                       \
        unsigned long: (sizeof(long) == 8 ? BASK_UINT64 : BASK_UINT32),                            \
        long long: BASK_INT64, unsigned long long: BASK_UINT64, float: BASK_FLOAT32,               \
        double: BASK_FLOAT64, bask_span: BASK_SPAN, bask_buffer *: BASK_SPAN, default: BASK_OTHER)
/* clang-format on */
#define BASK_DTYPE_(...) BASK_DTYPE_OF_(*(__VA_ARGS__ *)0)
#define BASK_STATIC_ASSERT_(condition, message) _Static_assert(condition, message)
#define BASK_ARGUMENT_(i, kernel, value)                                                           \
    _Generic((value), bask_delayed *                                                               \
             : bask_arg_delayed, bask_future *                                                     \
             : bask_arg_future, default                                                            \
             : kernel##_literal_##i)(value)

/* A number or span as an argument of an untyped kernel; a delayed or future is taken as it is. */
#define bask_literal(value)                                                                        \
    _Generic((value), bask_delayed *                                                               \
             : bask_arg_delayed, bask_future *                                                     \
             : bask_arg_future, bask_span                                                          \
             : bask_literal_span_, float                                                           \
             : bask_literal_double_, double                                                        \
             : bask_literal_double_, unsigned long                                                 \
             : bask_literal_uint64_, unsigned long long                                            \
             : bask_literal_uint64_, default                                                       \
             : bask_literal_int64_)(value)

static inline bask_arg bask_literal_double_(double x)
{
    return bask_arg_literal(&x, sizeof x, BASK_FLOAT64);
}
static inline bask_arg bask_literal_int64_(int64_t x)
{
    return bask_arg_literal(&x, sizeof x, BASK_INT64);
}
static inline bask_arg bask_literal_uint64_(uint64_t x)
{
    return bask_arg_literal(&x, sizeof x, BASK_UINT64);
}
static inline bask_arg bask_literal_span_(bask_span x)
{
    return bask_arg_literal(&x, sizeof x, BASK_SPAN);
}
#endif

/* ---- the macros ---- */

#ifdef __cplusplus
extern "C" {
#endif
BASK_API bask_delayed *bask_delay_array(bask_graph *graph, const bask_kernel *kernel,
                                        const bask_arg *args, size_t nargs);
BASK_API bask_future *bask_submit_array(bask_client *client, const bask_kernel *kernel,
                                        const bask_arg *args, size_t nargs);
#ifdef __cplusplus
}
#endif

/*
 * BASK_KERNEL(result, name, (type, parameter)...) { body }
 * Defines and registers a kernel of up to 8 parameters. `result` may be void. The function is static.
 */
#define BASK_KERNEL(...) BASK_KERNEL_2_(BASK_COUNT_(__VA_ARGS__), __VA_ARGS__, ~)
#define BASK_KERNEL_2_(n, ret, name, ...)                                                          \
    static ret name(BASK_CAT_(BASK_PARAMS_, n)(__VA_ARGS__));                                      \
    BASK_KERNEL_PARTS_(n, ret, name, __VA_ARGS__)                                                  \
    static ret name(BASK_CAT_(BASK_PARAMS_, n)(__VA_ARGS__))

/* BASK_KERNEL_OF(result, function, (type, parameter)...); makes a kernel of a function that exists. */
#define BASK_KERNEL_OF(...) BASK_KERNEL_OF_2_(BASK_COUNT_(__VA_ARGS__), __VA_ARGS__, ~)
#define BASK_KERNEL_OF_2_(n, ret, name, ...)                                                       \
    BASK_KERNEL_PARTS_(n, ret, name, __VA_ARGS__)                                                  \
    typedef ret name##_result_

/*
 * BASK_KERNEL_UNTYPED(result, name) { body }
 * Defines a kernel that takes any number of arguments of any type: its body is that of
 * `static bask_status name(bask_task *task)`. Use it with bask_delay_array, bask_submit_array.
 */
#define BASK_KERNEL_UNTYPED(ret, name)                                                             \
    static bask_status name(bask_task *task);                                                      \
    static bask_kernel name##_kernel = {sizeof(bask_kernel), #name, NULL, name, NULL, 0,           \
                                        BASK_RESULT_(ret),   NULL};                                \
    BASK_REGISTER_(name)                                                                           \
    static bask_status name(bask_task *task)

#define BASK_UNUSED_ __attribute__((unused))
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

#define BASK_KERNEL_PARTS_(n, ret, name, ...)                                                      \
    BASK_CAT_(BASK_LOADERS_, n)                                                                    \
    (name, __VA_ARGS__) BASK_CAT_(BASK_CALL_VOID_, BASK_IS_VOID_(ret))(                            \
        n, ret, name) static const bask_param name##_params_[] = {                                 \
        BASK_CAT_(BASK_DESCRIBE_, n)(__VA_ARGS__){NULL, NULL, BASK_VOID, 0}};                      \
    static bask_kernel name##_kernel = {sizeof(bask_kernel), #name, name##_call_,      NULL,       \
                                        name##_params_,      n,     BASK_RESULT_(ret), NULL};      \
    BASK_REGISTER_(name)                                                                           \
    BASK_UNUSED_ static inline bask_delayed *name##_delay(                                         \
        bask_graph *graph BASK_CAT_(BASK_ARG_PARAMS_, n))                                          \
    {                                                                                              \
        bask_arg args[] = {BASK_CAT_(BASK_ARG_NAMES_, n)};                                         \
        return bask_delay_array(graph, &name##_kernel, args, n);                                   \
    }                                                                                              \
    BASK_UNUSED_ static inline bask_future *name##_submit(                                         \
        bask_client *client BASK_CAT_(BASK_ARG_PARAMS_, n))                                        \
    {                                                                                              \
        bask_arg args[] = {BASK_CAT_(BASK_ARG_NAMES_, n)};                                         \
        return bask_submit_array(client, &name##_kernel, args, n);                                 \
    }

#define BASK_CALL_VOID_0(n, ret, name)                                                             \
    static void name##_call_(bask_task *task, const void *const *arguments, void *result)          \
    {                                                                                              \
        BASK_STATIC_ASSERT_(sizeof(ret) <= BASK_MAX_VALUE,                                         \
                            "a result of more than 16 bytes must be a bask_buffer *");             \
        (void)task, (void)arguments;                                                               \
        ret value = name(BASK_CAT_(BASK_LOADS_, n)(name));                                         \
        memcpy(result, &value, sizeof value);                                                      \
    }
#define BASK_CALL_VOID_1(n, ret, name)                                                             \
    static void name##_call_(bask_task *task, const void *const *arguments, void *result)          \
    {                                                                                              \
        (void)task, (void)arguments, (void)result;                                                 \
        name(BASK_CAT_(BASK_LOADS_, n)(name));                                                     \
    }

/* One parameter: its type, a load of its value, and a literal argument made of it. */
#define BASK_LOADER_(i, name, type)                                                                \
    typedef type name##_type_##i;                                                                  \
    static inline name##_type_##i name##_load_##i(const void *place)                               \
    {                                                                                              \
        BASK_STATIC_ASSERT_(sizeof(name##_type_##i) <= BASK_MAX_VALUE,                             \
                            "a parameter of more than 16 bytes must be a bask_span");              \
        name##_type_##i value;                                                                     \
        memcpy(&value, place, sizeof value);                                                       \
        return value;                                                                              \
    }                                                                                              \
    BASK_UNUSED_ static inline bask_arg name##_literal_##i(name##_type_##i value)                  \
    {                                                                                              \
        return bask_arg_literal(&value, sizeof value, BASK_DTYPE_(name##_type_##i));               \
    }
#define BASK_DESCRIBE_PAIR_(type, name) {#name, #type, BASK_DTYPE_(type), sizeof(type)},
#define BASK_PARAM_(type, name) type name

/* The lists above for each number of parameters; the trailing ~ stands where there are none. */
#define BASK_PARAMS_0(end) void
#define BASK_PARAMS_1(p0, end) BASK_PARAM_ p0
#define BASK_PARAMS_2(p0, p1, end) BASK_PARAM_ p0, BASK_PARAM_ p1
#define BASK_PARAMS_3(p0, p1, p2, end) BASK_PARAM_ p0, BASK_PARAM_ p1, BASK_PARAM_ p2
#define BASK_PARAMS_4(p0, p1, p2, p3, end)                                                         \
    BASK_PARAM_ p0, BASK_PARAM_ p1, BASK_PARAM_ p2, BASK_PARAM_ p3
#define BASK_PARAMS_5(p0, p1, p2, p3, p4, end)                                                     \
    BASK_PARAM_ p0, BASK_PARAM_ p1, BASK_PARAM_ p2, BASK_PARAM_ p3, BASK_PARAM_ p4
#define BASK_PARAMS_6(p0, p1, p2, p3, p4, p5, end)                                                 \
    BASK_PARAM_ p0, BASK_PARAM_ p1, BASK_PARAM_ p2, BASK_PARAM_ p3, BASK_PARAM_ p4, BASK_PARAM_ p5
#define BASK_PARAMS_7(p0, p1, p2, p3, p4, p5, p6, end)                                             \
    BASK_PARAM_ p0, BASK_PARAM_ p1, BASK_PARAM_ p2, BASK_PARAM_ p3, BASK_PARAM_ p4,                \
        BASK_PARAM_ p5, BASK_PARAM_ p6
#define BASK_PARAMS_8(p0, p1, p2, p3, p4, p5, p6, p7, end)                                         \
    BASK_PARAM_ p0, BASK_PARAM_ p1, BASK_PARAM_ p2, BASK_PARAM_ p3, BASK_PARAM_ p4,                \
        BASK_PARAM_ p5, BASK_PARAM_ p6, BASK_PARAM_ p7
#define BASK_DESCRIBE_0(end)
#define BASK_DESCRIBE_1(p0, end) BASK_DESCRIBE_PAIR_ p0
#define BASK_DESCRIBE_2(p0, p1, end) BASK_DESCRIBE_PAIR_ p0 BASK_DESCRIBE_PAIR_ p1
#define BASK_DESCRIBE_3(p0, p1, p2, end)                                                           \
    BASK_DESCRIBE_PAIR_ p0 BASK_DESCRIBE_PAIR_ p1 BASK_DESCRIBE_PAIR_ p2
#define BASK_DESCRIBE_4(p0, p1, p2, p3, end)                                                       \
    BASK_DESCRIBE_PAIR_ p0 BASK_DESCRIBE_PAIR_ p1 BASK_DESCRIBE_PAIR_ p2 BASK_DESCRIBE_PAIR_ p3
#define BASK_DESCRIBE_5(p0, p1, p2, p3, p4, end)                                                   \
    BASK_DESCRIBE_PAIR_ p0 BASK_DESCRIBE_PAIR_ p1 BASK_DESCRIBE_PAIR_ p2 BASK_DESCRIBE_PAIR_ p3    \
        BASK_DESCRIBE_PAIR_ p4
#define BASK_DESCRIBE_6(p0, p1, p2, p3, p4, p5, end)                                               \
    BASK_DESCRIBE_PAIR_ p0 BASK_DESCRIBE_PAIR_ p1 BASK_DESCRIBE_PAIR_ p2 BASK_DESCRIBE_PAIR_ p3    \
        BASK_DESCRIBE_PAIR_ p4 BASK_DESCRIBE_PAIR_ p5
#define BASK_DESCRIBE_7(p0, p1, p2, p3, p4, p5, p6, end)                                           \
    BASK_DESCRIBE_PAIR_ p0 BASK_DESCRIBE_PAIR_ p1 BASK_DESCRIBE_PAIR_ p2 BASK_DESCRIBE_PAIR_ p3    \
        BASK_DESCRIBE_PAIR_ p4 BASK_DESCRIBE_PAIR_ p5 BASK_DESCRIBE_PAIR_ p6
#define BASK_DESCRIBE_8(p0, p1, p2, p3, p4, p5, p6, p7, end)                                       \
    BASK_DESCRIBE_PAIR_ p0 BASK_DESCRIBE_PAIR_ p1 BASK_DESCRIBE_PAIR_ p2 BASK_DESCRIBE_PAIR_ p3    \
        BASK_DESCRIBE_PAIR_ p4 BASK_DESCRIBE_PAIR_ p5 BASK_DESCRIBE_PAIR_ p6 BASK_DESCRIBE_PAIR_   \
            p7
#define BASK_LOADERS_0(name, end)
#define BASK_LOADERS_1(name, p0, end) BASK_LOADER_(0, name, BASK_TYPE_(p0))
#define BASK_LOADERS_2(name, p0, p1, end)                                                          \
    BASK_LOADER_(0, name, BASK_TYPE_(p0)) BASK_LOADER_(1, name, BASK_TYPE_(p1))
#define BASK_LOADERS_3(name, p0, p1, p2, end)                                                      \
    BASK_LOADER_(0, name, BASK_TYPE_(p0))                                                          \
    BASK_LOADER_(1, name, BASK_TYPE_(p1)) BASK_LOADER_(2, name, BASK_TYPE_(p2))
#define BASK_LOADERS_4(name, p0, p1, p2, p3, end)                                                  \
    BASK_LOADER_(0, name, BASK_TYPE_(p0))                                                          \
    BASK_LOADER_(1, name, BASK_TYPE_(p1)) BASK_LOADER_(2, name, BASK_TYPE_(p2))                    \
        BASK_LOADER_(3, name, BASK_TYPE_(p3))
#define BASK_LOADERS_5(name, p0, p1, p2, p3, p4, end)                                              \
    BASK_LOADER_(0, name, BASK_TYPE_(p0))                                                          \
    BASK_LOADER_(1, name, BASK_TYPE_(p1)) BASK_LOADER_(2, name, BASK_TYPE_(p2))                    \
        BASK_LOADER_(3, name, BASK_TYPE_(p3)) BASK_LOADER_(4, name, BASK_TYPE_(p4))
#define BASK_LOADERS_6(name, p0, p1, p2, p3, p4, p5, end)                                          \
    BASK_LOADER_(0, name, BASK_TYPE_(p0))                                                          \
    BASK_LOADER_(1, name, BASK_TYPE_(p1)) BASK_LOADER_(2, name, BASK_TYPE_(p2))                    \
        BASK_LOADER_(3, name, BASK_TYPE_(p3)) BASK_LOADER_(4, name, BASK_TYPE_(p4))                \
            BASK_LOADER_(5, name, BASK_TYPE_(p5))
#define BASK_LOADERS_7(name, p0, p1, p2, p3, p4, p5, p6, end)                                      \
    BASK_LOADER_(0, name, BASK_TYPE_(p0))                                                          \
    BASK_LOADER_(1, name, BASK_TYPE_(p1)) BASK_LOADER_(2, name, BASK_TYPE_(p2))                    \
        BASK_LOADER_(3, name, BASK_TYPE_(p3)) BASK_LOADER_(4, name, BASK_TYPE_(p4))                \
            BASK_LOADER_(5, name, BASK_TYPE_(p5)) BASK_LOADER_(6, name, BASK_TYPE_(p6))
#define BASK_LOADERS_8(name, p0, p1, p2, p3, p4, p5, p6, p7, end)                                  \
    BASK_LOADER_(0, name, BASK_TYPE_(p0))                                                          \
    BASK_LOADER_(1, name, BASK_TYPE_(p1)) BASK_LOADER_(2, name, BASK_TYPE_(p2))                    \
        BASK_LOADER_(3, name, BASK_TYPE_(p3)) BASK_LOADER_(4, name, BASK_TYPE_(p4))                \
            BASK_LOADER_(5, name, BASK_TYPE_(p5)) BASK_LOADER_(6, name, BASK_TYPE_(p6))            \
                BASK_LOADER_(7, name, BASK_TYPE_(p7))
#define BASK_LOADS_0(name)
#define BASK_LOADS_1(name) name##_load_0(arguments[0])
#define BASK_LOADS_2(name) name##_load_0(arguments[0]), name##_load_1(arguments[1])
#define BASK_LOADS_3(name)                                                                         \
    name##_load_0(arguments[0]), name##_load_1(arguments[1]), name##_load_2(arguments[2])
#define BASK_LOADS_4(name)                                                                         \
    name##_load_0(arguments[0]), name##_load_1(arguments[1]), name##_load_2(arguments[2]),         \
        name##_load_3(arguments[3])
#define BASK_LOADS_5(name)                                                                         \
    name##_load_0(arguments[0]), name##_load_1(arguments[1]), name##_load_2(arguments[2]),         \
        name##_load_3(arguments[3]), name##_load_4(arguments[4])
#define BASK_LOADS_6(name)                                                                         \
    name##_load_0(arguments[0]), name##_load_1(arguments[1]), name##_load_2(arguments[2]),         \
        name##_load_3(arguments[3]), name##_load_4(arguments[4]), name##_load_5(arguments[5])
#define BASK_LOADS_7(name)                                                                         \
    name##_load_0(arguments[0]), name##_load_1(arguments[1]), name##_load_2(arguments[2]),         \
        name##_load_3(arguments[3]), name##_load_4(arguments[4]), name##_load_5(arguments[5]),     \
        name##_load_6(arguments[6])
#define BASK_LOADS_8(name)                                                                         \
    name##_load_0(arguments[0]), name##_load_1(arguments[1]), name##_load_2(arguments[2]),         \
        name##_load_3(arguments[3]), name##_load_4(arguments[4]), name##_load_5(arguments[5]),     \
        name##_load_6(arguments[6]), name##_load_7(arguments[7])
#define BASK_ARG_PARAMS_0
#define BASK_ARG_PARAMS_1 , bask_arg a0
#define BASK_ARG_PARAMS_2 , bask_arg a0, bask_arg a1
#define BASK_ARG_PARAMS_3 , bask_arg a0, bask_arg a1, bask_arg a2
#define BASK_ARG_PARAMS_4 , bask_arg a0, bask_arg a1, bask_arg a2, bask_arg a3
#define BASK_ARG_PARAMS_5 , bask_arg a0, bask_arg a1, bask_arg a2, bask_arg a3, bask_arg a4
#define BASK_ARG_PARAMS_6                                                                          \
    , bask_arg a0, bask_arg a1, bask_arg a2, bask_arg a3, bask_arg a4, bask_arg a5
#define BASK_ARG_PARAMS_7                                                                          \
    , bask_arg a0, bask_arg a1, bask_arg a2, bask_arg a3, bask_arg a4, bask_arg a5, bask_arg a6
#define BASK_ARG_PARAMS_8                                                                          \
    , bask_arg a0, bask_arg a1, bask_arg a2, bask_arg a3, bask_arg a4, bask_arg a5, bask_arg a6,   \
        bask_arg a7
#define BASK_ARG_NAMES_0 bask_arg_delayed(NULL) /* an array needs a member; none is passed on */
#define BASK_ARG_NAMES_1 a0
#define BASK_ARG_NAMES_2 a0, a1
#define BASK_ARG_NAMES_3 a0, a1, a2
#define BASK_ARG_NAMES_4 a0, a1, a2, a3
#define BASK_ARG_NAMES_5 a0, a1, a2, a3, a4
#define BASK_ARG_NAMES_6 a0, a1, a2, a3, a4, a5
#define BASK_ARG_NAMES_7 a0, a1, a2, a3, a4, a5, a6
#define BASK_ARG_NAMES_8 a0, a1, a2, a3, a4, a5, a6, a7

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many tasks of one kernel in one call. A batch of them is one piece of memory, and workers claim them
 * in ranges: far cheaper than as many calls of bask_submit.
 */
#ifndef BASK_MAP_H
#define BASK_MAP_H

#include "kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * bask_map(client, kernel, n, futures, argument...): runs KERNEL N times, each as soon as its arguments
 * are there, and returns at once with one future for each task in FUTURES. An argument is
 *   a literal or a future  common to all tasks
 *   bask_each(array)       task i gets array[i], of exactly the parameter's type
 *   bask_each_future(futures)  task i gets the result of futures[i]
 * A wrong number or type of literals and arrays does not compile; a wrong type of a future fails here.
 * What is in the arrays is copied; what a bask_span or a pointer points to must stay until it is used.
 * Tasks are independent: each fails, or is cancelled, alone, and runs in any order. As submitted tasks
 * they are not held back by a memory limit.
 * Returns BASK_EINVAL (client, kernel, FUTURES, an array or a future is NULL, or a delayed is given),
 * BASK_ETYPE, BASK_ECLIENT (a future of another client), BASK_ECLOSED, BASK_ENOMEM; the message names
 * task and argument. On failure no future is made and FUTURES holds NULLs. With N = 0 nothing happens.
 * A future that has failed can be run again, by bask_retry, alone: the arguments of its task are kept as
 * long as the memory of all.
 * Owns: the futures are the caller's, each to be freed by bask_future_free, in any order; the memory of
 * all goes with the last. FUTURES must not be the array of a bask_each_future. Threads: any, also inside
 * a task.
 */
#define bask_map(client, kernel, ...)                                                              \
    BASK_MAP_2_(BASK_COUNT_(__VA_ARGS__), client, kernel, __VA_ARGS__, ~)
#define BASK_MAP_2_(count, client, kernel, n, futures, ...)                                        \
    kernel##_map(client, NULL, n, futures BASK_EACH_(count, BASK_NEXT_MAPPED_, kernel, __VA_ARGS__))
#define BASK_NEXT_MAPPED_(i, kernel, value) , BASK_MAPPED_(i, kernel, value)

/*
 * bask_map_with(client, options, kernel, n, futures, argument...): the same with OPTIONS for each of the
 * tasks (task.h; NULL: defaults), and its further errors. Each future is one of bask_submit_with: where
 * options ask for something, this costs as much as so many calls of that, but all tasks are made before
 * the first one starts. Pure tasks that are equal share a future, which has a handle for each of them. So do
 * those of a kernel that is BASK_PURE, also without options.
 */
#define bask_map_with(client, options, kernel, ...)                                                \
    BASK_MAP_WITH_2_(BASK_COUNT_(__VA_ARGS__), client, options, kernel, __VA_ARGS__, ~)
#define BASK_MAP_WITH_2_(count, client, options, kernel, n, futures, ...)                          \
    kernel##_map(client, options, n,                                                               \
                 futures BASK_EACH_(count, BASK_NEXT_MAPPED_, kernel, __VA_ARGS__))

/* Task i gets the result of FUTURES[i], which need not be done. */
static inline bask_arg bask_each_future(bask_future *const *futures)
{
    bask_arg arg = {{BASK_WORD_OF_(futures), 0}, BASK_ARG_EACH_FUTURE, 0, 0};
    return arg;
}

/* ---- the untyped form ---- */

/* Task i gets the I-th of the values at ARRAY, each of SIZE bytes, at most BASK_MAX_VALUE. */
static inline bask_arg bask_arg_each(const void *array, size_t size, bask_dtype dtype)
{
    bask_arg arg = {{BASK_WORD_OF_(array), 0},
                    BASK_ARG_EACH,
                    BASK_CAST_(uint16_t, dtype),
                    BASK_CAST_(uint16_t, size)};
    return arg;
}

/* As bask_map, for kernels and arguments that are known at run time only; any number of arguments. */
BASK_API BASK_MUST_CHECK bask_status bask_map_array(bask_client *client, const bask_kernel *kernel,
                                                    size_t n, bask_future **futures,
                                                    const bask_arg *args, size_t nargs);
/* ... and as bask_map_with. */
BASK_API BASK_MUST_CHECK bask_status bask_map_array_with(bask_client *client,
                                                         const struct bask_task_options *options,
                                                         const bask_kernel *kernel, size_t n,
                                                         bask_future **futures,
                                                         const bask_arg *args, size_t nargs);

#ifdef __cplusplus
}

extern "C++" {
template <class T>
struct bask_each_ {
    const T *array;
};
/* Task i gets ARRAY[i]. */
template <class T>
inline bask_each_<T> bask_each(const T *array)
{
    return {array};
}

template <class T, class A>
inline bask_arg bask_mapped_for_(const A &value)
{
    return bask_submitted_for_<T>(value);
}
template <class T, class A>
inline bask_arg bask_mapped_for_(const bask_each_<A> &each)
{
    static_assert(std::is_same<T, A>::value, "bask_each needs an array of the parameter's type");
    return bask_arg_each(each.array, sizeof(T), bask_dtype_of<T>::value);
}
template <class T>
inline bask_arg bask_mapped_for_(const bask_arg &arg)
{
    return arg;
}
template <class T>
inline bask_arg bask_mapped_for_(bask_future *future)
{
    return bask_arg_future(future);
}
template <class T>
bask_arg bask_mapped_for_(bask_delayed *) = delete;
#define BASK_MAPPED_(i, kernel, value) bask_mapped_for_<kernel##_type_##i>(value)
}

#else

/* Task i gets ARRAY[i]. To tell it from a literal it is a pointer to an array of one. */
#define bask_each(array) ((__typeof__ (*(array))(*)[1])(uintptr_t)(array))

static inline bask_arg bask_arg_itself_(bask_arg arg)
{
    return arg;
}

/* clang-format off */
#define BASK_MAPPED_(i, kernel, value)                                                             \
    ((void)sizeof(char[BASK_MAP_FITS_(i, kernel, value) ? 1 : -1]),                                \
     _Generic((value),                                                                             \
        kernel##_type_##i (*)[1]: kernel##_each_##i,                                               \
        const kernel##_type_##i (*)[1]: kernel##_each_##i,                                         \
        bask_arg: bask_arg_itself_, bask_delayed *: bask_arg_future,                               \
        bask_future *: bask_arg_future, const bask_future *: bask_arg_future,                      \
        default: kernel##_literal_##i)(value))
/* Compilers would make a number of an array of the wrong type. */
#define BASK_MAP_FITS_(i, kernel, value)                                                           \
    _Generic((value), kernel##_type_##i (*)[1]: 1, const kernel##_type_##i (*)[1]: 1,              \
        bask_future *: 1, const bask_future *: 1, bask_delayed *: 1,                               \
        default: BASK_DTYPE_(kernel##_type_##i) == BASK_OTHER ||                                   \
                 __builtin_classify_type(value) != BASK_POINTER_CLASS_)
/* clang-format on */
enum { BASK_POINTER_CLASS_ = 5 };
#endif

#endif

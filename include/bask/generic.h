/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From C types to bask_arg and bask_dtype, by _Generic in C and by templates in C++. Included by
 * kernel.h; of what is here only bask_literal is for users.
 */
#ifndef BASK_GENERIC_H
#define BASK_GENERIC_H

#include "kernel.h"

/*
 * bask_literal(value): a bask_arg for an untyped kernel. Integers become int64 (unsigned long:
 * uint64), floating-point numbers float64; a bask_span stays one; a bask_delayed * or bask_future *
 * stands for its result.
 */

/*
 * BASK_ARGUMENT_(i, kernel, value): the bask_arg for parameter I of KERNEL; BASK_SUBMITTED_: the
 * same where a delayed cannot stand. A pointer to a pointer is a forgotten index, which must not
 * pass for a true bool.
 */

#ifdef __cplusplus
extern "C++" {
#include <type_traits>

template <class T>
struct bask_dtype_of {
    static constexpr bool is_signed = std::is_signed<T>::value;
    static constexpr bask_dtype integer = sizeof(T) == 1   ? is_signed ? BASK_INT8 : BASK_UINT8
                                          : sizeof(T) == 2 ? is_signed ? BASK_INT16 : BASK_UINT16
                                          : sizeof(T) == 4 ? is_signed ? BASK_INT32 : BASK_UINT32
                                          : is_signed      ? BASK_INT64
                                                           : BASK_UINT64;
    static constexpr bask_dtype value = std::is_same<T, bool>::value            ? BASK_BOOL
                                        : std::is_integral<T>::value            ? integer
                                        : std::is_same<T, float>::value         ? BASK_FLOAT32
                                        : std::is_same<T, double>::value        ? BASK_FLOAT64
                                        : std::is_same<T, bask_span>::value     ? BASK_SPAN
                                        : std::is_same<T, bask_buffer *>::value ? BASK_SPAN
                                                                                : BASK_OTHER;
};

#define BASK_DTYPE_(...) (bask_dtype_of<__VA_ARGS__>::value)
#define BASK_DTYPE_OF_(value_) (bask_dtype_of<typename std::decay<decltype(value_)>::type>::value)
#define BASK_STATIC_ASSERT_(condition, message) static_assert(condition, message)
#define BASK_ASSERT_PLAIN_(type)                                                                   \
    static_assert(std::is_trivially_copyable<type>::value,                                         \
                  "a parameter must be of a type that can be copied by its bytes")

template <class T, class A>
inline bask_arg bask_arg_for_(const A &value)
{
    static_assert(std::is_convertible<A, T>::value &&
                      !std::is_pointer<T>::value ==
                          !std::is_pointer<typename std::decay<A>::type>::value,
                  "an argument cannot be converted to its parameter's type");
    const T converted = static_cast<T>(value);
    return bask_arg_literal(&converted, sizeof converted, bask_dtype_of<T>::value);
}
template <class T>
inline bask_arg bask_arg_for_(bask_future *future)
{
    return bask_arg_future(future);
}
template <class T>
inline bask_arg bask_arg_for_(bask_delayed *delayed)
{
    return bask_arg_delayed(delayed);
}

template <class T, class A>
inline bask_arg bask_submitted_for_(const A &value)
{
    return bask_arg_for_<T>(value);
}
template <class T>
inline bask_arg bask_submitted_for_(bask_future *future)
{
    return bask_arg_future(future);
}
template <class T>
bask_arg bask_submitted_for_(bask_delayed *) = delete;

#define BASK_ARGUMENT_(i, kernel, value) bask_arg_for_<kernel##_type_##i>(value)
#define BASK_SUBMITTED_(i, kernel, value) bask_submitted_for_<kernel##_type_##i>(value)

inline bask_arg bask_literal_(bask_delayed *delayed)
{
    return bask_arg_delayed(delayed);
}
inline bask_arg bask_literal_(bask_future *future)
{
    return bask_arg_future(future);
}
template <class A>
inline bask_arg bask_literal_(const A &value)
{
    static_assert(sizeof(A) <= BASK_MAX_VALUE, "a literal has at most 16 bytes");
    using integer = typename std::conditional<sizeof(A) == 8 && std::is_unsigned<A>::value,
                                              uint64_t, int64_t>::type;
    using held = typename std::conditional<
        std::is_integral<A>::value, integer,
        typename std::conditional<std::is_floating_point<A>::value, double, A>::type>::type;
    return bask_arg_for_<held>(value);
}
#define bask_literal(value) bask_literal_(value)
}

#else

/* clang-format off */
#define BASK_DTYPE_OF_(value)                                                                      \
    _Generic((value), _Bool: BASK_BOOL, char: ((char)-1 < 0 ? BASK_INT8 : BASK_UINT8),             \
        signed char: BASK_INT8, unsigned char: BASK_UINT8, short: BASK_INT16,                      \
        unsigned short: BASK_UINT16, int: BASK_INT32, unsigned: BASK_UINT32,                       \
        long: (sizeof(long) == 8 ? BASK_INT64 : BASK_INT32),                                       \
        unsigned long: (sizeof(long) == 8 ? BASK_UINT64 : BASK_UINT32),                            \
        long long: BASK_INT64, unsigned long long: BASK_UINT64, float: BASK_FLOAT32,               \
        double: BASK_FLOAT64, bask_span: BASK_SPAN, bask_buffer *: BASK_SPAN, default: BASK_OTHER)
#define BASK_DTYPE_(...) BASK_DTYPE_OF_(*(__VA_ARGS__ *)0)
#define BASK_STATIC_ASSERT_(condition, message) _Static_assert(condition, message)
#define BASK_ASSERT_PLAIN_(type) _Static_assert(1, "in C every type can be copied by its bytes")

#define BASK_ARGUMENT_(i, kernel, value)                                                           \
    _Generic((value), bask_delayed *: bask_arg_delayed, bask_future *: bask_arg_future,            \
        const bask_delayed *: bask_arg_delayed, const bask_future *: bask_arg_future,              \
        bask_delayed **: bask_arg_delayed, bask_future **: bask_arg_future,                        \
        default: kernel##_literal_##i)(value)
#define BASK_SUBMITTED_(i, kernel, value)                                                          \
    _Generic((value), bask_delayed *: bask_arg_future, bask_future *: bask_arg_future,             \
        const bask_future *: bask_arg_future, bask_future **: bask_arg_future,                     \
        default: kernel##_literal_##i)(value)

#define bask_literal(value)                                                                        \
    _Generic((value), bask_delayed *: bask_arg_delayed, bask_future *: bask_arg_future,            \
        bask_span: bask_literal_span_, float: bask_literal_float_, double: bask_literal_double_,   \
        unsigned long: bask_literal_uint64_, unsigned long long: bask_literal_uint64_,             \
        default: bask_literal_int64_)(value)
/* clang-format on */

static inline bask_arg bask_literal_double_(double x)
{
    return bask_arg_literal(&x, sizeof x, BASK_FLOAT64);
}
static inline bask_arg bask_literal_float_(float x)
{
    return bask_literal_double_((double)x);
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

#include "map.h"

#endif

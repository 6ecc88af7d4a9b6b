/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preprocessor machinery behind BASK_KERNEL and bask_delay: nothing here is called by users.
 *
 * A variadic macro of ours passes on its arguments followed by one "~", so that a list is never
 * empty: ISO C wants something to stand for the dots.
 */
#ifndef BASK_MACROS_H
#define BASK_MACROS_H

#define BASK_UNUSED_ __attribute__((unused))

#define BASK_CAT_(a, b) BASK_CAT_2_(a, b)
#define BASK_CAT_2_(a, b) a##b

/* The number of arguments after the first two (result and name, or graph and kernel): 0 to 8. */
#define BASK_COUNT_(...)                                                                           \
    BASK_COUNT_2_(__VA_ARGS__, too_many, too_many, too_many, too_many, too_many, 8, 7, 6, 5, 4, 3, \
                  2, 1, 0, too_few, too_few)
#define BASK_COUNT_2_(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, count, ...) count

/* 1 when RET is the word void, else 0. */
#define BASK_IS_VOID_(ret) BASK_SECOND_(BASK_CAT_(BASK_PROBE_, ret), 0, 0)
#define BASK_PROBE_void ~, 1
#define BASK_SECOND_(...) BASK_SECOND_2_(__VA_ARGS__)
#define BASK_SECOND_2_(a, b, ...) b

/* X when the number N is 0, else nothing. */
#define BASK_IF_ZERO_(n, x) BASK_SECOND_(BASK_CAT_(BASK_ZERO_, n) x, , ~)
#define BASK_ZERO_0 ~,

/* The halves of a parameter (type, name). */
#define BASK_TYPE_(pair) BASK_TYPE_2_ pair
#define BASK_TYPE_2_(type, name) type
#define BASK_NAME_TEXT_(pair) BASK_NAME_TEXT_2_ pair
#define BASK_NAME_TEXT_2_(type, name) #name
#define BASK_TYPE_TEXT_(pair) BASK_TYPE_TEXT_2_ pair
#define BASK_TYPE_TEXT_2_(type, name) #type
#define BASK_PARAMETER_(i, kernel, pair) BASK_PARAMETER_2_ pair
#define BASK_PARAMETER_2_(type, name) type name
#define BASK_NAME_(i, kernel, pair) BASK_NAME_2_ pair
#define BASK_NAME_2_(type, name) name
/* ... as one more after others. */
#define BASK_PARAMETER_NEXT_(i, kernel, pair) , BASK_PARAMETER_2_ pair
#define BASK_NAME_NEXT_(i, kernel, pair) , BASK_NAME_2_ pair

/* clang-format off */

/* BASK_EACH_(n, m, k, x0, x1, ..., ~): m(0, k, x0) m(1, k, x1) ... */
#define BASK_EACH_(n, ...) BASK_CAT_(BASK_EACH_, n)(__VA_ARGS__)
#define BASK_EACH_too_many(...) , bask_takes_at_most_8_parameters
#define BASK_EACH_0(m, k, end)
#define BASK_EACH_1(m, k, a, end) m(0, k, a)
#define BASK_EACH_2(m, k, a, b, end) m(0, k, a) m(1, k, b)
#define BASK_EACH_3(m, k, a, b, c, end) m(0, k, a) m(1, k, b) m(2, k, c)
#define BASK_EACH_4(m, k, a, b, c, d, end) m(0, k, a) m(1, k, b) m(2, k, c) m(3, k, d)
#define BASK_EACH_5(m, k, a, b, c, d, e, end) BASK_EACH_4(m, k, a, b, c, d, end) m(4, k, e)
#define BASK_EACH_6(m, k, a, b, c, d, e, f, end) BASK_EACH_5(m, k, a, b, c, d, e, end) m(5, k, f)
#define BASK_EACH_7(m, k, a, b, c, d, e, f, g, end) \
    BASK_EACH_6(m, k, a, b, c, d, e, f, end) m(6, k, g)
#define BASK_EACH_8(m, k, a, b, c, d, e, f, g, h, end) \
    BASK_EACH_7(m, k, a, b, c, d, e, f, g, end) m(7, k, h)

/* BASK_LIST_: the same with commas between. */
#define BASK_LIST_(n, ...) BASK_CAT_(BASK_LIST_, n)(__VA_ARGS__)
#define BASK_LIST_too_many(...) bask_takes_at_most_8_parameters
#define BASK_LIST_0(m, k, end)
#define BASK_LIST_1(m, k, a, end) m(0, k, a)
#define BASK_LIST_2(m, k, a, b, end) m(0, k, a), m(1, k, b)
#define BASK_LIST_3(m, k, a, b, c, end) m(0, k, a), m(1, k, b), m(2, k, c)
#define BASK_LIST_4(m, k, a, b, c, d, end) m(0, k, a), m(1, k, b), m(2, k, c), m(3, k, d)
#define BASK_LIST_5(m, k, a, b, c, d, e, end) BASK_LIST_4(m, k, a, b, c, d, end), m(4, k, e)
#define BASK_LIST_6(m, k, a, b, c, d, e, f, end) BASK_LIST_5(m, k, a, b, c, d, e, end), m(5, k, f)
#define BASK_LIST_7(m, k, a, b, c, d, e, f, g, end) \
    BASK_LIST_6(m, k, a, b, c, d, e, f, end), m(6, k, g)
#define BASK_LIST_8(m, k, a, b, c, d, e, f, g, h, end) \
    BASK_LIST_7(m, k, a, b, c, d, e, f, g, end), m(7, k, h)

/* clang-format on */

/* The parameters of a function, each a pair: void where there are none. */
#define BASK_PARAMETERS_(n, ...)                                                                   \
    BASK_LIST_(n, BASK_PARAMETER_, ~, __VA_ARGS__) BASK_IF_ZERO_(n, void)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preprocessor machinery behind BASK_KERNEL and bask_delay: nothing here is called by users.
 *
 * A kernel has 0 to 8 parameters, each written as a pair (type, name).
 */
#ifndef BASK_MACROS_H
#define BASK_MACROS_H

#define BASK_CAT_(a, b) BASK_CAT_2_(a, b)
#define BASK_CAT_2_(a, b) a##b

/* The number of arguments after the first two (the result and the name, or graph and kernel). */
#define BASK_COUNT_(...) BASK_COUNT_2_(__VA_ARGS__, 8, 7, 6, 5, 4, 3, 2, 1, 0, too_few, too_few)
#define BASK_COUNT_2_(a, b, c, d, e, f, g, h, i, j, count, ...) count

/* "void" as a result needs its own thunk: BASK_IS_VOID_(ret) is 1 or 0. */
#define BASK_IS_VOID_(ret) BASK_SECOND_(BASK_CAT_(BASK_PROBE_, ret), 0, 0)
#define BASK_PROBE_void ~, 1
#define BASK_SECOND_(...) BASK_SECOND_2_(__VA_ARGS__)
#define BASK_SECOND_2_(a, b, ...) b

#define BASK_FIRST_OF_PAIR_(type, name) type
#define BASK_TYPE_(pair) BASK_FIRST_OF_PAIR_ pair

/* A list of arguments, each with its position and the kernel: m(position, kernel, argument). */
#define BASK_WITH_0_(m, k)
#define BASK_WITH_1_(m, k, a0) m(0, k, a0)
#define BASK_WITH_2_(m, k, a0, a1) m(0, k, a0), m(1, k, a1)
#define BASK_WITH_3_(m, k, a0, a1, a2) m(0, k, a0), m(1, k, a1), m(2, k, a2)
#define BASK_WITH_4_(m, k, a0, a1, a2, a3) m(0, k, a0), m(1, k, a1), m(2, k, a2), m(3, k, a3)
#define BASK_WITH_5_(m, k, a0, a1, a2, a3, a4)                                                     \
    m(0, k, a0), m(1, k, a1), m(2, k, a2), m(3, k, a3), m(4, k, a4)
#define BASK_WITH_6_(m, k, a0, a1, a2, a3, a4, a5)                                                 \
    m(0, k, a0), m(1, k, a1), m(2, k, a2), m(3, k, a3), m(4, k, a4), m(5, k, a5)
#define BASK_WITH_7_(m, k, a0, a1, a2, a3, a4, a5, a6)                                             \
    m(0, k, a0), m(1, k, a1), m(2, k, a2), m(3, k, a3), m(4, k, a4), m(5, k, a5), m(6, k, a6)
#define BASK_WITH_8_(m, k, a0, a1, a2, a3, a4, a5, a6, a7)                                         \
    m(0, k, a0), m(1, k, a1), m(2, k, a2), m(3, k, a3), m(4, k, a4), m(5, k, a5), m(6, k, a6),     \
        m(7, k, a7)

#endif

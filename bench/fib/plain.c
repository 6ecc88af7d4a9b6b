/* SPDX-License-Identifier: Apache-2.0 */
#include "fib.h"

long fib_plain(long n)
{
    return n < 2 ? n : fib_plain(n - 1) + fib_plain(n - 2);
}

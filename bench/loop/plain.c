/* SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"

void loop_axpy(double *restrict y, const double *restrict x, int64_t from, int64_t to)
{
#pragma omp simd
    for (int64_t i = from; i < to; i++)
        y[i] += 3 * x[i];
}

/* The integers that it adds are summed exactly, in any order. */
double loop_sum(const double *x, int64_t from, int64_t to)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = from; i < to; i++)
        sum += x[i];
    return sum;
}

void loop_skewed(double *y, int64_t from, int64_t to)
{
    for (int64_t i = from; i < to; i++) {
        double x = (double)i;
        for (int64_t k = 0; k < i / 100; k++)
            x = x * 0.5 + 1;
        y[i] = x;
    }
}

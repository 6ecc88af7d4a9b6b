/* SPDX-License-Identifier: Apache-2.0 */
/* fib: one fork and join for each call; how much does a task cost? Size: fib's argument. */
#ifndef BENCH_FIB_H
#define BENCH_FIB_H

#include "../bench.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const bench_peer fib_serial, fib_serial_calls, fib_bask, fib_omp, fib_tbb, fib_taskflow;

long fib_plain(long n); /* the floor: plain recursion, not inlined across files */

/* Fills SAMPLE for a run that began at START and gave RESULT = fib(n). */
static inline void fib_report(bench_sample *sample, double start, long result, long n)
{
    long calls[2] = {0, 0}; /* spawns of fib(n - 1), fib(n) */
    for (long i = 2; i <= n; i++) {
        long next = calls[0] + calls[1] + 1;
        calls[0] = calls[1];
        calls[1] = next;
    }
    sample->values[0] = (bench_now() - start) / (double)(calls[1] ? calls[1] : 1);
    sample->checksum = (uint64_t)result;
}

#ifdef __cplusplus
}
#endif
#endif

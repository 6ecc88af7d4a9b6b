/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_STARPU_START_H
#define BENCH_STARPU_START_H

#include <stdbool.h>

/* Starts StarPU with THREADS CPU workers; it measures its buses into the directory of the program,
 * not into the user's home. */
bool bench_starpu_start(int threads);

#endif

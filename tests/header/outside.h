/* SPDX-License-Identifier: Apache-2.0 */
/* Another file of the program: a function that knows nothing of bask, and kernels of its own. */
#ifndef TESTS_HEADER_OUTSIDE_H
#define TESTS_HEADER_OUTSIDE_H

#include <bask.h>

#ifdef __cplusplus
extern "C" {
#endif

double outside_area(double width, double height);

/* Delays this file's kernel `scale`, whose name the other file has given to one of its own. */
bask_delayed *outside_scale(bask_graph *graph, double x);

#ifdef __cplusplus
}
#endif
#endif

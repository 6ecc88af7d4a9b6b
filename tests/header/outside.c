/* SPDX-License-Identifier: Apache-2.0 */
#include "outside.h"

BASK_KERNEL(double, scale, (double, x))
{
    return 1000 * x;
}

double outside_area(double width, double height)
{
    return width * height;
}

bask_delayed *outside_scale(bask_graph *graph, double x)
{
    return bask_delay(graph, scale, x);
}

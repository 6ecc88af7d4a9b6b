/* SPDX-License-Identifier: Apache-2.0 */
/* Single tasks: one kernel, arguments that are literals or futures. A graph of one
 * node, computed. */
#include "base/status.h"
#include "client/core.h"

bask_future *bask_submit_array(bask_client *c, const bask_kernel *kernel, const bask_arg *args,
                               size_t nargs)
{
    if (client_check(c, "bask_submit") != BASK_OK)
        return NULL;
    if (!kernel || (!args && nargs)) {
        status_set(BASK_EINVAL, "bask_submit: the %s is NULL",
                   kernel ? "array of arguments" : "kernel");
        return NULL;
    }
    if (args_check(kernel, args, nargs, &c->home, NULL) != BASK_OK)
        return NULL;
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = g ? bask_delay_array(g, kernel, args, nargs) : NULL;
    bask_future *f = NULL;
    if (d && bask_compute(c, &d, 1, &f) != BASK_OK)
        f = NULL;
    bask_graph_free(g);
    return f;
}

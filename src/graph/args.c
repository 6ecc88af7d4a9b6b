/* SPDX-License-Identifier: Apache-2.0 */
/* Do arguments fit the parameters? One check for lazy nodes and for submitted tasks. */
#include "base/status.h"
#include "graph/graph.h"

const char *bask_dtype_name(bask_dtype dtype)
{
    static const char *const names[] = {"void",   "other",   "bool",    "int8",   "uint8",
                                        "int16",  "uint16",  "int32",   "uint32", "int64",
                                        "uint64", "float32", "float64", "span"};
    return (size_t)dtype < sizeof names / sizeof names[0] ? names[dtype] : "unknown";
}

static bask_status mismatch(const bask_kernel *kernel, size_t i, const bask_kernel *from)
{
    const bask_param *p = &kernel->params[i];
    return status_set(BASK_ETYPE, "argument %zu ('%s') of %s is %s, but %s returns %s", i + 1,
                      p->name, kernel->name, p->type, from->name, from->result.type);
}

static bask_status missing(const bask_kernel *kernel, size_t i, bask_graph *graph)
{
    char why[sizeof graph->error] = "";
    if (graph) {
        pthread_mutex_lock(&graph->lock);
        memcpy(why, graph->error, sizeof why);
        pthread_mutex_unlock(&graph->lock);
    }
    return status_set(BASK_EINVAL, "argument %zu of %s is a delayed that is NULL%s%s", i + 1,
                      kernel->name, why[0] ? ": " : "", why);
}

static bask_status check_one(const bask_kernel *kernel, size_t i, const bask_arg *a,
                             const promise_home *home, bask_graph *graph)
{
    const bask_param *p = kernel->call ? &kernel->params[i] : NULL;
    const bask_kernel *from;
    if (a->kind == BASK_ARG_LITERAL) {
        if (p && (a->dtype != p->dtype || a->size != p->size))
            return status_set(BASK_ETYPE, "argument %zu ('%s') of %s is %s, but the literal is %s",
                              i + 1, p->name, kernel->name, p->type,
                              bask_dtype_name((bask_dtype)a->dtype));
        if (!p && a->size > BASK_MAX_VALUE)
            return status_set(BASK_ETYPE,
                              "argument %zu of %s is a literal of %u bytes, more than %d", i + 1,
                              kernel->name, (unsigned)a->size, BASK_MAX_VALUE);
        return BASK_OK;
    }
    if (a->kind == BASK_ARG_DELAYED) {
        const node *n = arg_pointer(a);
        if (!n)
            return missing(kernel, i, graph);
        if (!graph)
            return status_set(BASK_EINVAL,
                              "argument %zu of %s is a delayed: submit takes literals and "
                              "futures; use bask_delay and bask_compute",
                              i + 1, kernel->name);
        if (node_slab(n)->graph != graph)
            return status_set(BASK_ECLIENT, "argument %zu of %s is a node of another graph", i + 1,
                              kernel->name);
        from = n->kernel;
    } else if (a->kind != BASK_ARG_FUTURE) {
        return status_set(BASK_EINVAL,
                          "argument %zu of %s is one of many tasks': only bask_map takes these",
                          i + 1, kernel->name);
    } else {
        const promise *f = arg_pointer(a);
        if (!f)
            return status_set(BASK_EINVAL, "argument %zu of %s is a future that is NULL", i + 1,
                              kernel->name);
        if (f->home != home)
            return status_set(BASK_ECLIENT, "argument %zu of %s is a future of another client",
                              i + 1, kernel->name);
        from = f->kernel;
    }
    if (p &&
        (from->result.dtype != p->dtype || (p->dtype != BASK_SPAN && from->result.size != p->size)))
        return mismatch(kernel, i, from);
    return BASK_OK;
}

bask_status args_check(const bask_kernel *kernel, const bask_arg *args, size_t nargs,
                       const promise_home *home, bask_graph *graph)
{
    if (!kernel->run && nargs != kernel->nparams)
        return status_set(BASK_EINVAL, "%s takes %zu arguments, not %zu", kernel->name,
                          kernel->nparams, nargs);
    for (size_t i = 0; i < nargs; i++) {
        bask_status status = check_one(kernel, i, &args[i], home, graph);
        if (status != BASK_OK)
            return status;
    }
    return BASK_OK;
}

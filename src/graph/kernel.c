/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of kernels, the library's only process-wide state. */
#include "base/process.h"
#include "base/status.h"
#include "graph/cost.h"
#include <bask/kernel.h>
#include <string.h>

PROCESS_LOCK(lock);                         /* guards the list */
static bask_kernel *first, **last = &first; /* in the order of registration */

static bask_kernel *find(const char *name)
{
    bask_kernel *k = first;
    while (k && strcmp(k->name, name) != 0)
        k = k->next;
    return k;
}

/* Could A stand for B on another worker? Names and types are all that travels. */
static bool same_signature(const bask_kernel *a, const bask_kernel *b)
{
    if (!a->run != !b->run || a->nparams != b->nparams ||
        strcmp(a->result.type, b->result.type) != 0)
        return false;
    for (size_t i = 0; i < a->nparams; i++)
        if (strcmp(a->params[i].type, b->params[i].type) != 0)
            return false;
    return true;
}

bask_status bask_register(bask_kernel *kernel)
{
    if (!kernel || !kernel->name || kernel->name[0] == '\0')
        return status_set(BASK_EINVAL, "bask_register: the kernel %s",
                          kernel ? "has no name" : "is NULL");
    if (kernel->struct_size != sizeof *kernel)
        return status_set(BASK_EINVAL, "kernel %s: struct_size is %zu, not %zu: set it to sizeof",
                          kernel->name, kernel->struct_size, sizeof *kernel);
    if (!kernel->call == !kernel->run)
        return status_set(BASK_EINVAL, "kernel %s must have exactly one of call and run",
                          kernel->name);
    pthread_mutex_lock(&lock);
    const bask_kernel *known = find(kernel->name);
    bool fits = !known || same_signature(known, kernel);
    if (fits) {
        kernel->next = NULL;
        kernel->cost = COST_NOTHING;
        *last = kernel;
        last = &kernel->next;
    }
    pthread_mutex_unlock(&lock);
    return fits ? BASK_OK
                : status_set(BASK_EEXIST, "another kernel is named %s, with another signature",
                             kernel->name);
}

void bask_unregister(bask_kernel *kernel)
{
    pthread_mutex_lock(&lock);
    for (bask_kernel **link = &first; *link; link = &(*link)->next)
        if (*link == kernel) {
            if (last == &kernel->next)
                last = link;
            *link = kernel->next;
            break;
        }
    pthread_mutex_unlock(&lock);
}

const bask_kernel *bask_kernel_find(const char *name)
{
    if (!name)
        return NULL;
    pthread_mutex_lock(&lock);
    const bask_kernel *k = find(name);
    pthread_mutex_unlock(&lock);
    return k;
}

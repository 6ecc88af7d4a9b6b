/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of kernels, the library's only process-wide state. */
#include "base/status.h"
#include <bask/kernel.h>
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards `first` and every `next` */
static bask_kernel *first;

static bask_kernel *find(const char *name)
{
    bask_kernel *k = first;
    while (k && strcmp(k->name, name) != 0)
        k = k->next;
    return k;
}

bask_status bask_register(bask_kernel *kernel)
{
    if (!kernel || !kernel->name || kernel->name[0] == '\0')
        return status_set(BASK_EINVAL, "bask_register: the kernel %s",
                          kernel ? "has no name" : "is NULL");
    if (!kernel->call == !kernel->run)
        return status_set(BASK_EINVAL, "kernel %s must have exactly one of call and run",
                          kernel->name);
    pthread_mutex_lock(&lock);
    const bask_kernel *known = find(kernel->name);
    bool other = known && (known->nparams != kernel->nparams ||
                           strcmp(known->result.type, kernel->result.type) != 0);
    if (!known) {
        kernel->next = first;
        first = kernel;
    }
    pthread_mutex_unlock(&lock);
    if (other)
        return status_set(BASK_EEXIST, "another kernel is named %s", kernel->name);
    return BASK_OK;
}

void bask_unregister(bask_kernel *kernel)
{
    pthread_mutex_lock(&lock);
    for (bask_kernel **link = &first; *link; link = &(*link)->next)
        if (*link == kernel) {
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

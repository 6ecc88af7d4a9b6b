/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that are due when futures are done, made one after the other by a thread of the client's. */
#ifndef BASK_CLIENT_CALLBACKS_H
#define BASK_CLIENT_CALLBACKS_H

#include "base/service.h"
#include <stdbool.h>

/* Part of a client; the thread is there from the first use on. */
typedef struct callbacks {
    service thread;
    pthread_mutex_t lock; /* guards the rest; taken after a home's lock */
    pthread_cond_t more;
    struct listener *first, **last; /* callbacks that are due, in this order */
    bool started, stopping;
} callbacks;

void callbacks_init(callbacks *c);
void callbacks_destroy(callbacks *c);
/* Returns when all that are due have been called, what these make due included, and the thread has
 * ended. */
void callbacks_stop(callbacks *c);

#endif

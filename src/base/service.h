/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads of the library's own that are no workers: for callbacks, for timers. Signals are the host's
 * business, so all of them are blocked there.
 */
#ifndef BASK_BASE_SERVICE_H
#define BASK_BASE_SERVICE_H

#include <bask/status.h>
#include <pthread.h>

typedef void service_fn(void *data);

/* Its owner's memory, in place until service_join has returned. */
typedef struct service {
    pthread_t thread;
    service_fn *run;
    void *data;
    char name[16];
} service;

/*
 * Runs RUN(DATA) on a thread of that NAME, of which 15 bytes are used, on a stack of STACK_SIZE bytes
 * (0: the system's default). Returns BASK_EINVAL for a size that no stack can have, BASK_ESYSTEM where
 * there is no thread to be had; the message names the thread. Then there is nothing to join.
 */
bask_status service_start(service *s, const char *name, size_t stack_size, service_fn *run,
                          void *data);

/* Returns once RUN has. */
void service_join(service *s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads of the library's own that are no workers: for callbacks, for timers. Signals are the host's
 * business, so they are blocked there.
 */
#ifndef BASK_BASE_SERVICE_H
#define BASK_BASE_SERVICE_H

#include <bask/status.h>
#include <pthread.h>
#include <signal.h>

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

/* For the starting of a thread, which inherits the mask: blocks all signals in the calling thread but
 * those that a thread brings upon itself. Undone by setting BEFORE again. */
void service_block_signals(sigset_t *before);

/* Returns once RUN has. */
void service_join(service *s);

#endif

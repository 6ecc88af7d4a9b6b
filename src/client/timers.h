/* SPDX-License-Identifier: Apache-2.0 */
/* Moments at which something is to be done: one thread for each client that needs it, "bask-timers". */
#ifndef BASK_CLIENT_TIMERS_H
#define BASK_CLIENT_TIMERS_H

#include "base/service.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In its owner's memory, between timers_set and timers_clear. All zero is one that is not set. */
typedef struct timer {
    int64_t at;                   /* clock_ns */
    size_t place;                 /* in the heap, from 1; 0: it is not there */
    void (*ring)(struct timer *); /* on the thread, with no lock held; must not block */
} timer;

typedef struct timers {
    pthread_mutex_t lock; /* guards the rest and every timer's place */
    pthread_cond_t sooner, rung;
    timer **heap; /* from 1 on; the soonest is the first */
    size_t n, capacity;
    const timer *ringing;
    bool started, stopping;
    service thread;
} timers;

void timers_init(timers *t);
void timers_destroy(timers *t);
/* Ends the thread; nothing rings any more. */
void timers_stop(timers *t);

/* Rings ONE at one->at. BASK_ENOMEM; BASK_ESYSTEM where the thread cannot be started. */
bask_status timers_set(timers *t, timer *one);

/* After this ONE does not ring any more; it may have, and that call has returned. */
void timers_clear(timers *t, timer *one);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core of a future: a result that is or will be there. The client layer wraps it in handles
 * (bask_future begins with it); graphs take it as an argument.
 */
#ifndef BASK_GRAPH_PROMISE_H
#define BASK_GRAPH_PROMISE_H

#include "graph/buffer.h"
#include "pool/word.h"
#include <bask/future.h>

/* A value of at most 16 bytes, or a counted buffer. */
typedef union slot {
    unsigned char bytes[BASK_MAX_VALUE];
    bask_buffer *buffer;
    struct failure *failure; /* of a node that failed: run.h */
    uint64_t align;
} slot;

/* Somebody to be told once when a promise is done. The listener's memory is its owner's. */
typedef struct listener listener;
struct listener {
    listener *next;
    /* Called with no lock held, so it may run whole tasks; the listener may be gone afterwards. */
    void (*done)(listener *l);
    /* Called just before the promise is done, under the home's lock, so that who sees it done comes
     * after that; it must not block, nor use the promise. */
    bool early;
};

/* A thread that tells listeners, and whom just now. */
typedef struct ringer {
    struct ringer *next;
    const listener *at;
} ringer;

/* What all promises of a client share. */
typedef struct promise_home {
    bask_pool *pool;      /* NULL once the client is closed */
    pthread_mutex_t lock; /* guards every list of listeners, and the ringers */
    pthread_cond_t rung;  /* some ringer has told one more */
    ringer *ringers;
    uint32_t process; /* that opened the client: base/process.h */
} promise_home;

void promise_home_init(promise_home *home);
void promise_home_destroy(promise_home *home);

typedef struct promise {
    /* WORD_ bits, and the bask_state at WORD_USER * state, set together with WORD_DONE. Everything
     * below is written before that by whoever finishes the promise, and is constant afterwards. */
    _Atomic uint32_t word;
    bask_status status;
    const bask_kernel *kernel;
    slot result;
    char *error;         /* of one that failed; malloc'ed, NULL where there was no memory */
    const char *culprit; /* of state BASK_ERROR: the name of the task that failed */
    const char *message; /* ... and what it said */
    listener *listeners; /* guarded by home->lock; WORD_LISTENERS says that there are some */
    promise_home *home;
} promise;

static inline bask_state promise_state(const promise *p)
{
    uint32_t word = atomic_load_explicit(&p->word, memory_order_acquire);
    return (bask_state)(word / WORD_USER);
}

/* A finisher first claims the right to write the result; exactly one claim succeeds. */
bool promise_claim(promise *p);
/* ... and then publishes what it wrote. */
void promise_finish(promise *p, bask_state state);

/* False when P is done already, and then L is not called. */
bool promise_listen(promise *p, listener *l);
/* After this L is not called any more; it may have been, and that call has returned. Not for early
 * ones. */
void promise_forget(promise *p, listener *l);

#endif

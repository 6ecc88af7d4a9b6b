/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all coordination objects share: a lock and a line of those who wait. Who grants something takes
 * the first one out of the line, under the lock, and finishes its word; who times out, is cancelled or
 * finds the client closing takes itself out. So being in the line says who decides, and a waiter that
 * has the lock again has seen the last of who granted it something.
 */
#ifndef BASK_CLIENT_COORDINATE_H
#define BASK_CLIENT_COORDINATE_H

#include "client/core.h"
#include <bask/coordinate.h>

typedef struct coordinated coordinated;

/* On the stack of who waits. */
typedef struct waiting waiting;
struct waiting {
    waiting *next;
    coordinated *object;
    activity activity; /* so that bask_close finds it */
    listener listener; /* to the future of the task that waits */
    bask_pool *pool;   /* the waiter's */
    bool in_line;      /* guarded by the object's lock, as is the next one */
    bask_status status;
    _Atomic uint32_t word;
    void *wish; /* the object's kind of thing, for who grants it */
};

struct coordinated {
    bask_client *client;  /* retained */
    const char *kind;     /* for messages */
    pthread_mutex_t lock; /* may be taken under the client's lock, not the other way round */
    waiting *first, **last;
};

/* A zeroed object of SIZE bytes that begins with a coordinated; NULL, with the message set, otherwise. */
void *coordinated_new(bask_client *c, size_t size, const char *kind, const char *call);
void coordinated_free(coordinated *o);
/* BASK_EINVAL for NULL, BASK_ECLOSED; the message names CALL. */
bask_status coordinated_check(const coordinated *o, const char *call);

/*
 * Waits in O's line with WISH, until it is granted. The lock is held at the call, and not at the return.
 * Returns what it was granted with, or BASK_ETIMEDOUT, BASK_ECLOSED, BASK_ECANCELLED with the message set.
 */
bask_status coordinated_wait(coordinated *o, void *wish, int64_t timeout_ms, const char *call);

/* Under the lock: takes the first out of the line, and wakes it with STATUS. Its wish is dealt with. */
void coordinated_grant(coordinated *o, bask_status status);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Back-pressure: who submits faster than the workers work is held up, so that what waits does not
 * take all memory. What is pending is counted where it is listed, under the client's lock, which is
 * taken anyway; below the limit a submitter only reads the count.
 *
 * A host thread waits until an eighth of the limit is free again. It must not wait for ever where its
 * going on is what the tasks wait for: when nobody works although it waits, the limit is let out by
 * an eighth, until what is pending has fallen below it. Tasks are let through: others may wait for
 * them, and two pools could wait for each other.
 */
#ifndef BASK_CLIENT_PRESSURE_H
#define BASK_CLIENT_PRESSURE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct bask_client;

enum { PRESSURE_LIMIT = 1000000 };

typedef struct pressure {
    uint64_t limit; /* UINT64_MAX: none */
    /* written under the client's lock; read without it as a hint, relaxed */
    _Atomic uint64_t pending;
    uint64_t extra; /* guarded by the client's lock, as is the next: by how much it is let out */
    unsigned waiting;
    pthread_cond_t room; /* for those */
} pressure;

void pressure_init(pressure *p, uint64_t limit);
void pressure_destroy(pressure *p);

/* Under the client's lock: so many tasks begin, or end. */
static inline void pressure_add(pressure *p, uint64_t tasks)
{
    uint64_t pending = atomic_load_explicit(&p->pending, memory_order_relaxed);
    atomic_store_explicit(&p->pending, pending + tasks, memory_order_relaxed);
}
void pressure_fell(pressure *p, uint64_t pending);
static inline void pressure_remove(pressure *p, uint64_t tasks)
{
    uint64_t pending = atomic_load_explicit(&p->pending, memory_order_relaxed) - tasks;
    atomic_store_explicit(&p->pending, pending, memory_order_relaxed);
    if (__builtin_expect(p->waiting || p->extra, 0))
        pressure_fell(p, pending);
}

/* What a map of so many tasks counts as: they; but however large, some go beside each other. And a compute:
 * also the pages that it begins. */
static inline uint64_t pressure_of_many(const pressure *p, uint64_t tasks)
{
    uint64_t most = p->limit / 16 + 1;
    return tasks < most ? tasks : most;
}
static inline uint64_t pressure_of_compute(const pressure *p, uint64_t nodes)
{
    return pressure_of_many(p, nodes + 64);
}

/* To be called before more is submitted. */
void pressure_yield(struct bask_client *c);
static inline void pressure_meet(struct bask_client *c, const pressure *p)
{
    if (__builtin_expect(atomic_load_explicit(&p->pending, memory_order_relaxed) >= p->limit, 0))
        pressure_yield(c);
}

#endif

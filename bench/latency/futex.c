/* SPDX-License-Identifier: Apache-2.0 */
/* The floor of a round trip between two threads that sleep in between: two futex words. */
#include "latency.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct state {
    const bench_config *config;
    pthread_t partner;
    _Atomic uint32_t ping, pong; /* turns asked for, turns answered */
    atomic_bool over;
} state;

static void wait_past(_Atomic uint32_t *word, uint32_t value)
{
    while (atomic_load(word) == value)
        syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void advance(_Atomic uint32_t *word)
{
    atomic_fetch_add(word, 1);
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void *answer(void *p)
{
    state *s = p;
    for (uint32_t turn = 0;; turn++) {
        wait_past(&s->ping, turn);
        if (atomic_load(&s->over))
            return NULL;
        advance(&s->pong);
    }
}

static void *start(const bench_config *config)
{
    state *s = calloc(1, sizeof *s);
    s->config = config;
    return pthread_create(&s->partner, NULL, answer, s) == 0 ? s : NULL;
}

static void trip(void *p)
{
    state *s = p;
    uint32_t turn = atomic_load(&s->pong);
    advance(&s->ping);
    wait_past(&s->pong, turn);
}

static void run(void *p, bench_sample *sample)
{
    latency_measure(((state *)p)->config, trip, p, sample);
}

static void stop(void *p)
{
    state *s = p;
    atomic_store(&s->over, true);
    advance(&s->ping);
    pthread_join(s->partner, NULL);
    free(s);
}

const bench_peer latency_futex = {"futex", start, run, stop};

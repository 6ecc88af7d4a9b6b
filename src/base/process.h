/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which process this is, for a host may fork. The child has the memory of its parent but none of its
 * threads, and of a lock that another thread held at that moment nobody in the child will ever let
 * go. So what has threads or locks remembers the process that made it and is left alone in others;
 * locks of the whole process are held by who forks (PROCESS_LOCK).
 */
#ifndef BASK_BASE_PROCESS_H
#define BASK_BASE_PROCESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

/* How many forks lie between the process that loaded the library and this one. Relaxed: it changes
 * only in a process of one thread. */
extern _Atomic uint32_t process_forks;

static inline uint32_t process_number(void)
{
    return atomic_load_explicit(&process_forks, memory_order_relaxed);
}

/* Has the thing that NUMBER was noted for come from a parent process? */
static inline int process_inherited(uint32_t number)
{
    return __builtin_expect(number != process_number(), 0);
}

/* `static pthread_mutex_t name`, of which a fork waits until it is free: the child finds it free too,
 * and what it guards whole. Nothing may fork that holds it. */
#define PROCESS_LOCK(name)                                                                         \
    static pthread_mutex_t name = PTHREAD_MUTEX_INITIALIZER;                                       \
    static void name##_take_(void)                                                                 \
    {                                                                                              \
        pthread_mutex_lock(&name);                                                                 \
    }                                                                                              \
    static void name##_let_go_(void)                                                               \
    {                                                                                              \
        pthread_mutex_unlock(&name);                                                               \
    }                                                                                              \
    __attribute__((constructor)) static void name##_at_fork_(void)                                 \
    {                                                                                              \
        (void)pthread_atfork(name##_take_, name##_let_go_, name##_let_go_);                        \
    }                                                                                              \
    struct name##_ /* takes the semicolon */

#endif

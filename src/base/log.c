/* SPDX-License-Identifier: Apache-2.0 */
#include <bask/log.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>

/* The level is also the quick test: below every level while nobody listens. */
static _Atomic int level = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the two below */
static bask_log_fn *callback;
static void *user;

void bask_log_to(bask_log_fn *to, void *with, bask_log_level up_to)
{
    pthread_mutex_lock(&lock);
    callback = to;
    user = with;
    pthread_mutex_unlock(&lock);
    /* relaxed: a line may be missed or looked at in vain around a change */
    atomic_store_explicit(&level, to ? (int)up_to : -1, memory_order_relaxed);
}

void bask_log(bask_log_level line_level, const char *format, ...)
{
    if ((int)line_level > atomic_load_explicit(&level, memory_order_relaxed))
        return;
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    pthread_mutex_lock(&lock);
    bask_log_fn *to = callback;
    void *with = user;
    pthread_mutex_unlock(&lock);
    if (to)
        to(line_level, line, with);
}

const char *bask_log_level_name(bask_log_level l)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    return (unsigned)l < 4 ? names[l] : "unknown";
}

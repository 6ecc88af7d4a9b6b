/* SPDX-License-Identifier: Apache-2.0 */
#include "base/process.h"
#include <bask/log.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

enum { LEVEL_OFF = -1, LEVEL_UNREAD = BASK_LOG_DEBUG + 1 };

/* The level is also the quick test: off while nobody listens; above all, so that the first line
 * looks, while the environment has not been read. Relaxed: a line may be missed or looked at in
 * vain around a change. */
static _Atomic int level = LEVEL_UNREAD;
PROCESS_LOCK(lock); /* guards the two below, and changes */
static bask_log_fn *callback;
static void *user;

static const char *const level_names[] = {"error", "warning", "info", "debug"};

static void to_stderr(bask_log_level line_level, const char *line, void *unused)
{
    (void)unused;
    fprintf(stderr, "bask: %s: %s\n", bask_log_level_name(line_level), line);
}

static void read_environment(void)
{
    const char *text = getenv("BASK_LOG");
    pthread_mutex_lock(&lock);
    if (atomic_load_explicit(&level, memory_order_relaxed) == LEVEL_UNREAD) {
        int asked = LEVEL_OFF;
        for (int i = 0; text && i <= BASK_LOG_DEBUG; i++)
            if (strcmp(text, level_names[i]) == 0)
                asked = i;
        callback = to_stderr;
        atomic_store_explicit(&level, asked, memory_order_relaxed);
    }
    pthread_mutex_unlock(&lock);
}

void bask_log_to(bask_log_fn *to, void *with, bask_log_level up_to)
{
    pthread_mutex_lock(&lock);
    callback = to;
    user = with;
    atomic_store_explicit(&level, to ? (int)up_to : LEVEL_OFF, memory_order_relaxed);
    pthread_mutex_unlock(&lock);
}

void bask_log(bask_log_level line_level, const char *format, ...)
{
    if ((int)line_level > atomic_load_explicit(&level, memory_order_relaxed))
        return;
    if (atomic_load_explicit(&level, memory_order_relaxed) == LEVEL_UNREAD)
        read_environment();
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
    return (unsigned)l <= BASK_LOG_DEBUG ? level_names[l] : "unknown";
}

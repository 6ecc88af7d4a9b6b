/* SPDX-License-Identifier: Apache-2.0 */
#include "support/inject.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* All relaxed: so ThreadSanitizer sees no order between threads that the library did not make. */
static _Atomic unsigned kinds, one_wait_in, waits;
static _Atomic long calls, chosen = -1, blocks, mapped;
static _Atomic bool all_from_there, has_failed;
static _Atomic uintptr_t place;
static const char *_Atomic function;

extern const char __executable_start;

void inject_begin(unsigned of, long at, bool from_there)
{
    atomic_store_explicit(&calls, 0, memory_order_relaxed);
    atomic_store_explicit(&chosen, at, memory_order_relaxed);
    atomic_store_explicit(&all_from_there, from_there, memory_order_relaxed);
    atomic_store_explicit(&has_failed, false, memory_order_relaxed);
    atomic_store_explicit(&kinds, of, memory_order_relaxed);
}

long inject_end(void)
{
    atomic_store_explicit(&kinds, INJECT_NONE, memory_order_relaxed);
    return atomic_load_explicit(&calls, memory_order_relaxed);
}

bool inject_failed(void)
{
    return atomic_load_explicit(&has_failed, memory_order_relaxed);
}

const char *inject_place(void)
{
    static char text[64];
    const char *name = atomic_load_explicit(&function, memory_order_relaxed);
    snprintf(text, sizeof text, "%s %#lx", name ? name : "none",
             (unsigned long)atomic_load_explicit(&place, memory_order_relaxed));
    return text;
}

void inject_wakes(unsigned n)
{
    atomic_store_explicit(&one_wait_in, n, memory_order_relaxed);
}

long inject_blocks(void)
{
    return atomic_load_explicit(&blocks, memory_order_relaxed);
}

long inject_mapped(void)
{
    return atomic_load_explicit(&mapped, memory_order_relaxed);
}

static bool refuses(unsigned kind, int error, const char *name, const void *caller)
{
    if (!(atomic_load_explicit(&kinds, memory_order_relaxed) & kind))
        return false;
    long at = atomic_load_explicit(&chosen, memory_order_relaxed),
         call = atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
    bool further = atomic_load_explicit(&all_from_there, memory_order_relaxed);
    if (at < 0 || !(further ? call >= at : call == at))
        return false;
    if (!atomic_exchange_explicit(&has_failed, true, memory_order_relaxed)) {
        atomic_store_explicit(&place, (uintptr_t)caller - (uintptr_t)&__executable_start,
                              memory_order_relaxed);
        atomic_store_explicit(&function, name, memory_order_relaxed);
    }
    errno = error;
    return true;
}

#define REFUSES(kind, error, name) refuses(kind, error, name, __builtin_return_address(0))

static void *counted(void *block)
{
    if (block)
        atomic_fetch_add_explicit(&blocks, 1, memory_order_relaxed);
    return block;
}

/* ---- what the linker puts in place of the calls ---- */

#define WRAPPED(type, name, parameters, ...)                                                       \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return REFUSES(INJECT_MEMORY, ENOMEM, #name) ? NULL : counted(__real_##name(__VA_ARGS__)); \
    }
WRAPPED(void *, malloc, (size_t size), size)
WRAPPED(void *, calloc, (size_t n, size_t size), n, size)
WRAPPED(void *, aligned_alloc, (size_t alignment, size_t size), alignment, size)
WRAPPED(char *, strdup, (const char *text), text)
WRAPPED(char *, strndup, (const char *text, size_t most), text, most)

void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size)
{
    if (REFUSES(INJECT_MEMORY, ENOMEM, "realloc"))
        return NULL;
    void *moved = __real_realloc(block, size);
    return block ? moved : counted(moved);
}

void __real_free(void *block);
void __wrap_free(void *block);
void __wrap_free(void *block)
{
    if (block)
        atomic_fetch_sub_explicit(&blocks, 1, memory_order_relaxed);
    __real_free(block);
}

int __real_vasprintf(char **text, const char *format, va_list args);
int __wrap_vasprintf(char **text, const char *format, va_list args);
int __wrap_vasprintf(char **text, const char *format, va_list args)
{
    if (REFUSES(INJECT_MEMORY, ENOMEM, "vasprintf"))
        return -1; /* and *text is undefined */
    int length = __real_vasprintf(text, format, args);
    if (length >= 0)
        counted(*text);
    return length;
}

int __wrap_asprintf(char **text, const char *format, ...);
int __wrap_asprintf(char **text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = -1;
    if (!REFUSES(INJECT_MEMORY, ENOMEM, "asprintf"))
        length = __real_vasprintf(text, format, args);
    va_end(args);
    if (length >= 0)
        counted(*text);
    return length;
}

/* With 64-bit file offsets the names are other ones. */
#define WRAPPED_MMAP(name)                                                                         \
    void *__real_##name(void *at, size_t size, int protection, int flags, int fd, off_t offset);   \
    void *__wrap_##name(void *at, size_t size, int protection, int flags, int fd, off_t offset);   \
    void *__wrap_##name(void *at, size_t size, int protection, int flags, int fd, off_t offset)    \
    {                                                                                              \
        if (REFUSES(INJECT_MAPS, ENOMEM, #name))                                                   \
            return MAP_FAILED;                                                                     \
        void *p = __real_##name(at, size, protection, flags, fd, offset);                          \
        if (p != MAP_FAILED)                                                                       \
            atomic_fetch_add_explicit(&mapped, (long)size, memory_order_relaxed);                  \
        return p;                                                                                  \
    }
WRAPPED_MMAP(mmap)
WRAPPED_MMAP(mmap64)

int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size)
{
    atomic_fetch_sub_explicit(&mapped, (long)size, memory_order_relaxed);
    return __real_munmap(at, size);
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg)
{
    return REFUSES(INJECT_THREADS, EAGAIN, "pthread_create")
               ? EAGAIN
               : __real_pthread_create(thread, attr, run, arg);
}

#define WRAPPED_FOPEN(name)                                                                        \
    FILE *__real_##name(const char *path, const char *mode);                                       \
    FILE *__wrap_##name(const char *path, const char *mode);                                       \
    FILE *__wrap_##name(const char *path, const char *mode)                                        \
    {                                                                                              \
        return REFUSES(INJECT_FILES, EMFILE, #name) ? NULL : __real_##name(path, mode);            \
    }
WRAPPED_FOPEN(fopen)
WRAPPED_FOPEN(fopen64)

#define WRAPPED_OPEN(name)                                                                         \
    int __real_##name(const char *path, int flags, ...);                                           \
    int __wrap_##name(const char *path, int flags, ...);                                           \
    int __wrap_##name(const char *path, int flags, ...)                                            \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;                                  \
        va_end(args);                                                                              \
        return REFUSES(INJECT_FILES, EMFILE, #name) ? -1 : __real_##name(path, flags, mode);       \
    }
WRAPPED_OPEN(open)
WRAPPED_OPEN(open64)

int __real_eventfd(unsigned count, int flags);
int __wrap_eventfd(unsigned count, int flags);
int __wrap_eventfd(unsigned count, int flags)
{
    return REFUSES(INJECT_FILES, EMFILE, "eventfd") ? -1 : __real_eventfd(count, flags);
}

int __real_pipe2(int ends[2], int flags);
int __wrap_pipe2(int ends[2], int flags);
int __wrap_pipe2(int ends[2], int flags)
{
    return REFUSES(INJECT_FILES, EMFILE, "pipe2") ? -1 : __real_pipe2(ends, flags);
}

int __real_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attr, char *const argv[], char *const envp[]);
int __wrap_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attr, char *const argv[], char *const envp[]);
int __wrap_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
    return REFUSES(INJECT_PROCESSES, EAGAIN, "posix_spawnp")
               ? EAGAIN
               : __real_posix_spawnp(pid, file, actions, attr, argv, envp);
}

/* Is it the turn of this wait to end without cause? Which one of those that do, in *WHICH. */
static bool is_disturbed(unsigned *which)
{
    unsigned n = atomic_load_explicit(&one_wait_in, memory_order_relaxed);
    if (n == 0)
        return false;
    unsigned wait = atomic_fetch_add_explicit(&waits, 1, memory_order_relaxed);
    *which = wait / n;
    return wait % n == 0;
}

/* By a signal, by a word that has changed meanwhile, or for no reason. */
static bool disturbs(long number, long operation, long *result)
{
    static const int errors[] = {EINTR, EAGAIN, 0};
    unsigned which;
    if (number != SYS_futex || ((int)operation & FUTEX_CMD_MASK) != FUTEX_WAIT_BITSET ||
        !is_disturbed(&which))
        return false;
    errno = errors[which % 3];
    *result = errno ? -1 : 0;
    return true;
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
    long a[6], result;
    va_list args;
    va_start(args, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    if (disturbs(number, a[1], &result))
        return result;
    return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static int let_others_in(pthread_mutex_t *lock)
{
    pthread_mutex_unlock(lock);
    sched_yield();
    return pthread_mutex_lock(lock);
}

int __real_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock);
int __wrap_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock);
int __wrap_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock)
{
    unsigned which;
    return is_disturbed(&which) ? let_others_in(lock) : __real_pthread_cond_wait(condition, lock);
}

int __real_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *lock,
                                  const struct timespec *until);
int __wrap_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *lock,
                                  const struct timespec *until);
int __wrap_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *lock,
                                  const struct timespec *until)
{
    unsigned which;
    return is_disturbed(&which) ? let_others_in(lock)
                                : __real_pthread_cond_timedwait(condition, lock, until);
}

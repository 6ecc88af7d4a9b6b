/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes: what a test does to a whole process is done to one of these. */
#ifndef TESTS_SUPPORT_CHILD_H
#define TESTS_SUPPORT_CHILD_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ ||                                 \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif

/* ThreadSanitizer lets a child start threads only if it is asked to. Included once in a program. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "die_after_fork=0";
}

/* A child that hangs is killed in the end. */
enum { CHILD_HANGS_SECONDS = 120, CHILD_FAILED = 99 };

static inline void child_must(int holds, const char *what, const char *file, int line)
{
    if (holds)
        return;
    fprintf(stderr, "%s:%d: not %s\n", file, line, what);
    _exit(CHILD_FAILED);
}
#define CHILD_MUST(condition) child_must(!!(condition), #condition, __FILE__, __LINE__)

/* How a child ends that calls RUN and then _exit(0): its exit status, or 1000 and a signal's number. */
static inline int child_status(void (*run)(void))
{
    int status = -1;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(CHILD_HANGS_SECONDS);
        run();
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

#endif

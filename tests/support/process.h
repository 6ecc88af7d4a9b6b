/* SPDX-License-Identifier: Apache-2.0 */
/* What a process holds, as the system sees it. */
#ifndef TESTS_SUPPORT_PROCESS_H
#define TESTS_SUPPORT_PROCESS_H

#include <dirent.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static inline int count_entries(const char *path)
{
    int n = 0;
    DIR *d = opendir(path);
    for (const struct dirent *e; d && (e = readdir(d));)
        n += e->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

static inline int count_descriptors(void)
{
    return count_entries("/proc/self/fd");
}

static inline int count_threads(void)
{
    return count_entries("/proc/self/task");
}

/* The system counts a joined thread for a moment more. Hangs if there are more for ever. */
static inline void until_threads_are(int n)
{
    while (count_threads() > n)
        sched_yield();
}

/* Lines of /proc/self/FILE that contain TEXT. */
static inline int count_lines(const char *file, const char *text)
{
    char path[256], line[4096];
    int n = 0;
    snprintf(path, sizeof path, "/proc/self/%s", file);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        n += strstr(line, text) != NULL;
    if (f)
        fclose(f);
    return n;
}

#endif

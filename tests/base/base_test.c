/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/memory.h"
#include "base/status.h"

#include <bask/log.h>
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdint.h>
#include <string.h>

Test(status, names_and_messages)
{
    cr_assert_str_eq(bask_status_name(BASK_ENOMEM), "BASK_ENOMEM");
    cr_assert_str_eq(bask_status_text(BASK_OK), "success");
    cr_assert_str_eq(bask_status_name((bask_status)999), "BASK_E?");
    cr_assert_eq(status_set(BASK_EINVAL, "value %d", 7), BASK_EINVAL);
    status_set(BASK_EINVAL, "again: %s", bask_last_error());
    cr_assert_str_eq(bask_last_error(), "again: value 7");
}

Test(arena, pieces_are_apart_and_aligned)
{
    arena a = {0};
    char *before = NULL;
    for (size_t i = 1; i < 3000; i++) {
        char *p = arena_get(&a, i);
        cr_assert(p && (uintptr_t)p % 16 == 0);
        memset(p, (int)i, i);
        if (before)
            cr_assert_eq(before[0], (char)(i - 1));
        before = p;
    }
    arena_free(&a);
    arena_free(&a);
}

Test(memory, aligned_and_zero_bytes)
{
    for (size_t size = 0; size < 100000; size = size * 2 + 1) {
        char *p = memory_get(size);
        cr_assert(p && (uintptr_t)p % 64 == 0);
        memset(p, 1, size);
        memory_put(p);
    }
    cr_assert_null(memory_get(SIZE_MAX - 10));
}

static void keep(bask_log_level level, const char *line, void *user)
{
    if (level == BASK_LOG_WARNING)
        strcpy(user, line);
}

Test(log, levels)
{
    char line[64] = "";
    bask_log_to(keep, line, BASK_LOG_WARNING);
    bask_log(BASK_LOG_WARNING, "disk %d", 3);
    bask_log(BASK_LOG_DEBUG, "not this");
    bask_log_to(NULL, NULL, BASK_LOG_DEBUG);
    bask_log(BASK_LOG_WARNING, "nor this");
    cr_assert_str_eq(line, "disk 3");
}

Test(log, environment_sends_lines_to_stderr)
{
    setenv("BASK_LOG", "warning", 1);
    cr_redirect_stderr();
    bask_log(BASK_LOG_INFO, "too chatty");
    bask_log(BASK_LOG_ERROR, "disk %s", "full");
    fflush(stderr);
    cr_assert_stderr_eq_str("bask: error: disk full\n");
}

Test(log, silent_by_default)
{
    unsetenv("BASK_LOG");
    cr_redirect_stderr();
    bask_log(BASK_LOG_ERROR, "nobody asked");
    fflush(stderr);
    cr_assert_stderr_eq_str("");
}

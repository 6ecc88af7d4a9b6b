/* SPDX-License-Identifier: Apache-2.0 */
/* What a host has set around a program: environment, affinity, niceness, and a bare file system. */
#include "support/child.h"
#include "support/clusters.h"
#include <bask/log.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}

static void use(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d[100];
    bask_future *f[100];
    for (int i = 0; i < 100; i++)
        d[i] = bask_delay(g, inc, i);
    cr_assert_eq(bask_compute(c, d, 100, f), BASK_OK);
    for (int i = 0; i < 100; i++) {
        int64_t x = 0;
        cr_assert_eq(bask_result(f[i], &x), BASK_OK);
        cr_assert_eq(x, i + 1);
        bask_future_free(f[i]);
    }
    bask_graph_free(g);
}

/* ---- environment ---- */

Test(machine, nonsense_in_num_threads_is_ignored)
{
    static const char *const texts[] = {"abc", "", "-3", "0", "2x", "1e3", "99999999999999999999"};
    unsetenv("BASK_NUM_THREADS");
    int usual = bask_default_threads();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        setenv("BASK_NUM_THREADS", texts[i], 1);
        bask_client *c = open_client("threads://");
        cr_assert_eq(bask_client_workers(c), usual, "BASK_NUM_THREADS=%s", texts[i]);
        bask_close(c);
    }
    setenv("BASK_NUM_THREADS", "1", 1);
    cr_assert_eq(bask_default_threads(), 1);
}

static void must_not_open(const char *named)
{
    bask_client *c = (void *)1;
    cr_assert_eq(bask_open(NULL, &c), BASK_EADDRESS);
    cr_assert_null(c);
    cr_assert(strstr(bask_last_error(), named), "%s", bask_last_error());
}

Test(machine, nonsense_in_memory_limit_is_named)
{
    static const char *const texts[] = {"xx", "-1", "5Q", "1.5G", "99999999999G"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char named[64];
        snprintf(named, sizeof named, "BASK_MEMORY_LIMIT=%s", texts[i]);
        setenv("BASK_MEMORY_LIMIT", texts[i], 1);
        must_not_open(named);
    }
    setenv("BASK_MEMORY_LIMIT", "", 1);
    bask_close(open_client("threads://"));
}

Test(machine, nonsense_in_cluster_is_named)
{
    static const char *const texts[] = {":::", "threads", "threads://many", "quantum://8"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        setenv("BASK_CLUSTER", texts[i], 1);
        must_not_open(texts[i]);
    }
    setenv("BASK_CLUSTER", "", 1);
    bask_close(open_client(NULL));
}

static void log_with_nonsense(void)
{
    setenv("BASK_LOG", "?", 1);
    CHILD_MUST(freopen("/dev/full", "w", stderr)); /* a line would fail to be written */
    bask_client *c;
    CHILD_MUST(bask_open("threads://2", &c) == BASK_OK);
    bask_close(c);
    bask_log(BASK_LOG_ERROR, "nobody listens");
    CHILD_MUST(!ferror(stderr) && fflush(stderr) == 0);
}

Test(machine, nonsense_in_log_logs_nothing)
{
    cr_assert_eq(child_status(log_with_nonsense), 0);
}

/* ---- affinity and niceness ---- */

static cpu_set_t one_of(const cpu_set_t *set)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, set))
            CPU_SET(i, &one);
    return one;
}

Test(machine, affinity_to_one_cpu_before_opening)
{
    cpu_set_t all, one;
    cr_assert_eq(sched_getaffinity(0, sizeof all, &all), 0);
    one = one_of(&all);
    cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
    bask_client *c = open_client("threads://");
    cr_assert_eq(bask_client_workers(c), 1);
    use(c);
    bask_close(c);
    c = open_client("threads://8?pin=1"); /* all on the one CPU */
    use(c);
    bask_close(c);
}

BASK_KERNEL(int64_t, stay_on_one, (int64_t, x))
{
    cpu_set_t all, one;
    if (sched_getaffinity(0, sizeof all, &all) == 0) {
        one = one_of(&all);
        sched_setaffinity(0, sizeof one, &one);
    }
    return x;
}

/* Workers and host are put on one CPU in the midst of work, and back again. */
Test(machine, affinity_changes_while_tasks_run)
{
    cpu_set_t all, one;
    bask_client *c = open_client("threads://2");
    cr_assert_eq(sched_getaffinity(0, sizeof all, &all), 0);
    one = one_of(&all);
    for (int i = 0; i < 50; i++) {
        bask_future *f[4];
        for (int k = 0; k < 4; k++)
            f[k] = bask_submit(c, stay_on_one, k);
        cr_assert_eq(sched_setaffinity(0, sizeof one, i % 2 ? &all : &one), 0);
        use(c);
        for (int64_t k = 0, x; k < 4; k++) {
            cr_assert_eq(bask_result(f[k], &x), BASK_OK);
            cr_assert_eq(x, k);
            bask_future_free(f[k]);
        }
    }
    bask_close(c);
}

Test(machine, nice)
{
    bask_client *c = open_client("threads://2");
    cr_assert_eq(setpriority(PRIO_PROCESS, 0, 19), 0);
    use(c);
    bask_client *polite = open_client("threads://2");
    use(polite);
    bask_close(polite);
    bask_close(c);
}

/* ---- no /proc, no /sys ---- */

static void open_without_proc(void)
{
    int had = bask_default_threads();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", "/proc", "tmpfs", 0, NULL) != 0 ||
        mount("none", "/sys", "tmpfs", 0, NULL) != 0)
        _exit(77);
    CHILD_MUST(access("/proc/self", F_OK) != 0 && access("/sys/devices", F_OK) != 0);
    CHILD_MUST(bask_default_threads() >= had); /* no quota is known any more */
    for (int i = 0; i < 3; i++) {
        static const char *const addresses[] = {"threads://", "threads://2?pin=1", "sync://"};
        bask_client *c = NULL;
        bask_status status = bask_open(addresses[i], &c);
        /* where to pin is only known from there */
        CHILD_MUST(status == BASK_OK || (i == 1 && status == BASK_ESYSTEM && bask_last_error()[0]));
        if (c)
            use(c);
        bask_close(c);
    }
}

Test(machine, without_proc_and_sys)
{
    int status = child_status(open_without_proc);
    if (status == 77)
        cr_skip_test("this process may not mount");
    cr_assert_eq(status, 0);
}

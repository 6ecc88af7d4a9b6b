/* SPDX-License-Identifier: Apache-2.0 */
/* How many workers by default, and where. Each test is a process of its own. */
#include "pool/topology.h"

#include <bask/pool.h>
#include <criterion/criterion.h>
#include <limits.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

static int cpus(void)
{
    cpu_set_t set;
    cr_assert_eq(sched_getaffinity(0, sizeof set, &set), 0);
    return CPU_COUNT(&set);
}

static void one_cpu_only(void)
{
    cpu_set_t set, one;
    int cpu = 0;
    cr_assert_eq(sched_getaffinity(0, sizeof set, &set), 0);
    while (!CPU_ISSET(cpu, &set))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
}

Test(topology, the_affinity_mask_bounds_the_workers)
{
    unsetenv("BASK_NUM_THREADS");
    cr_assert(bask_default_threads() >= 1 && bask_default_threads() <= cpus());
    one_cpu_only();
    cr_assert_eq(bask_default_threads(), 1);
}

Test(topology, the_environment_can_only_lower)
{
    unsetenv("BASK_NUM_THREADS");
    int most = bask_default_threads();
    setenv("BASK_NUM_THREADS", "1", 1);
    cr_assert_eq(bask_default_threads(), 1);
    static const char *const ignored[] = {"", "0", "-3", "many", "2 or 3", "1.5", "1000000"};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
        setenv("BASK_NUM_THREADS", ignored[i], 1);
        cr_assert_eq(bask_default_threads(), most, "BASK_NUM_THREADS=\"%s\"", ignored[i]);
    }
}

Test(topology, workers_are_placed_inside_the_mask_and_wrap_around)
{
    enum { N = 40 };
    int placed[N];
    cpu_set_t set;
    cr_assert_eq(sched_getaffinity(0, sizeof set, &set), 0);
    cr_assert_eq(topology_place(N, placed), BASK_OK, "%s", bask_last_error());
    for (int i = 0; i < N; i++) {
        cr_assert(CPU_ISSET(placed[i], &set));
        if (i >= cpus())
            cr_assert_eq(placed[i], placed[i - cpus()]);
        for (int k = 0; k < i && i < cpus(); k++)
            cr_assert_neq(placed[i], placed[k], "one CPU each while there are enough");
    }
    one_cpu_only();
    cr_assert_eq(topology_place(N, placed), BASK_OK);
    for (int i = 1; i < N; i++)
        cr_assert_eq(placed[i], placed[0]);
}

Test(topology, a_thread_that_cannot_be_bound_stays_where_it_is)
{
    cpu_set_t before, after;
    cr_assert_eq(sched_getaffinity(0, sizeof before, &before), 0);
    topology_bind(1 << 20);
    cr_assert_eq(sched_getaffinity(0, sizeof after, &after), 0);
    cr_assert(CPU_EQUAL(&before, &after));
    one_cpu_only();
    cr_assert_eq(sched_getaffinity(0, sizeof after, &after), 0);
    int cpu = 0;
    while (!CPU_ISSET(cpu, &after))
        cpu++;
    cr_assert_eq(sched_setaffinity(0, sizeof before, &before), 0);
    topology_bind(cpu);
    cr_assert_eq(cpus(), 1);
}

/* ---- cgroups ---- */

static char root[] = "/tmp/bask-topology-XXXXXX";

static void write_file(const char *path, const char *text)
{
    char full[512];
    snprintf(full, sizeof full, "%s%s", root, path);
    for (char *slash = full + sizeof root; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        mkdir(full, 0700);
    }
    FILE *f = fopen(full, "w");
    cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0, "%s", full);
}

static void new_root(void)
{
    cr_assert(mkdtemp(root));
}

static void remove_root(void)
{
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", root);
    cr_assert_eq(system(command), 0);
}

TestSuite(cgroup, .init = new_root, .fini = remove_root);

Test(cgroup, none)
{
    cr_assert_eq(topology_quota(root), INT_MAX);
    write_file("/proc/self/cgroup", "0::/\n");
    cr_assert_eq(topology_quota(root), INT_MAX);
    write_file("/sys/fs/cgroup/cpu.max", "max 100000\n");
    cr_assert_eq(topology_quota(root), INT_MAX);
}

Test(cgroup, version_2_takes_the_least_of_all_levels_rounded_up)
{
    write_file("/proc/self/cgroup", "0::/batch/job\n");
    write_file("/sys/fs/cgroup/batch/job/cpu.max", "650000 100000\n");
    cr_assert_eq(topology_quota(root), 7);
    write_file("/sys/fs/cgroup/batch/cpu.max", "300000 100000\n");
    cr_assert_eq(topology_quota(root), 3);
    write_file("/sys/fs/cgroup/cpu.max", "20000 100000\n");
    cr_assert_eq(topology_quota(root), 1);
}

Test(cgroup, version_1)
{
    write_file("/proc/self/cgroup", "12:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n");
    write_file("/sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us", "-1\n");
    write_file("/sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us", "100000\n");
    cr_assert_eq(topology_quota(root), INT_MAX);
    write_file("/sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us", "250000\n");
    cr_assert_eq(topology_quota(root), 3);
    /* another group, whose path is that of ours in other hierarchies */
    write_file("/sys/fs/cgroup/cpu/other/cpu.cfs_quota_us", "100000\n");
    write_file("/sys/fs/cgroup/cpu/other/cpu.cfs_period_us", "100000\n");
    write_file("/proc/self/cgroup", "7:cpuset:/other\n5:cpuacct:/other\n4:cpu:/docker/x\n");
    cr_assert_eq(topology_quota(root), 3);
}

Test(cgroup, version_1_without_a_period)
{
    write_file("/proc/self/cgroup", "4:xcpu:/b\n3:net,cpu:/a\n");
    write_file("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "250000\n");
    write_file("/sys/fs/cgroup/cpu/b/cpu.cfs_quota_us", "100000\n");
    write_file("/sys/fs/cgroup/cpu/b/cpu.cfs_period_us", "100000\n");
    cr_assert_eq(topology_quota(root), INT_MAX);
    write_file("/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "long\n");
    cr_assert_eq(topology_quota(root), INT_MAX);
    write_file("/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "125000\n");
    cr_assert_eq(topology_quota(root), 2, "of net,cpu, not of xcpu");
    write_file("/proc/self/cgroup", "3:net,cpu:a\n");
    cr_assert_eq(topology_quota(root), INT_MAX, "there is no group of that name");
}

Test(cgroup, nonsense_is_no_quota)
{
    write_file("/proc/self/cgroup", "0:nothing\n");
    cr_assert_eq(topology_quota(root), INT_MAX);
    write_file("/proc/self/cgroup", "nonsense\n0::/a\n");
    write_file("/sys/fs/cgroup/a/cpu.max", "many few\n");
    cr_assert_eq(topology_quota(root), INT_MAX);
    write_file("/sys/fs/cgroup/a/cpu.max", "");
    cr_assert_eq(topology_quota(root), INT_MAX);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/topology.h"

#include "base/status.h"
#include <bask/log.h>
#include <bask/pool.h>
#include <errno.h>
#include <hwloc.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

int topology_cpus(void)
{
    /* the kernel refuses a set smaller than its own: grow until it fits */
    for (int cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
        cpu_set_t *set = CPU_ALLOC((size_t)cpus);
        if (!set)
            break;
        size_t size = CPU_ALLOC_SIZE((size_t)cpus);
        int failed = sched_getaffinity(0, size, set);
        int n = failed ? 0 : CPU_COUNT_S(size, set);
        CPU_FREE(set);
        if (!failed)
            return n;
        if (errno != EINVAL)
            break;
    }
    return 1;
}

/* The two numbers of a file as one quota in CPUs, rounded up; INT_MAX: no limit or no such file. */
static int quota_of(const char *path, const char *path_period)
{
    char text[64] = "";
    double quota = 0, period = 0;
    FILE *f = fopen(path, "re");
    if (!f)
        return INT_MAX;
    if (fgets(text, sizeof text, f) && sscanf(text, "%lf %lf", &quota, &period) < 1)
        quota = 0; /* "max" */
    fclose(f);
    if (path_period && (f = fopen(path_period, "re"))) {
        if (fscanf(f, "%lf", &period) != 1)
            period = 0;
        fclose(f);
    }
    if (quota <= 0 || period <= 0)
        return INT_MAX;
    int cpus = (int)((quota + period - 1) / period);
    return cpus > 0 ? cpus : 1;
}

/* Is `cpu` one of these controllers, separated by commas? */
static bool names_cpu(const char *controllers)
{
    for (const char *at = controllers; (at = strstr(at, "cpu")); at += 3)
        if ((at == controllers || at[-1] == ',') && (at[3] == ',' || at[3] == '\0'))
            return true;
    return false; /* cpuset, cpuacct */
}

int topology_quota(const char *root)
{
    int least = INT_MAX;
    /* not on the stack, which the host may have made small */
    struct {
        char line[PATH_MAX], path[2 * PATH_MAX + 64], period[2 * PATH_MAX + 64];
    } *text = malloc(sizeof *text);
    if (text)
        snprintf(text->line, sizeof text->line, "%s/proc/self/cgroup", root);
    FILE *f = text ? fopen(text->line, "re") : NULL;
    while (f && fgets(text->line, sizeof text->line, f)) {
        text->line[strcspn(text->line, "\n")] = '\0';
        char *controllers = strchr(text->line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = '\0';
        controllers++;
        bool v2 = controllers[0] == '\0';
        if (!v2 && !names_cpu(controllers))
            continue;
        for (;;) {
            const char *sub = strcmp(group, "/") == 0 ? "" : group;
            snprintf(text->path, sizeof text->path, "%s/sys/fs/cgroup%s%s/%s", root,
                     v2 ? "" : "/cpu", sub, v2 ? "cpu.max" : "cpu.cfs_quota_us");
            snprintf(text->period, sizeof text->period, "%s/sys/fs/cgroup/cpu%s/cpu.cfs_period_us",
                     root, sub);
            int quota = quota_of(text->path, v2 ? NULL : text->period);
            if (quota < least)
                least = quota;
            char *slash = strrchr(group, '/');
            if (!slash || group[0] == '\0')
                break;
            *slash = '\0';
        }
    }
    if (f)
        fclose(f);
    free(text);
    return least;
}

int bask_default_threads(void)
{
    const char *text = getenv("BASK_NUM_THREADS");
    int n = topology_cpus(), quota = topology_quota("");
    if (quota < n)
        n = quota;
    if (text) {
        char *end;
        long asked = strtol(text, &end, 10);
        if (end != text && *end == '\0' && asked > 0 && asked < n)
            n = (int)asked;
    }
    return n > 0 ? n : 1;
}

bask_status topology_place(int n, int *cpus)
{
    hwloc_topology_t topology;
    if (hwloc_topology_init(&topology) != 0)
        return status_set(BASK_ENOMEM, "hwloc could not be initialised");
    hwloc_bitmap_t allowed = hwloc_bitmap_alloc();
    if (!allowed || hwloc_topology_load(topology) != 0 ||
        hwloc_get_cpubind(topology, allowed, HWLOC_CPUBIND_THREAD) != 0) {
        hwloc_bitmap_free(allowed);
        hwloc_topology_destroy(topology);
        return status_set(BASK_ESYSTEM, "hwloc could not read the topology of this machine");
    }
    int found = 0, cores = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE);
    /* round r takes the r-th allowed hardware thread of each core */
    for (int round = 0, before = -1; found < n && found != before; round++) {
        before = found;
        for (int c = 0; c < cores && found < n; c++) {
            hwloc_obj_t core = hwloc_get_obj_by_type(topology, HWLOC_OBJ_CORE, (unsigned)c);
            int skip = round;
            unsigned cpu;
            hwloc_bitmap_foreach_begin(cpu, core->cpuset)
            {
                if (hwloc_bitmap_isset(allowed, cpu) && skip-- == 0)
                    cpus[found++] = (int)cpu;
                if (found == n)
                    break;
            }
            hwloc_bitmap_foreach_end();
        }
    }
    hwloc_bitmap_free(allowed);
    hwloc_topology_destroy(topology);
    if (found == 0)
        return status_set(BASK_ESYSTEM, "no CPU of this machine is in the affinity mask");
    for (int i = found; i < n; i++)
        cpus[i] = cpus[i % found];
    return BASK_OK;
}

void topology_bind(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (cpu < CPU_SETSIZE)
        CPU_SET((unsigned)cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        bask_log(BASK_LOG_WARNING, "a worker could not be bound to CPU %d: %s", cpu,
                 strerror(errno));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs in processes that the system really keeps short of memory, threads or descriptors: they come to
 * an end, each call gives the right result or an error, and once the limit is lifted all is well.
 */
#include "faults/oom.h"

#include "support/stress.h"
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static bask_client *client;

BASK_KERNEL(int64_t, leaf, (int64_t, x))
{
    return x;
}
BASK_KERNEL(int64_t, sum, (int64_t, x), (int64_t, y))
{
    return x + y;
}
BASK_KERNEL(bask_buffer *, filled, (int64_t, n))
{
    bask_buffer *b = bask_buffer_new((size_t)n);
    if (b)
        memset(bask_buffer_data(b), 1, (size_t)n);
    return b;
}
BASK_KERNEL(int64_t, size_of, (bask_span, in))
{
    return (int64_t)in.size;
}
BASK_KERNEL(int64_t, fib, (int64_t, n))
{
    if (n < 2)
        return n;
    bask_spawn(first, fib, n - 1);
    int64_t second = bask_call(fib, n - 2);
    return bask_sync(first) + second;
}

/* ---- the program ---- */

enum { NODES = 70000, BLOCKS = 20, BLOCK = 500000 };

/* A long sum, or the sizes of some blocks. */
static bask_delayed *build(bask_graph *g, bool of_blocks)
{
    bask_delayed *d = bask_delay(g, leaf, 0);
    for (int64_t i = 0; i < (of_blocks ? BLOCKS : NODES); i++) {
        bask_delayed *part = of_blocks ? bask_delay(g, size_of, bask_delay(g, filled, BLOCK))
                                       : bask_delay(g, leaf, 1);
        d = bask_delay(g, sum, d, part);
    }
    return d;
}

static void compute(bool of_blocks, int64_t want)
{
    bask_graph *g = NULL;
    bask_plan *plan = NULL;
    bask_future *f;
    int64_t x;
    if (!TRY_NEW(g = bask_graph_new(client)))
        return;
    bask_delayed *d = build(g, of_blocks);
    if (oom_built(client, &d, 1)) {
        if (TRY(bask_compute(client, &d, 1, &f)))
            oom_value(f, want);
        if (TRY(bask_plan_new(client, &d, 1, &plan)) && TRY(bask_plan_run(plan)) &&
            TRY(bask_plan_result(plan, 0, &x)))
            oom_check(x == want, "%lld instead of %lld", (long long)x, (long long)want);
        bask_plan_free(plan);
    }
    bask_graph_free(g);
}

static void everything(const char *address)
{
    bask_future *f = NULL;
    int64_t x = -1;
    if (!oom_open(address, &client))
        return;
    compute(false, NODES);
    compute(true, (int64_t)BLOCKS * BLOCK);
    if (TRY_NEW(f = bask_submit(client, leaf, 3)))
        oom_value(f, 3);
    if (TRY(bask_invoke(client, &x, fib, 12)))
        oom_check(x == 144, "fib is %lld", (long long)x);
    bask_close(client);
}

/* ---- limits ---- */

typedef struct limit {
    int resource;
    rlim_t most;
    const char *address;
} limit;

static void run_limited(void *arg)
{
    const limit *l = arg;
    struct rlimit before, now;
    oom_check(getrlimit(l->resource, &before) == 0, "no limit is known");
    now = (struct rlimit){l->most, before.rlim_max};
    if (l->most > before.rlim_max || setrlimit(l->resource, &now) != 0)
        return;
    oom_limit(true);
    everything(l->address);
    oom_limit(false);
    oom_check(setrlimit(l->resource, &before) == 0, "the limit stays");
    everything(l->address);
}

#ifndef SANITIZED
static rlim_t address_space(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    oom_check(f && fscanf(f, "%lu", &pages) == 1, "the size of this process is not known");
    fclose(f);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}
#endif

static const char *const addresses[] = {"threads://1", "threads://4", "threads://4?stack=64K",
                                        "threads://2?pin=1", "sync://"};

static bool under_limit(const char *what, int resource, rlim_t most, bool *met)
{
    char name[128];
    bool good = true;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        limit l = {resource, most, addresses[i]};
        snprintf(name, sizeof name, "%s %llu %s", what, (unsigned long long)most, addresses[i]);
        good = oom_process(name, run_limited, &l, met) && good;
    }
    return good;
}

/* Sanitizers take terabytes of it. */
#ifndef SANITIZED
static void little_memory(void)
{
    bool good = true, met = false;
    rlim_t now = address_space();
    for (rlim_t more = 4096; more < (rlim_t)1 << 30; more *= 2)
        good = under_limit("address space", RLIMIT_AS, now + more, &met) && good;
    stress_check(good && met, "little address space, %smet", met ? "" : "never ");
    stress_passed("little address space");
}
#endif

static void few_descriptors(void)
{
    bool good = true, met;
    for (rlim_t most = 0; most < 6; most++)
        good = under_limit("descriptors", RLIMIT_NOFILE, most, &met) && good;
    stress_check(good, "few descriptors");
    stress_passed("few descriptors");
}

static void few_threads(void *unused)
{
    bool good = true, met = false;
    (void)unused;
    alarm(0); /* each of the following has its own */
    /* the superuser has no such limit */
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
        return;
    for (rlim_t most = 0; most < 8; most++)
        good = under_limit("threads", RLIMIT_NPROC, most, &met) && good;
    oom_check(good && met, "few threads, %smet", met ? "" : "never ");
}

/* A stack that no thread can have. */
static void huge_stack(void *unused)
{
    (void)unused;
    oom_limit(true);
    for (int i = 0; i < 3; i++)
        oom_check(bask_open("threads://2?stack=100000G", &client) == BASK_ESYSTEM && !client,
                  "a stack of 100 TB: %s", bask_last_error());
    oom_limit(false);
    everything("threads://2");
}

int main(void)
{
#ifndef SANITIZED
    stress_plan(4);
    little_memory();
#else
    stress_plan(3);
#endif
    few_descriptors();
    stress_check(oom_process("few threads", few_threads, NULL, NULL), "few threads");
    stress_passed("few threads");
    stress_check(oom_process("a huge stack", huge_stack, NULL, NULL), "a huge stack");
    stress_passed("a huge stack");
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Refused requests while clients and pools are opened, used in the plainest way, and closed. */
#include "faults/oom.h"

#include <pthread.h>

/* ---- clients ---- */

static void open_and_close(const char *address)
{
    bask_client *client;
    if (!oom_open(address, &client))
        return;
    bask_pool_stats stats;
    oom_check(bask_client_workers(client) > 0, "there is no worker");
    oom_check(bask_client_address(client)[0], "the client has no address");
    bask_client_stats(client, &stats);
    (void)!TRY(bask_wait_for_workers(client, 1, BASK_FOREVER));
    bask_graph *graph = NULL;
    if (TRY_NEW(graph = bask_graph_new(client)))
        oom_check(bask_graph_size(graph) == 0, "a new graph has nodes");
    bask_close(client);
    bask_graph_free(graph);
}

static void two_clients(const char *address)
{
    bask_client *first, *second;
    bool one = oom_open(address, &first), two = oom_open("sync://", &second);
    if (one)
        bask_close(first);
    if (two)
        bask_close(second);
}

static void open_named_by_environment(const char *address)
{
    bask_client *client;
    setenv("BASK_CLUSTER", address, 1);
    setenv("BASK_MEMORY_LIMIT", "64M", 1);
    setenv("BASK_NUM_THREADS", "2", 1);
    if (oom_open(NULL, &client))
        bask_close(client);
    unsetenv("BASK_CLUSTER");
    unsetenv("BASK_MEMORY_LIMIT");
    unsetenv("BASK_NUM_THREADS");
}

/* An address at fault is that, or there was no memory to find out. */
static void wrong_address(const char *address)
{
    bask_client *client;
    bask_status status = bask_open(address, &client);
    oom_check(status == BASK_EADDRESS || (oom_may_fail() && status == BASK_ENOMEM), "%s: %s",
              bask_status_name(status), bask_last_error());
    oom_check(!client, "a failed bask_open left a client");
}

static void take_line(bask_log_level level, const char *line, void *user)
{
    (void)level;
    *(_Atomic int *)user += line[0] != '\0';
}

static void logs(const char *address)
{
    static _Atomic int lines;
    bask_client *client;
    lines = 0;
    bask_log_to(take_line, &lines, BASK_LOG_DEBUG);
    if (oom_open(address, &client)) {
        bask_close(client);
        oom_check(lines >= 2, "%d lines came, not those of opening and closing", lines);
    }
    bask_log_to(NULL, NULL, BASK_LOG_ERROR);
}

BASK_KERNEL(int64_t, registered, (int64_t, x))
{
    return x;
}

/* Kernels that a program registers itself need nothing. */
static void registers(const char *address)
{
    bask_client *client;
    bool opened = oom_open(address, &client);
    bask_kernel mine = registered_kernel;
    mine.name = "mine";
    oom_check(bask_register(&mine) == BASK_OK, "bask_register: %s", bask_last_error());
    oom_check(bask_kernel_find("mine") == &mine, "the kernel is not found");
    bask_unregister(&mine);
    oom_check(!bask_kernel_find("mine"), "the kernel is found still");
    if (opened)
        bask_close(client);
}

/* ---- the pool alone ---- */

typedef struct counted_job {
    bask_job job;
    bask_latch *latch;
} counted_job;

static _Atomic int jobs_run;

static void count_job(bask_job *job)
{
    jobs_run++;
    bask_latch_down(((counted_job *)job)->latch);
}

static void forget_job(bask_job *job)
{
    count_job(job);
}

/* Jobs wait for others, and some are queued still when the pool is stopped. ADDRESS: the threads. */
static void pool_alone(const char *address)
{
    enum { JOBS = 600 }; /* more than a deque has room for at first */
    static counted_job jobs[JOBS];
    bask_pool_options o = {.size = sizeof o, .threads = atoi(address)};
    bask_pool *pool;
    for (int discard = 0; discard < 2; discard++) {
        jobs_run = 0;
        if (!TRY(bask_pool_start(&o, &pool)))
            return;
        bask_latch all, half;
        bask_latch_init(&all, pool, JOBS);
        bask_latch_init(&half, pool, JOBS / 2);
        for (int i = 0; i < JOBS / 2; i++) {
            jobs[i] = (counted_job){{count_job, NULL}, &half};
            bask_pool_submit(pool, &jobs[i].job);
        }
        bask_latch_wait(&half);
        oom_check(jobs_run == JOBS / 2, "%d jobs were run", jobs_run);
        for (int i = JOBS / 2; i < JOBS; i++) {
            jobs[i] = (counted_job){{count_job, NULL}, &all};
            bask_pool_submit(pool, &jobs[i].job);
        }
        bask_pool_stop(pool, discard ? forget_job : NULL);
        oom_check(jobs_run == JOBS, "%d jobs were run or discarded", jobs_run);
    }
}

/* Jobs of a worker's own go into its deque, which grows. */
static bask_pool *busy;
static counted_job inner_jobs[1000];

static void submit_more(bask_job *job)
{
    for (size_t i = 0; i < sizeof inner_jobs / sizeof inner_jobs[0]; i++)
        bask_pool_submit(busy, &inner_jobs[i].job);
    count_job(job);
}

static void pool_from_within(const char *address)
{
    int n = sizeof inner_jobs / sizeof inner_jobs[0];
    bask_pool_options o = {.size = sizeof o, .threads = atoi(address)};
    jobs_run = 0;
    if (!TRY(bask_pool_start(&o, &busy)))
        return;
    bask_latch latch;
    bask_latch_init(&latch, busy, n + 1);
    for (int i = 0; i < n; i++)
        inner_jobs[i] = (counted_job){{count_job, NULL}, &latch};
    counted_job first = {{submit_more, NULL}, &latch};
    bask_pool_submit(busy, &first.job);
    bask_latch_wait(&latch);
    oom_check(jobs_run == n + 1, "%d jobs were run", jobs_run);
    bask_pool_stop(busy, NULL);
}

static void *wait_for_latch(void *latch)
{
    bask_latch_wait(latch);
    return NULL;
}

/* Several threads wait with a pool that has none: each of them may find no memory to work. */
static void pool_of_hosts(const char *address)
{
    enum { HOSTS = 3, JOBS = 50 };
    static counted_job jobs[JOBS];
    bask_pool_options o = {.size = sizeof o, .threads = atoi(address)};
    bask_pool *pool;
    pthread_t hosts[HOSTS];
    int started = 0;
    jobs_run = 0;
    if (!TRY(bask_pool_start(&o, &pool)))
        return;
    bask_latch latch;
    bask_latch_init(&latch, pool, JOBS);
    while (started < HOSTS && pthread_create(&hosts[started], NULL, wait_for_latch, &latch) == 0)
        started++;
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (counted_job){{count_job, NULL}, &latch};
        bask_pool_submit(pool, &jobs[i].job);
    }
    bask_latch_wait(&latch);
    for (int i = 0; i < started; i++)
        pthread_join(hosts[i], NULL);
    oom_check(jobs_run == JOBS, "%d jobs were run", jobs_run);
    bask_pool_stop(pool, NULL);
}

int main(int argc, char **argv)
{
    static const oom_program programs[] = {
        {"open",
         open_and_close,
         {"threads://1", "threads://2?pin=1&spin=50us&stack=256K&name=a&memory=1M&omp=2",
          "threads://", "sync://"}},
        {"two-clients", two_clients, {"threads://2", "sync://"}},
        {"environment", open_named_by_environment, {"threads://", "sync://"}},
        {"wrong-address", wrong_address, {"threads://2?stack=1&nonsense=1", "threads://2?%zz=1"}},
        {"log", logs, {"threads://2"}},
        {"register", registers, {"threads://2"}},
        {"pool", pool_alone, {"2", "-1"}},
        {"pool-within", pool_from_within, {"1", "2", "-1"}},
        {"pool-hosts", pool_of_hosts, {"2", "-1"}},
    };
    return oom_main(argc, argv, programs, sizeof programs / sizeof programs[0]);
}

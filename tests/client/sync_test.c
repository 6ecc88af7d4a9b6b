/* SPDX-License-Identifier: Apache-2.0 */
/* sync:// where several threads use it, and where tasks wait for what is not there yet. */
#include "support/value.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SYNC_TEST(name) Test(sync, name, .timeout = 240)

BASK_KERNEL(int64_t, add, (int64_t, x), (int64_t, y))
{
    return x + y;
}
BASK_KERNEL(int64_t, size_of, (bask_span, s), (int64_t, y))
{
    return (int64_t)s.size + y;
}
BASK_KERNEL(bask_buffer *, bytes, (int64_t, n))
{
    return bask_buffer_new((size_t)n);
}

static bask_future *with_gpu(bask_client *c, int64_t x)
{
    bask_task_options o = {.size = sizeof o, .resources = "gpu:1"};
    bask_future *f = bask_submit_with(c, &o, add, x, 0);
    cr_assert_not_null(f, "%s", bask_last_error());
    return f;
}

/* ---- another thread computes what is an argument ---- */

static sem_t held, release;

BASK_KERNEL(int64_t, holds, (int64_t, x))
{
    sem_post(&held);
    sem_wait(&release);
    return x;
}

static void *hold(void *client)
{
    bask_task_options o = {.size = sizeof o, .resources = "gpu:1"};
    bask_future_free(bask_submit_with((bask_client *)client, &o, holds, 0));
    return NULL;
}

typedef enum how { COMPUTE, COMPUTE_BUFFERS, RUN_PLAN, HOWS } how;

typedef struct caller {
    bask_client *client, *other; /* OTHER: whose worker computes, NULL: none */
    bask_future *pending;
    how how;
    _Atomic int tid;
    atomic_bool returned;
    bask_status status;
    int64_t result;
} caller;

static void compute(caller *k)
{
    bask_graph *g = bask_graph_new(k->client);
    bask_delayed *d = bask_delay(g, add, k->pending, 1);
    if (k->how == COMPUTE_BUFFERS)
        d = bask_delay(g, size_of, bask_delay(g, bytes, 100), d);
    atomic_store(&k->tid, (int)gettid());
    if (k->how == RUN_PLAN) {
        bask_plan *p;
        bask_check(bask_plan_new(k->client, &d, 1, &p));
        k->status = bask_plan_run(p);
        if (k->status == BASK_OK)
            k->status = bask_plan_result(p, 0, &k->result);
        bask_plan_free(p);
    } else {
        bask_future *f;
        bask_check(bask_compute(k->client, &d, 1, &f));
        k->status = bask_result_timeout(f, &k->result, 0); /* it is there when the call returns */
        bask_future_free(f);
    }
    bask_graph_free(g);
    atomic_store(&k->returned, true);
}

BASK_KERNEL(int64_t, computes, (uint64_t, who))
{
    compute((caller *)(uintptr_t)who);
    return 0;
}

static void *call(void *arg)
{
    caller *k = arg;
    if (k->other)
        (void)value(bask_submit(k->other, computes, (uint64_t)(uintptr_t)k));
    else
        compute(k);
    return NULL;
}

static bool asleep(int tid)
{
    char path[64], state = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    FILE *f = fopen(path, "r");
    bool ok = f && fscanf(f, "%*d (%*[^)]) %c", &state) == 1;
    if (f)
        fclose(f);
    return ok && state == 'S';
}

static void waits_for_the_other(const char *address, bask_client *other, how how)
{
    bask_client *c = open_client(address);
    pthread_t holder, caller_thread;
    sem_init(&held, 0, 0);
    sem_init(&release, 0, 0);
    cr_assert_eq(pthread_create(&holder, NULL, hold, c), 0);
    sem_wait(&held);
    caller k = {.client = c, .other = other, .pending = with_gpu(c, 41), .how = how};
    cr_assert_not(bask_future_done(k.pending), "the other thread has the resource");
    cr_assert_eq(pthread_create(&caller_thread, NULL, call, &k), 0);
    while (!atomic_load(&k.returned) && !(atomic_load(&k.tid) && asleep(atomic_load(&k.tid))))
        usleep(100);
    sem_post(&release);
    pthread_join(holder, NULL);
    pthread_join(caller_thread, NULL);
    cr_assert_eq(k.status, BASK_OK, "%s, %d: %s", address, how, bask_status_name(k.status));
    cr_assert_eq(k.result, how == COMPUTE_BUFFERS ? 142 : 42);
    cr_assert_eq(value(k.pending), 41);
    bask_close(c);
}

SYNC_TEST(a_graph_waits_for_what_another_thread_computes)
{
    bask_client *other = open_client("threads://1");
    for (how how = 0; how < HOWS; how++)
        for (int round = 0; round < 5; round++) {
            waits_for_the_other("sync://?resources=gpu", NULL, how);
            waits_for_the_other("sync://?resources=gpu", other, how);
        }
    bask_close(other);
}

SYNC_TEST(a_submitted_task_runs_where_it_becomes_ready)
{
    bask_client *c = open_client("sync://?resources=gpu");
    pthread_t holder;
    sem_init(&held, 0, 0);
    sem_init(&release, 0, 0);
    cr_assert_eq(pthread_create(&holder, NULL, hold, c), 0);
    sem_wait(&held);
    bask_future *first = with_gpu(c, 1), *second = bask_submit(c, add, first, 1);
    cr_assert_not(bask_future_done(first));
    cr_assert_not(bask_future_done(second));
    sem_post(&release);
    pthread_join(holder, NULL);
    cr_assert(bask_future_done(second), "the thread that held the resource has run both");
    cr_assert_eq(value(second), 2);
    bask_future_free(first);
    bask_close(c);
}

/* ---- long chains ---- */

enum { LONG = 100000 };

typedef enum chain_of { SUBMITTED, MAPPED, QUEUED, CHAINS } chain_of;

typedef struct chain {
    bask_client *client;
    chain_of of;
    bask_future *last;
} chain;

static bask_future *link_after(const chain *k, bask_future *before)
{
    bask_future *f = NULL;
    if (k->of == SUBMITTED)
        f = bask_submit(k->client, add, before, 1);
    else if (k->of == MAPPED)
        bask_check(bask_map(k->client, add, 1, &f, bask_each_future(&before), 1));
    else
        f = with_gpu(k->client, LONG);
    return f;
}

/* All of it waits for the resource that this very task has. */
BASK_KERNEL(int64_t, lays_a_chain, (uint64_t, where))
{
    chain *k = (chain *)(uintptr_t)where;
    k->last = with_gpu(k->client, 0);
    for (int i = 0; i < LONG; i++) {
        bask_future *f = link_after(k, k->last);
        bask_future_free(k->last);
        k->last = f;
    }
    return bask_future_done(k->last);
}

SYNC_TEST(a_chain_may_be_as_long_as_one_likes)
{
    bask_client *c = open_client("sync://?resources=gpu");
    for (chain_of of = 0; of < CHAINS; of++) {
        chain k = {.client = c, .of = of};
        bask_task_options o = {.size = sizeof o, .resources = "gpu:1"};
        cr_assert_eq(value(bask_submit_with(c, &o, lays_a_chain, (uint64_t)(uintptr_t)&k)), 0);
        cr_assert(bask_future_done(k.last));
        cr_assert_eq(value(k.last), LONG);
    }
    bask_close(c);
}

/* ---- the order ---- */

static bask_client *ordered;
static bask_future *tree[7];
static char order[8];

BASK_KERNEL(int64_t, notes, (int64_t, before), (int64_t, who))
{
    size_t n = strlen(order);
    order[n] = (char)('a' + who);
    return before;
}

/* a is ready first; b and c come after a, d and e after b, f and g after c */
BASK_KERNEL(int64_t, lays_a_tree, (int64_t, x))
{
    bask_task_options o = {.size = sizeof o, .resources = "gpu:1"};
    tree[0] = bask_submit_with(ordered, &o, notes, x, 0);
    for (int64_t i = 1; i < 7; i++)
        tree[i] = bask_submit(ordered, notes, tree[(i - 1) / 2], i);
    return x;
}

SYNC_TEST(what_becomes_ready_runs_depth_first)
{
    ordered = open_client("sync://?resources=gpu");
    bask_task_options o = {.size = sizeof o, .resources = "gpu:1"};
    (void)value(bask_submit_with(ordered, &o, lays_a_tree, 0));
    cr_assert_str_eq(order, "acgfbed", "the newest listener is told first");
    for (int i = 0; i < 7; i++)
        bask_future_free(tree[i]);
    bask_close(ordered);
}

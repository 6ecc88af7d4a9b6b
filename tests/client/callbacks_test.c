/* SPDX-License-Identifier: Apache-2.0 */
/* Callbacks of futures, and who else is told that one is done. */
#include "client/core.h"
#include "support/clusters.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

static atomic_int opened, entered;

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}
BASK_KERNEL(int64_t, fails, (int64_t, x))
{
    (void)bask_fail(BASK_EKERNEL, "no %d", (int)x);
    return 0;
}
BASK_KERNEL(int64_t, waits, (int64_t, x))
{
    atomic_fetch_add(&entered, 1);
    while (!atomic_load(&opened) && !bask_cancelled())
        sched_yield();
    return x;
}

/* ---- what is called ---- */

typedef struct call {
    _Atomic int count;
    bask_future *future;
    bask_state state;
    pthread_t thread;
    char name[16];
    bool signals_blocked;
} call;

static void note(bask_future *f, void *data)
{
    call *seen = data;
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    seen->signals_blocked = sigismember(&mask, SIGINT) && sigismember(&mask, SIGALRM);
    seen->future = f;
    seen->state = bask_future_state(f);
    seen->thread = pthread_self();
    pthread_getname_np(pthread_self(), seen->name, sizeof seen->name);
    atomic_fetch_add(&seen->count, 1);
}

static void each_end(const char *address)
{
    bask_client *c = open_client(address);
    call seen[4] = {0};
    bask_future *f[4] = {bask_submit(c, inc, 1), bask_submit(c, fails, 1), bask_submit(c, inc, 1)};
    f[3] = bask_submit(c, inc, f[1]);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(bask_future_on_done(f[i], note, &seen[i]), BASK_OK);
    bask_close(c);
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(seen[i].count, 1, "%d of %s", i, address);
        cr_assert_eq(seen[i].future, f[i]);
        cr_assert_eq(seen[i].state, bask_future_state(f[i]));
        cr_assert_neq(seen[i].state, BASK_PENDING);
        cr_assert_str_eq(seen[i].name, "bask-callbacks");
        cr_assert(pthread_equal(seen[i].thread, seen[0].thread));
        cr_assert(seen[i].signals_blocked);
        bask_future_free(f[i]);
    }
}

Test(callbacks, are_called_once_on_their_thread_however_a_future_ends)
{
    each_end("threads://1");
    each_end("threads://4");
    each_end("sync://");
}

Test(callbacks, of_a_future_that_is_done_already_or_freed)
{
    bask_client *c = open_client("threads://2");
    call early = {0}, freed = {0};
    bask_future *f = bask_submit(c, inc, 1);
    cr_assert_eq(bask_wait(&f, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    cr_assert_eq(bask_future_on_done(f, note, &early), BASK_OK);
    bask_future_free(f);
    f = bask_submit(c, inc, 2);
    cr_assert_eq(bask_future_on_done(f, note, &freed), BASK_OK);
    bask_future_free(f);
    bask_close(c);
    cr_assert_eq(early.count, 1);
    cr_assert_eq(early.state, BASK_FINISHED);
    cr_assert_eq(freed.count, 1);
}

Test(callbacks, of_cancelled_futures_and_of_those_that_closing_cancels)
{
    bask_client *c = open_client("threads://1");
    call running = {0}, cancelled = {0}, closed = {0};
    atomic_store(&opened, 0), atomic_store(&entered, 0);
    bask_future *f = bask_submit(c, waits, 1), *g = bask_submit(c, inc, 1),
                *h = bask_submit(c, inc, f);
    while (!atomic_load(&entered))
        sched_yield();
    cr_assert_eq(bask_future_on_done(f, note, &running), BASK_OK);
    cr_assert_eq(bask_future_on_done(g, note, &cancelled), BASK_OK);
    cr_assert_eq(bask_future_on_done(h, note, &closed), BASK_OK);
    bask_cancel(g);
    while (!atomic_load(&cancelled.count))
        sched_yield(); /* it is not kept waiting by the kernel that runs */
    cr_assert_eq(running.count, 0);
    bask_close(c);
    cr_assert_eq(cancelled.state, BASK_CANCELLED);
    cr_assert_eq(running.state, BASK_CANCELLED);
    cr_assert_eq(closed.state, BASK_CANCELLED);
    cr_assert_eq(bask_future_on_done(f, note, &closed), BASK_ECLOSED);
    bask_future_free(f), bask_future_free(g), bask_future_free(h);
}

Test(callbacks, wrong_calls)
{
    bask_client *c = open_client("sync://");
    bask_future *f = bask_submit(c, inc, 1);
    cr_assert_eq(bask_future_on_done(NULL, note, NULL), BASK_EINVAL);
    cr_assert_eq(bask_future_on_done(f, NULL, NULL), BASK_EINVAL);
    cr_assert(strstr(bask_last_error(), "the function is NULL"));
    bask_future_free(f);
    bask_close(c);
}

/* ---- order ---- */

enum { CHAIN = 400 };
static int order[CHAIN], nordered;

static void put_in_order(bask_future *f, void *data)
{
    (void)f;
    order[nordered++] = (int)(intptr_t)data; /* one after the other, so without a lock */
}

static void in_order(const char *address)
{
    bask_client *c = open_client(address);
    bask_future *f[CHAIN];
    atomic_store(&opened, 0), atomic_store(&entered, 0), nordered = 0;
    bool sync = strcmp(address, "sync://") == 0;
    f[0] = sync ? bask_submit(c, inc, 0) : bask_submit(c, waits, 0);
    for (intptr_t i = 1; i < CHAIN; i++)
        f[i] = bask_submit(c, inc, f[i - 1]);
    for (intptr_t i = 0; i < CHAIN; i++)
        cr_assert_eq(bask_future_on_done(f[i], put_in_order, (void *)i), BASK_OK);
    atomic_store(&opened, 1);
    cr_assert_eq(bask_wait(f, CHAIN, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    bask_close(c);
    cr_assert_eq(nordered, CHAIN);
    for (int i = 0; i < CHAIN; i++)
        cr_assert_eq(order[i], i, "place %d of %s is %d's", i, address, order[i]);
    for (int i = 0; i < CHAIN; i++)
        bask_future_free(f[i]);
}

Test(callbacks, come_in_the_order_in_which_futures_became_done)
{
    in_order("sync://");
    for (int i = 0; i < 30; i++) {
        in_order("threads://4");
        in_order("threads://1");
    }
}

Test(callbacks, of_one_future_come_in_the_order_of_the_calls)
{
    bask_client *c = open_client("threads://2");
    atomic_store(&opened, 0), nordered = 0;
    bask_future *f = bask_submit(c, waits, 0);
    for (intptr_t i = 0; i < CHAIN; i++)
        cr_assert_eq(bask_future_on_done(f, put_in_order, (void *)i), BASK_OK);
    atomic_store(&opened, 1);
    bask_close(c);
    for (int i = 0; i < CHAIN; i++)
        cr_assert_eq(order[i], i);
    bask_future_free(f);
}

/* ---- what a callback may do ---- */

typedef struct chain {
    bask_client *client;
    int left;
    _Atomic int64_t last;
    call at_close;
} chain;

static void go_on(bask_future *f, void *data)
{
    chain *all = data;
    int64_t x = 0;
    cr_assert_eq(bask_result(f, &x), BASK_OK);
    if (all->left-- > 0) {
        bask_future *next = bask_submit(all->client, inc, f),
                    *other = bask_submit(all->client, inc, 0);
        cr_assert_eq(bask_result(other, &x), BASK_OK);
        cr_assert_eq(bask_future_on_done(next, go_on, all), BASK_OK);
        bask_future_free(next);
        bask_future_free(other);
    } else {
        atomic_store(&all->last, x);
    }
}

static void submits(bask_client *c)
{
    chain all = {.client = c, .left = 50};
    bask_future *f = bask_submit(c, inc, 0);
    cr_assert_eq(bask_future_on_done(f, go_on, &all), BASK_OK);
    bask_future_free(f);
    while (!atomic_load(&all.last))
        sched_yield();
    cr_assert_eq(all.last, 51);
}

Test(callbacks, may_submit_and_wait_and_ask_for_more)
{
    each_cluster(submits);
}

static void at_close(bask_future *f, void *data)
{
    chain *all = data;
    atomic_store(&entered, 1);
    while (!atomic_load(&all->client->closed))
        sched_yield();
    cr_assert_null(bask_submit(all->client, inc, f));
    cr_assert_eq(bask_future_on_done(f, note, data), BASK_ECLOSED);
    all->left = -1;
}

Test(callbacks, that_run_while_the_client_closes_are_waited_for)
{
    chain all = {.client = open_client("threads://2")};
    call second = {0};
    bask_future *f = bask_submit(all.client, inc, 0);
    atomic_store(&entered, 0);
    cr_assert_eq(bask_future_on_done(f, at_close, &all), BASK_OK);
    cr_assert_eq(bask_future_on_done(f, note, &second), BASK_OK);
    while (!atomic_load(&entered))
        sched_yield();
    bask_close(all.client);
    cr_assert_eq(all.left, -1);
    cr_assert_eq(second.count, 1);
    bask_future_free(f);
}

/* A callback submits all the time, also at the very moment of closing. */
static void submit_on(bask_future *f, void *data)
{
    bask_future *next = bask_submit(data, inc, f);
    if (next && bask_future_on_done(next, submit_on, data) == BASK_OK)
        atomic_fetch_add(&entered, 1);
    bask_future_free(next);
}

Test(callbacks, may_submit_at_the_very_moment_of_closing)
{
    for (int i = 0; i < 200; i++) {
        bask_client *c = open_client(i % 2 ? "threads://2" : "sync://");
        atomic_store(&entered, 0);
        bask_future *f = bask_submit(c, inc, 0);
        cr_assert_eq(bask_future_on_done(f, submit_on, c), BASK_OK);
        bask_future_free(f);
        while (atomic_load(&entered) < i)
            sched_yield();
        bask_close(c);
    }
}

/* ---- listeners run outside of locks ---- */

static bask_future *first;
static bask_client *sync_client;
static _Atomic(bask_future *) awaiting;

BASK_KERNEL(int64_t, submits_more, (int64_t, x))
{
    /* looks for listeners, whose lock nobody may hold now */
    bask_future *f = bask_submit(sync_client, inc, first);
    int64_t y = 0;
    cr_assert_eq(bask_result(f, &y), BASK_OK);
    bask_future_free(f);
    return x + y;
}

static void *submit_behind(void *none)
{
    while (!atomic_load(&entered))
        sched_yield();
    atomic_store(&awaiting, bask_submit(sync_client, submits_more, first));
    atomic_store(&opened, 1);
    return none;
}

Test(listeners, may_run_whole_tasks, .timeout = 60)
{
    pthread_t thread;
    sync_client = open_client("sync://");
    bask_graph *g = bask_graph_new(sync_client);
    bask_delayed *d = bask_delay(g, waits, 5);
    atomic_store(&opened, 0), atomic_store(&entered, 0);
    pthread_create(&thread, NULL, submit_behind, NULL);
    cr_assert_eq(bask_compute(sync_client, &d, 1, &first), BASK_OK);
    pthread_join(thread, NULL);
    int64_t x = 0;
    cr_assert_eq(bask_result(awaiting, &x), BASK_OK);
    cr_assert_eq(x, 5 + 6);
    bask_future_free(first), bask_future_free(awaiting);
    bask_graph_free(g);
    bask_close(sync_client);
}

static void *cancel_behind(void *none)
{
    while (!atomic_load(&entered))
        sched_yield();
    bask_future *f = bask_submit(sync_client, inc, first);
    bask_cancel(first); /* which runs what waits for it */
    cr_assert_eq(bask_future_state(f), BASK_CANCELLED);
    bask_future_free(f);
    return none;
}

Test(listeners, may_run_whole_tasks_in_a_cancellation, .timeout = 60)
{
    pthread_t thread;
    sync_client = open_client("sync://");
    bask_graph *g = bask_graph_new(sync_client);
    bask_delayed *d = bask_delay(g, waits, 5);
    atomic_store(&opened, 0), atomic_store(&entered, 0);
    pthread_create(&thread, NULL, cancel_behind, NULL);
    cr_assert_eq(bask_compute(sync_client, &d, 1, &first), BASK_OK);
    pthread_join(thread, NULL);
    cr_assert_eq(bask_future_state(first), BASK_CANCELLED);
    bask_future_free(first);
    bask_graph_free(g);
    bask_close(sync_client);
}

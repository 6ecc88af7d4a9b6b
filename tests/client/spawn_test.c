/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels that spawn calls of kernels: values, failures and cancellation come back to the task. */
#include "client/core.h"
#include "support/clusters.h"
#include "support/draw.h"
#include <pthread.h>

BASK_KERNEL(int64_t, fib, (int64_t, n))
{
    if (n < 2)
        return n;
    bask_spawn(first, fib, n - 1);
    int64_t second = bask_call(fib, n - 2);
    return bask_sync(first) + second;
}

static int64_t plain_fib(int64_t n)
{
    return n < 2 ? n : plain_fib(n - 1) + plain_fib(n - 2);
}

/* ---- values ---- */

static void computes(bask_client *c)
{
    for (int64_t n = 0; n < 24; n++) {
        int64_t x = -1;
        cr_assert_eq(bask_invoke(c, &x, fib, n), BASK_OK, "%s", bask_last_error());
        cr_assert_eq(x, plain_fib(n));
    }
    cr_assert_eq(bask_invoke(c, NULL, fib, 5), BASK_OK);
    bask_future *f[8];
    for (int64_t n = 0; n < 8; n++)
        f[n] = bask_submit(c, fib, 10 + n);
    for (int64_t n = 0, x; n < 8; n++) {
        cr_assert_eq(bask_result(f[n], &x), BASK_OK);
        cr_assert_eq(x, plain_fib(10 + n));
        bask_future_free(f[n]);
    }
}
Test(spawn, gives_the_value_of_the_call)
{
    each_cluster(computes);
}

Test(spawn, works_on_a_thread_that_is_no_worker)
{
    bask_spawn(x, fib, 15);
    cr_assert_eq(bask_sync(x), plain_fib(15));
    cr_assert_eq(fib(15), plain_fib(15));
}

typedef struct place {
    int *of;
} place;
BASK_KERNEL(void, set_one, (place, p))
{
    *p.of = 1;
}
static int left_behind_state;
BASK_KERNEL(void, set_static)
{
    left_behind_state++;
}
BASK_KERNEL(int, of_everything, (int8_t, a), (double, b), (place, p), (bool, d))
{
    bask_spawn(nothing, set_static);
    bask_spawn(one, set_one, p);
    bask_sync(one);
    bask_sync(nothing);
    return a + (int)b + d;
}
static void any_parameters(bask_client *c)
{
    int set = 0, x = 0;
    left_behind_state = 0;
    cr_assert_eq(bask_invoke(c, &x, of_everything, 1, 2.5, (place){&set}, true), BASK_OK);
    cr_assert(x == 4 && set == 1 && left_behind_state == 1);
}
Test(spawn, takes_any_kernel)
{
    each_cluster(any_parameters);
}

enum { MANY = 1000 };
BASK_KERNEL(int64_t, sum_of_many, (int64_t, order))
{
    static const int steps[] = {1, 7, MANY - 1};
    bask_spawned(fib) calls[MANY];
    int64_t sum = 0;
    for (int i = 0; i < MANY; i++)
        bask_spawn_at(&calls[i], fib, i % 12);
    for (int i = 0, at = 0; i < MANY; i++, at = (at + steps[order]) % MANY)
        sum += bask_sync_at(&calls[at], fib);
    return sum;
}
static void any_order(bask_client *c)
{
    int64_t expected = 0, x;
    for (int i = 0; i < MANY; i++)
        expected += plain_fib(i % 12);
    for (int64_t order = 0; order < 3; order++) {
        cr_assert_eq(bask_invoke(c, &x, sum_of_many, order), BASK_OK);
        cr_assert_eq(x, expected);
    }
}
Test(spawn, may_be_synced_in_any_order)
{
    each_cluster(any_order);
}

BASK_KERNEL(int64_t, depth_of, (int64_t, n))
{
    if (n == 0)
        return 0;
    bask_spawn(below, depth_of, n - 1);
    return bask_sync(below) + 1;
}
static void nest(bask_client *c)
{
    int64_t x;
    cr_assert_eq(bask_invoke(c, &x, depth_of, 10000), BASK_OK);
    cr_assert_eq(x, 10000);
}
Test(spawn, nests_deeply)
{
    each_cluster(nest);
}

/* ---- children that go out of scope ---- */

static _Atomic int left;
BASK_KERNEL(int, count_left, (int, n))
{
    atomic_fetch_add(&left, n);
    return n;
}
BASK_KERNEL(int, returns_early, (int, n))
{
    bask_spawn(a, count_left, n);
    bask_spawn(b, count_left, 10 * n);
    if (n > 0)
        return bask_sync(b);
    return bask_sync(b) + bask_sync(a);
}
static void leave(bask_client *c)
{
    for (int i = 1, x; i < 100; i++) {
        atomic_store(&left, 0);
        cr_assert_eq(bask_invoke(c, &x, returns_early, i), BASK_OK);
        cr_assert_eq(x, 10 * i);
        cr_assert_eq(atomic_load(&left), 11 * i, "the call that was not synced has been made");
    }
}
Test(spawn, is_synced_by_the_end_of_its_scope)
{
    each_cluster(leave);
}

/* ---- failures ---- */

BASK_KERNEL(int64_t, fails_at, (int64_t, n), (int64_t, bad))
{
    if (n == bad)
        bask_fail(BASK_EIO, "leaf %d", (int)n);
    return n;
}
BASK_KERNEL(int64_t, tree, (int64_t, from), (int64_t, to), (int64_t, bad))
{
    if (to - from == 1)
        return bask_call(fails_at, from, bad);
    int64_t middle = from + (to - from) / 2;
    bask_spawn(left_half, tree, from, middle, bad);
    int64_t right = bask_call(tree, middle, to, bad);
    return bask_sync(left_half) + right;
}
static void failures(bask_client *c)
{
    for (int64_t bad = -1; bad < 64; bad++) {
        int64_t x = -5;
        bask_status status = bask_invoke(c, &x, tree, 0, 64, bad);
        cr_assert_eq(status, bad < 0 ? BASK_OK : BASK_EIO, "%d: %s", (int)bad,
                     bask_status_name(status));
        cr_assert_eq(x, bad < 0 ? 64 * 63 / 2 : -5, "a failed call stores nothing");
        char text[64];
        snprintf(text, sizeof text, "tree failed: leaf %d", (int)bad);
        if (bad >= 0)
            cr_assert_str_eq(bask_last_error(), text);

        bask_future *f = bask_submit(c, tree, 0, 64, bad), *next = bask_submit(c, fails_at, f, -1);
        cr_assert_eq(bask_wait(&next, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
        cr_assert_eq(bask_future_status(f), bad < 0 ? BASK_OK : BASK_EIO);
        if (bad >= 0)
            cr_assert_str_eq(bask_future_error(f), text);
        if (bad >= 0)
            cr_assert_eq(bask_future_status(next), BASK_EUPSTREAM);
        bask_future_free(next);
        bask_future_free(f);
        if (bad < 0)
            bad = 0;
    }
}
Test(spawn, fails_the_task_that_it_belongs_to, .timeout = 120)
{
    each_cluster(failures);
}

/* A call on another thread sees that its task has failed; a task of a thief does not. */
typedef struct meeting {
    atomic_bool stolen, failed;
} meeting;
BASK_KERNEL(bool, sees_failure, (meeting *, m))
{
    atomic_store(&m->stolen, true);
    while (!atomic_load(&m->failed))
        if (bask_cancelled())
            return true;
    return bask_cancelled();
}
BASK_KERNEL(bool, fails_meanwhile, (meeting *, m))
{
    bask_spawn(other, sees_failure, m);
    bask_spawn(nothing, set_static); /* lets the other one go public */
    while (!atomic_load(&m->stolen))
        bask_call(fib, 5);
    bask_fail(BASK_EIO, "on purpose");
    atomic_store(&m->failed, true);
    bask_sync(nothing);
    if (!bask_sync(other))
        bask_fail(BASK_EKERNEL, "not seen"); /* the first failure counts: see below */
    return bask_cancelled();
}
static bool other_saw_it;
BASK_KERNEL(bool, notes, (meeting *, m))
{
    bask_spawn(other, sees_failure, m);
    while (!atomic_load(&m->stolen))
        bask_call(fib, 5);
    bask_fail(BASK_EIO, "on purpose");
    atomic_store(&m->failed, true);
    other_saw_it = bask_sync(other);
    return true;
}
Test(spawn, sees_that_its_task_has_failed)
{
    bask_client *c = open_client("threads://2");
    meeting m = {false, false};
    bool x;
    cr_assert_eq(bask_invoke(c, &x, notes, &m), BASK_EIO);
    cr_assert(other_saw_it);
    m = (meeting){false, false};
    cr_assert_eq(bask_invoke(c, &x, fails_meanwhile, &m), BASK_EIO);
    cr_assert_str_eq(bask_last_error(), "fails_meanwhile failed: on purpose");
    bask_close(c);
}

/* ---- cancellation ---- */

typedef struct gatepost {
    atomic_int waiting;
} gatepost;
BASK_KERNEL(int, until_cancelled, (gatepost *, g))
{
    atomic_fetch_add(&g->waiting, 1);
    while (!bask_cancelled())
        ;
    return 0;
}
BASK_KERNEL(int, both_until_cancelled, (gatepost *, g))
{
    bask_spawn(other, until_cancelled, g);
    while (atomic_load(&g->waiting) == 0)
        bask_call(fib, 5);
    int x = bask_call(until_cancelled, g);
    return bask_sync(other) + x;
}
Test(spawn, is_cancelled_with_its_task)
{
    bask_client *c = open_client("threads://2");
    static gatepost g[50]; /* they outlive the kernels, which may end after their futures */
    for (int i = 0; i < 50; i++) {
        bask_future *f = bask_submit(c, both_until_cancelled, &g[i]);
        while (atomic_load(&g[i].waiting) < 2)
            ;
        cr_assert_eq(bask_cancel(f), BASK_OK);
        cr_assert_eq(bask_wait(&f, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
        cr_assert_eq(bask_future_state(f), BASK_CANCELLED);
        bask_future_free(f);
    }
    bask_close(c);
}

/* ---- tasks within tasks ---- */

static bask_client *another;
BASK_KERNEL(int64_t, invokes, (bask_client *, c), (int64_t, n))
{
    int64_t x = 0;
    bask_spawn(mine, fib, n);
    if (bask_invoke(c, &x, fib, n) != BASK_OK)
        return -1;
    /* a failure of an inner call is the caller's to handle, not its own */
    if (bask_invoke(c, &x, fails_at, n, n) != BASK_EIO)
        return -2;
    if (bask_invoke(another, &x, fib, n) != BASK_OK)
        return -3;
    /* an inner task must not take over what its outer one has spawned: it would get its failures */
    bask_spawn(bad, fails_at, n, n);
    bask_status status = bask_invoke(c, &x, fib, n);
    if (status == BASK_OK)
        status = bask_invoke(another, &x, fib, n);
    (void)bask_sync(bad);
    if (status != BASK_OK)
        bask_fail(BASK_EKERNEL, "an inner task got a failure that was not its own");
    return bask_sync(mine) + x;
}
static void nested(bask_client *c)
{
    static const char *const addresses[] = {"threads://2", "sync://"};
    for (int a = 0; a < 2; a++) {
        another = open_client(addresses[a]);
        for (int i = 0; i < 20; i++) {
            int64_t x;
            bask_status status = bask_invoke(c, &x, invokes, c, 12);
            cr_assert_eq(status, BASK_EIO, "%s", bask_last_error());
            cr_assert_str_eq(bask_last_error(), "invokes failed: leaf 12");
        }
        bask_close(another);
    }
}
Test(spawn, keeps_tasks_apart)
{
    each_cluster(nested);
}

typedef struct foreign {
    bask_job job;
    bask_latch done;
} foreign;
static void fail_outside(bask_job *job)
{
    bask_fail(BASK_EIO, "outside any task");
    bask_latch_down(&((foreign *)job)->done);
}
BASK_KERNEL(int, waits_for_job, (bask_client *, c))
{
    foreign f = {.job.run = fail_outside};
    bask_latch_init(&f.done, c->pool, 1);
    bask_pool_submit(c->pool, &f.job);
    bask_latch_wait(&f.done); /* runs it on this stack */
    return 1;
}
Test(spawn, leaves_jobs_outside_the_task)
{
    bask_client *c = open_client("threads://1");
    int x = 0;
    cr_assert_eq(bask_invoke(c, &x, waits_for_job, c), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(x, 1);
    bask_close(c);
}

/* ---- many threads ---- */

static void *invokes_often(void *client)
{
    for (int i = 0; i < 200; i++) {
        int64_t x = 0;
        cr_assert_eq(bask_invoke(client, &x, tree, 0, 100, i % 3 ? -1 : i / 3),
                     i % 3 ? BASK_OK : BASK_EIO);
        cr_assert_eq(x, i % 3 ? 4950 : 0);
    }
    return NULL;
}
static void hosts(bask_client *c)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, invokes_often, c);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}
Test(spawn, is_open_to_several_host_threads, .timeout = 300)
{
    each_cluster(hosts);
}

Test(invoke, says_what_is_wrong)
{
    int64_t x = 7;
    cr_assert_eq(bask_invoke(NULL, &x, fib, 5), BASK_EINVAL);
    cr_assert_eq(x, 7);
}

Test(invoke, counts_tasks)
{
    static const char *const addresses[] = {"threads://1", "sync://"};
    for (int a = 0; a < 2; a++) {
        bask_client *c = open_client(addresses[a]);
        bask_pool_stats before, after;
        int64_t x;
        bask_client_stats(c, &before);
        for (int i = 0; i < 10; i++)
            cr_assert_eq(bask_invoke(c, &x, fib, 1), BASK_OK);
        bask_client_stats(c, &after);
        cr_assert_eq(after.tasks - before.tasks, 10);
        bask_close(c);
    }
}

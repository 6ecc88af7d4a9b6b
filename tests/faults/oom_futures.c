/* SPDX-License-Identifier: Apache-2.0 */
/* Refused requests while tasks are submitted, waited for and cancelled. */
#include "faults/oom.h"

#include <sched.h>

static bask_client *client;

BASK_KERNEL(int64_t, leaf, (int64_t, x))
{
    return x;
}
BASK_KERNEL(int64_t, sum, (int64_t, x), (int64_t, y))
{
    return x + y;
}
BASK_KERNEL(int64_t, fails, (int64_t, x))
{
    bask_fail(BASK_EKERNEL, "%lld is refused", (long long)x);
    return x;
}
/* Cancelled before it is done, or else after it. */
BASK_KERNEL(int64_t, until_cancelled, (int64_t, x))
{
    while (!bask_cancelled())
        sched_yield();
    return x;
}
/* X tasks below this one, each of which waits for the next. */
BASK_KERNEL(int64_t, nested, (int64_t, x))
{
    if (x == 0)
        return 0;
    bask_future *f = bask_submit(client, nested, x - 1);
    if (!f || bask_result(f, &x) != BASK_OK)
        bask_fail(BASK_ENOMEM, "%s", bask_last_error());
    bask_future_free(f);
    return x + 1;
}
BASK_KERNEL(int64_t, computes, (int64_t, n))
{
    int64_t x = -1;
    bask_future *f = NULL;
    bask_graph *g = bask_graph_new(client);
    bask_delayed *d = g ? bask_delay(g, sum, bask_delay(g, leaf, n), bask_delay(g, leaf, 1)) : NULL;
    if (!d || bask_compute(client, &d, 1, &f) != BASK_OK || bask_result(f, &x) != BASK_OK)
        bask_fail(BASK_ENOMEM, "%s", bask_last_error());
    bask_future_free(f);
    bask_graph_free(g);
    return x;
}
BASK_KERNEL_UNTYPED(int64_t, total)
{
    int64_t all = 0, x;
    for (size_t i = 0; i < bask_task_argument_count(task); i++) {
        bask_status status = bask_task_int64(task, i, &x);
        if (status != BASK_OK)
            return status;
        all += x;
    }
    return bask_return(task, &all);
}

/* A tree of tasks, submitted from the leaves up. */
static void tree(const char *address)
{
    enum { LEAVES = 16 };
    bask_future *f[LEAVES] = {NULL}, *all = NULL;
    bask_arg args[LEAVES];
    bool ok = true;
    if (!oom_open(address, &client))
        return;
    for (int i = 0; i < LEAVES; i++)
        ok = TRY_NEW(f[i] = bask_submit(client, leaf, i)) && ok;
    for (int i = 0; i < LEAVES; i++)
        args[i] = bask_arg_future(f[i]);
    if (ok)
        (void)TRY_NEW(all = bask_submit_array(client, &total_kernel, args, LEAVES));
    oom_value(all, LEAVES * (LEAVES - 1) / 2);
    for (int n = LEAVES; ok && n > 1; n /= 2)
        for (int i = 0; ok && i < n / 2; i++) {
            bask_future *pair = NULL;
            ok = TRY_NEW(pair = bask_submit(client, sum, f[i], f[n - 1 - i]));
            bask_future_free(f[i]);
            f[i] = pair;
        }
    if (ok) {
        oom_value(f[0], LEAVES * (LEAVES - 1) / 2);
        f[0] = NULL;
    }
    for (int i = 0; i < LEAVES; i++)
        bask_future_free(f[i]);
    bask_close(client);
}

static void tasks_in_tasks(const char *address)
{
    bask_future *a = NULL, *b = NULL;
    if (!oom_open(address, &client))
        return;
    (void)TRY_NEW(a = bask_submit(client, nested, 12));
    (void)TRY_NEW(b = bask_submit(client, computes, 5));
    oom_value(a, 12);
    oom_value(b, 6);
    bask_close(client);
}

static void waits(const char *address)
{
    enum { N = 3 };
    bask_future *f[N] = {NULL};
    bool ok = true;
    if (!oom_open(address, &client))
        return;
    for (int i = 0; i < N; i++)
        ok = TRY_NEW(f[i] = bask_submit(client, until_cancelled, i)) && ok;
    size_t which = N;
    if (ok) {
        bask_status status = bask_wait(f, N, BASK_ANY, 0, &which);
        oom_check(status == BASK_ETIMEDOUT || (status == BASK_ENOMEM && oom_may_fail()), "%s",
                  bask_status_name(status));
        oom_check(bask_wait(f, N, BASK_ALL, 1, NULL) == BASK_ETIMEDOUT, "they are not done");
        oom_check(bask_cancel(f[1]) == BASK_OK, "cancel");
        if (TRY(bask_wait(f, N, BASK_ANY, BASK_FOREVER, &which)))
            oom_check(which == 1, "%zu is not done", which);
    }
    for (int i = 0; i < N; i++)
        if (f[i])
            oom_check(bask_cancel(f[i]) == BASK_OK && bask_future_state(f[i]) == BASK_CANCELLED &&
                          bask_future_error(f[i])[0],
                      "cancel");
    if (ok)
        (void)TRY(bask_wait(f, N, BASK_ALL, BASK_FOREVER, NULL));
    for (int i = 0; i < N; i++)
        bask_future_free(f[i]);
    bask_close(client);
}

static void failures(const char *address)
{
    bask_future *bad = NULL, *next = NULL, *last = NULL;
    if (!oom_open(address, &client))
        return;
    if (TRY_NEW(bad = bask_submit(client, fails, 1)) &&
        TRY_NEW(next = bask_submit(client, leaf, bad)))
        (void)TRY_NEW(last = bask_submit(client, sum, next, bad));
    oom_failure(last, BASK_EUPSTREAM);
    oom_failure(next, BASK_EUPSTREAM);
    oom_failure(bad, BASK_EKERNEL);
    bask_close(client);
}

/* ---- callbacks ---- */

static _Atomic int called;

static void count_call(bask_future *f, void *data)
{
    oom_check(bask_future_done(f) && data == &called, "a callback of a future that is pending");
    called++;
}

/* Those that were promised are called, and no others. */
static void callbacks(const char *address)
{
    enum { N = 6 };
    bask_future *f[N] = {NULL};
    int promised = 0;
    called = 0;
    if (!oom_open(address, &client))
        return;
    for (int i = 0; i < N; i++)
        if (i % 3 == 2 ? TRY_NEW(f[i] = bask_submit(client, fails, i))
                       : TRY_NEW(f[i] = bask_submit(client, leaf, i)))
            for (int times = 0; times < 2; times++)
                promised += TRY(bask_future_on_done(f[i], count_call, &called));
    for (int i = 0; i < N; i++)
        if (i % 3 == 2)
            oom_failure(f[i], BASK_EKERNEL);
        else
            oom_value(f[i], i);
    bask_close(client);
    oom_check(called == promised, "%d callbacks instead of %d", called, promised);
}

/* Closed over work that has not started, and futures that outlive it. */
static void close_early(const char *address)
{
    enum { N = 20 };
    bask_future *f[N] = {NULL}, *forever = NULL;
    if (!oom_open(address, &client))
        return;
    (void)TRY_NEW(forever = bask_submit(client, until_cancelled, 1));
    for (int i = 0; i < N; i++)
        (void)TRY_NEW(f[i] = bask_submit(client, leaf, i));
    if (forever)
        oom_check(bask_cancel(forever) == BASK_OK, "cancel");
    bask_close(client);
    for (int i = 0; i < N; i++) {
        oom_check(!f[i] || bask_future_done(f[i]), "a future of a closed client is pending");
        if (bask_future_state(f[i]) == BASK_FINISHED) {
            oom_value(f[i], i);
            continue;
        }
        oom_check(!f[i] || bask_future_error(f[i])[0], "no reason why it has not run");
        bask_future_free(f[i]);
    }
    bask_future_free(forever);
}

int main(int argc, char **argv)
{
    static const oom_program programs[] = {
        {"tree", tree, {"threads://1", "threads://2", "sync://"}},
        {"tasks-in-tasks", tasks_in_tasks, {"threads://1", "threads://2", "sync://"}},
        {"waits", waits, {"threads://2"}},
        {"failures", failures, {"threads://2", "sync://"}},
        {"callbacks", callbacks, {"threads://2", "sync://"}},
        {"close-early", close_early, {"threads://1"}},
    };
    return oom_main(argc, argv, programs, sizeof programs / sizeof programs[0]);
}

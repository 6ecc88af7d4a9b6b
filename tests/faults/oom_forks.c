/* SPDX-License-Identifier: Apache-2.0 */
/* Refused requests during spawns, loops and reductions: where helpers cannot be had there is always the
 * caller, so most of this comes out right without any memory. */
#include "faults/oom.h"

#include <string.h>

static bask_client *client;

BASK_KERNEL(int64_t, fib, (int64_t, n))
{
    if (n < 2)
        return n;
    bask_spawn(first, fib, n - 1);
    int64_t second = bask_call(fib, n - 2);
    return bask_sync(first) + second;
}

/* More children at once than a deque has room for at first. */
BASK_KERNEL(int64_t, many, (int64_t, n))
{
    enum { MOST = 700 };
    bask_spawned(fib) child[MOST];
    int64_t sum = 0;
    for (int i = 0; i < n && i < MOST; i++)
        bask_spawn_at(&child[i], fib, i % 9);
    for (int i = (int)(n < MOST ? n : MOST); i-- > 0;)
        sum += bask_sync_at(&child[i], fib);
    return sum;
}
enum {
    MANY = 700,
    MANY_SUM = 77 * (0 + 1 + 1 + 2 + 3 + 5 + 8 + 13 + 21) + 0 + 1 + 1 + 2 + 3 + 5 + 8
};

BASK_KERNEL(int64_t, fails_below, (int64_t, n))
{
    if (n == 0) {
        bask_fail(BASK_EKERNEL, "the bottom is reached");
        return 0;
    }
    bask_spawn(below, fails_below, n - 1);
    return bask_sync(below);
}

/* What must fail does, with STATUS or for want of memory to keep it. */
static void must_fail(bask_status is, bask_status status)
{
    oom_check(is == status || (is == BASK_ENOMEM && oom_may_fail()), "%s", bask_status_name(is));
    oom_check(bask_last_error()[0], "no message");
}

static void spawns(const char *address)
{
    int64_t x = -1;
    bask_future *f = NULL;
    if (!oom_open(address, &client))
        return;
    if (TRY(bask_invoke(client, &x, fib, 15)))
        oom_check(x == 610, "fib is %lld", (long long)x);
    if (TRY(bask_invoke(client, &x, many, MANY)))
        oom_check(x == MANY_SUM, "many is %lld, not %d", (long long)x, MANY_SUM);
    must_fail(bask_invoke(client, &x, fails_below, 5), BASK_EKERNEL);
    if (TRY_NEW(f = bask_submit(client, many, MANY)))
        oom_value(f, MANY_SUM);
    bask_close(client);
}

/* ---- loops ---- */

enum { N = 20000, CHUNK = 64 };
static int64_t values[N];

static void set(int64_t from, int64_t to, void *data)
{
    (void)data;
    for (int64_t i = from; i < to; i++)
        values[i] = i;
}
static void set_2d(bask_range rows, bask_range columns, void *data)
{
    (void)data;
    for (int64_t r = rows.from; r < rows.to; r++)
        for (int64_t c = columns.from; c < columns.to; c++)
            values[r * 100 + c] = r + c;
}
static void fail_at(int64_t from, int64_t to, void *data)
{
    int64_t at = *(int64_t *)data;
    if (from <= at && at < to)
        bask_fail(BASK_EKERNEL, "index %lld is refused", (long long)at);
}
static void fold(int64_t from, int64_t to, void *value, void *data)
{
    (void)data;
    for (int64_t i = from; i < to; i++)
        *(int64_t *)value += i;
}
static void combine(void *left, const void *right, void *data)
{
    (void)data;
    *(int64_t *)left += *(const int64_t *)right;
}
static void scan(int64_t from, int64_t to, const void *before, void *data)
{
    int64_t sum = *(const int64_t *)before;
    (void)data;
    for (int64_t i = from; i < to; i++)
        values[i] = sum += i;
}

static void all_loops(bask_client *c)
{
    static const int64_t zero;
    const bask_reduction r = {sizeof r, sizeof zero, &zero, fold, combine, CHUNK};
    int64_t sum = -1, at = N / 3;
    memset(values, 0, sizeof values);
    if (TRY(bask_for(c, 0, N, set, NULL)))
        for (int64_t i = 0; i < N; i++)
            oom_check(values[i] == i, "value %lld is missing", (long long)i);
    if (TRY(bask_for_2d(c, (bask_range){0, 200}, (bask_range){0, 100}, set_2d, NULL)))
        for (int64_t i = 0; i < N; i++)
            oom_check(values[i] == i / 100 + i % 100, "value %lld is missing", (long long)i);
    if (TRY(bask_reduce(c, 0, N, &r, NULL, &sum)))
        oom_check(sum == (int64_t)N * (N - 1) / 2, "the sum is %lld", (long long)sum);
    else
        oom_check(sum == -1, "a reduction that failed touched its result");
    sum = -1;
    if (TRY(bask_scan(c, 0, N, &r, scan, NULL, &sum)))
        for (int64_t i = 0; i < N; i++)
            oom_check(values[i] == i * (i + 1) / 2, "prefix %lld is wrong", (long long)i);
    must_fail(bask_for(c, 0, N, fail_at, &at), BASK_EKERNEL);
}

BASK_KERNEL(int64_t, loops_inside, (int64_t, x))
{
    all_loops(NULL);
    return x;
}

static void loops(const char *address)
{
    bask_future *f = NULL;
    if (!oom_open(address, &client))
        return;
    all_loops(client);
    if (TRY_NEW(f = bask_submit(client, loops_inside, 3)))
        oom_value(f, 3);
    bask_close(client);
}

int main(int argc, char **argv)
{
    static const oom_program programs[] = {
        {"spawns", spawns, {"threads://1", "threads://2", "threads://8", "sync://"}},
        {"loops", loops, {"threads://1", "threads://2", "threads://8", "sync://"}},
    };
    return oom_main(argc, argv, programs, sizeof programs / sizeof programs[0]);
}

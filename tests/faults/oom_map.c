/* SPDX-License-Identifier: Apache-2.0 */
/* Refused requests during bulk submission. */
#include "faults/oom.h"

static bask_client *client;

BASK_KERNEL(int64_t, leaf, (int64_t, x))
{
    return x;
}
BASK_KERNEL(int64_t, sum, (int64_t, x), (int64_t, y))
{
    return x + y;
}
BASK_KERNEL(int64_t, fails_odd, (int64_t, x))
{
    if (x % 2)
        bask_fail(BASK_EKERNEL, "%lld is odd", (long long)x);
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

enum { N = 80, MANY_ARGS = 30 };

static void maps(const char *address)
{
    static int64_t values[N];
    static bask_future *first[N], *second[N], *third[N];
    bask_future *common = NULL;
    bask_arg args[MANY_ARGS];
    if (!oom_open(address, &client))
        return;
    for (int i = 0; i < N; i++)
        values[i] = i;
    if (TRY_NEW(common = bask_submit(client, leaf, 7)) &&
        TRY(bask_map(client, sum, N, first, bask_each(values), common))) {
        for (int i = 0; i < MANY_ARGS; i++)
            args[i] = i % 3 == 0   ? bask_each_future(first)
                      : i % 3 == 1 ? bask_arg_each(values, sizeof values[0], BASK_INT64)
                                   : bask_literal(INT64_C(1));
        if (TRY(bask_map(client, sum, N, second, bask_each_future(first), 1)))
            for (int i = 0; i < N; i++)
                oom_value(second[i], i + 8);
        if (TRY(bask_map_array(client, &total_kernel, N, third, args, MANY_ARGS)))
            for (int i = 0; i < N; i++)
                oom_value(third[i], 10 * (i + 7) + 10 * i + 10);
        for (int i = 0; i < N; i++)
            oom_value(first[i], i + 7);
    }
    if (TRY(bask_map(client, fails_odd, N, first, bask_each(values))))
        for (int i = 0; i < N; i += 2) {
            oom_value(first[i], i);
            oom_failure(first[i + 1], BASK_EKERNEL);
        }
    bask_future_free(common);
    bask_close(client);
}

/* With options, also of equal tasks; and what has failed is run again. */
static void maps_with(const char *address)
{
    enum { FEW = 12 };
    int64_t values[FEW];
    bask_future *f[FEW], *again;
    bask_task_options named = {.size = sizeof named, .name = "map", .timeout_ms = 1000000};
    bask_task_options pure = {.size = sizeof pure, .annotations = "a=b", .pure = true};
    if (!oom_open(address, &client))
        return;
    for (int i = 0; i < FEW; i++)
        values[i] = i % 5;
    if (TRY(bask_map_with(client, &named, sum, FEW, f, bask_each(values), 1)))
        for (int i = 0; i < FEW; i++)
            oom_value(f[i], i % 5 + 1);
    bask_future *first = bask_submit_with(client, &pure, sum, 3, 2);
    if (TRY(bask_map_with(client, &pure, sum, FEW, f, bask_each(values), 2)))
        for (int i = 0; i < FEW; i++)
            oom_value(f[i], i % 5 + 2);
    else
        for (int i = 0; i < FEW; i++)
            oom_check(!f[i], "future %d of a map that failed", i);
    bask_future_free(first);
    if (TRY(bask_map(client, fails_odd, FEW, f, bask_each(values)))) {
        oom_check(bask_wait(f, FEW, BASK_ALL, BASK_FOREVER, NULL) == BASK_OK || oom_may_fail(),
                  "waiting");
        if (bask_future_done(f[1]) && TRY_NEW(again = bask_retry(f[1])))
            oom_failure(again, BASK_EKERNEL);
        for (int i = 0; i < FEW; i++)
            bask_future_free(f[i]);
    }
    bask_close(client);
}

int main(int argc, char **argv)
{
    static const oom_program programs[] = {
        {"map", maps, {"threads://1", "threads://2", "sync://"}},
        {"map_with", maps_with, {"threads://1", "threads://2", "sync://"}},
    };
    return oom_main(argc, argv, programs, sizeof programs / sizeof programs[0]);
}

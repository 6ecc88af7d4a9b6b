/* SPDX-License-Identifier: Apache-2.0 */
/* Refused requests while tasks are submitted with options: retries, time limits, resources, purity. */
#include "faults/oom.h"

#include <sched.h>
#include <string.h>

static bask_client *client;
static _Atomic int attempts;

BASK_KERNEL(int64_t, leaf, (int64_t, x))
{
    return x;
}
BASK_KERNEL(int64_t, sum, (int64_t, x), (int64_t, y))
{
    return x + y;
}
BASK_KERNEL(int64_t, pure_sum, (int64_t, x), (int64_t, y))
{
    return x + y;
}
BASK_PURE(pure_sum);
/* Fails in the first X attempts. */
BASK_KERNEL(int64_t, at_last, (int64_t, x))
{
    if (attempts++ < x)
        bask_fail(BASK_EKERNEL, "not yet");
    return x;
}
BASK_KERNEL(int64_t, until_cancelled, (int64_t, x))
{
    while (!bask_cancelled())
        sched_yield();
    return x;
}
BASK_KERNEL(int64_t, annotated, (int64_t, x))
{
    const char *colour = bask_task_annotation("colour");
    oom_check(colour && strcmp(colour, "red") == 0, "the annotation is %s",
              colour ? colour : "lost");
    return x;
}

static const bask_task_options named = {
    .size = sizeof named, .name = "by-name", .annotations = "size=3;colour=red"};

static void names(const char *address)
{
    bask_future *f = NULL, *next = NULL;
    if (!oom_open(address, &client))
        return;
    if (TRY_NEW(f = bask_submit_with(client, &named, annotated, 4))) {
        oom_check(strcmp(bask_future_name(f), "by-name") == 0, "the name is %s",
                  bask_future_name(f));
        oom_check(strcmp(bask_future_annotation(f, "size"), "3") == 0, "the annotation is lost");
        (void)TRY_NEW(next = bask_submit_with(client, &named, annotated, f));
    }
    oom_value(next, 4);
    oom_value(f, 4);
    bask_close(client);
}

/* Fails too often at first; then bask_retry, of the task and of one that depends on it. */
static void retries(const char *address)
{
    const bask_task_options twice = {.size = sizeof twice, .retries = 2};
    bask_future *f = NULL, *next = NULL, *again = NULL;
    if (!oom_open(address, &client))
        return;
    attempts = 0;
    if (TRY_NEW(f = bask_submit_with(client, &twice, at_last, 2)))
        oom_value(f, 2);
    attempts = 0;
    if (TRY_NEW(f = bask_submit(client, at_last, 1)) &&
        TRY_NEW(next = bask_submit(client, sum, f, 5))) {
        (void)!TRY(bask_wait(&next, 1, BASK_ALL, BASK_FOREVER, NULL));
        if (TRY_NEW(again = bask_retry(next)))
            oom_value(again, 6);
    }
    oom_failure(next, BASK_EUPSTREAM);
    oom_failure(f, BASK_EKERNEL);
    bask_close(client);
}

static void time_limits(const char *address)
{
    const bask_task_options long_limit = {.size = sizeof long_limit, .timeout_ms = 3600000},
                            short_limit = {.size = sizeof short_limit, .timeout_ms = 1};
    bask_future *f = NULL, *late = NULL;
    if (!oom_open(address, &client))
        return;
    if (TRY_NEW(f = bask_submit_with(client, &long_limit, leaf, 1)))
        oom_value(f, 1);
    if (TRY_NEW(late = bask_submit_with(client, &short_limit, until_cancelled, 1)))
        oom_failure(late, BASK_ETIMEDOUT);
    bask_close(client);
}

static void resources(const char *address)
{
    const bask_task_options o = {.size = sizeof o, .resources = "gpu:1,licence:2", .priority = 3};
    enum { N = 8 };
    bask_future *f[N] = {NULL};
    if (!oom_open(address, &client))
        return;
    if (TRY(bask_client_resource(client, "gpu", 1)) &&
        TRY(bask_client_resource(client, "licence", 3)))
        for (int i = 0; i < N; i++)
            (void)TRY_NEW(f[i] = i ? bask_submit_with(client, &o, sum, 1, i - 1)
                                   : bask_submit_with(client, &o, leaf, 0));
    for (int i = 0; i < N; i++)
        oom_value(f[i], i);
    bask_close(client);
}

static void pure(const char *address)
{
    enum { N = 40 };
    bask_future *f[N] = {NULL};
    int64_t want[N];
    if (!oom_open(address, &client))
        return;
    for (int i = 0; i < N; i++) {
        bool follows = i > 2 && f[i - 2];
        want[i] = follows ? want[i - 2] + i % 4 : i / 2 + 1;
        (void)TRY_NEW(f[i] = follows ? bask_submit(client, pure_sum, f[i - 2], i % 4)
                                     : bask_submit(client, pure_sum, i / 2, 1));
    }
    for (int i = 0; i < N; i++)
        oom_value(f[i], want[i]);
    bask_close(client);
}

int main(int argc, char **argv)
{
    static const oom_program programs[] = {
        {"names", names, {"threads://2", "sync://"}},
        {"retries", retries, {"threads://2", "sync://"}},
        {"time-limits", time_limits, {"threads://2"}},
        {"resources", resources, {"threads://2"}},
        {"pure", pure, {"threads://2", "sync://"}},
    };
    return oom_main(argc, argv, programs, sizeof programs / sizeof programs[0]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Refused requests while tasks wait for each other: events, locks, queues, variables, blocking sections.
 * Where no further thread can be had they still come to an end. */
#include "faults/oom.h"

#include <sched.h>

static bask_client *client;
static bask_event *event;
static bask_semaphore *semaphore;
static bask_lock *lock;
static bask_queue *queue;
static bask_variable *variable;

BASK_KERNEL(int64_t, leaf, (int64_t, x))
{
    return x;
}

/* A task whose call failed fails, with what that says. */
static int64_t fail_unless_ok(bask_status status, int64_t x)
{
    if (status != BASK_OK)
        bask_fail(status, "%s", bask_last_error());
    return x;
}

BASK_KERNEL(int64_t, waits_for_event, (int64_t, x))
{
    return fail_unless_ok(bask_event_wait(event, BASK_FOREVER), x);
}
BASK_KERNEL(int64_t, sets_event, (int64_t, x))
{
    return fail_unless_ok(bask_event_set(event), x);
}
BASK_KERNEL(int64_t, leases, (int64_t, x))
{
    bask_status status = bask_semaphore_acquire(semaphore, BASK_FOREVER);
    if (status == BASK_OK) {
        sched_yield();
        status = bask_semaphore_release(semaphore);
    }
    return fail_unless_ok(status, x);
}
static int64_t counted;
BASK_KERNEL(int64_t, counts, (int64_t, x))
{
    bask_status status = bask_lock_acquire(lock, BASK_FOREVER);
    if (status == BASK_OK) {
        counted++;
        status = bask_lock_release(lock);
    }
    return fail_unless_ok(status, x);
}
BASK_KERNEL(int64_t, gets, (int64_t, unused))
{
    int64_t x = -1;
    (void)unused;
    bask_status status = bask_queue_get(queue, &x, BASK_FOREVER);
    return fail_unless_ok(status, x);
}
BASK_KERNEL(int64_t, reads, (int64_t, unused))
{
    int64_t x = -1;
    (void)unused;
    bask_status status = bask_variable_get(variable, &x, BASK_FOREVER);
    return fail_unless_ok(status, x);
}
BASK_KERNEL(int64_t, blocks, (int64_t, x))
{
    bask_blocking_begin();
    sched_yield();
    bask_blocking_end();
    bask_no_help_begin();
    bask_future *f = bask_submit(client, leaf, x);
    bask_status status = f ? bask_result(f, &x) : BASK_ENOMEM;
    bask_future_free(f);
    bask_no_help_end();
    return fail_unless_ok(status, x);
}

static void end_all(void)
{
    bask_event_free(event);
    bask_semaphore_free(semaphore);
    bask_lock_free(lock);
    bask_queue_free(queue);
    bask_variable_free(variable);
    bask_close(client);
    event = NULL, semaphore = NULL, lock = NULL, queue = NULL, variable = NULL;
}

enum { N = 6 };

/* Who waits was first; with one worker it must make room for who is waited for. */
static void waiting_tasks(const char *address)
{
    bask_future *f[4][N] = {{NULL}};
    counted = 0;
    if (!oom_open(address, &client))
        return;
    if (TRY_NEW(event = bask_event_new(client)) &&
        TRY_NEW(semaphore = bask_semaphore_new(client, 2)) &&
        TRY_NEW(lock = bask_lock_new(client))) {
        for (int i = 0; i < N; i++) {
            (void)TRY_NEW(f[0][i] = bask_submit(client, waits_for_event, i));
            (void)TRY_NEW(f[1][i] = bask_submit(client, leases, i));
            (void)TRY_NEW(f[2][i] = bask_submit(client, counts, i));
            (void)TRY_NEW(f[3][i] = bask_submit(client, blocks, i));
        }
        bask_future *set = NULL;
        if (TRY_NEW(set = bask_submit(client, sets_event, 1)))
            oom_value(set, 1);
        else
            oom_check(bask_event_set(event) == BASK_OK, "%s", bask_last_error());
        for (int kind = 0; kind < 4; kind++)
            for (int i = 0; i < N; i++)
                oom_value(f[kind][i], i);
        oom_check(bask_semaphore_leases(semaphore) == 0 && !bask_lock_locked(lock),
                  "not given back");
    }
    end_all();
}

/* Values go through a queue, and through a variable. */
static void handed_values(const char *address)
{
    bask_future *got[N] = {NULL}, *read = NULL, *given = NULL, *taken = NULL;
    int64_t sum = 0, most = 0;
    if (!oom_open(address, &client))
        return;
    if (TRY_NEW(queue = bask_queue_new(client, 0)) &&
        TRY_NEW(variable = bask_variable_new(client))) {
        (void)TRY_NEW(read = bask_submit(client, reads, 0));
        for (int i = 0; i < N; i++)
            if (TRY_NEW(got[i] = bask_submit(client, gets, 0))) {
                int64_t x = i;
                if (TRY(bask_queue_put(queue, &x, BASK_FOREVER)))
                    sum += x, most++;
                else
                    bask_cancel(got[i]);
            }
        int64_t x = 9;
        oom_check(bask_variable_set(variable, &x) == BASK_OK, "%s", bask_last_error());
        oom_value(read, 9);
        for (int i = 0; i < N; i++) {
            if (got[i] && bask_result(got[i], &x) == BASK_OK)
                sum -= x, most--;
            bask_future_free(got[i]);
        }
        oom_check((sum == 0 && most == 0) || oom_may_fail(), "%lld values are lost",
                  (long long)most);
        if (most == 0 && TRY_NEW(given = bask_submit(client, leaf, 4)) &&
            TRY(bask_queue_put_future(queue, given, BASK_FOREVER)) &&
            TRY(bask_queue_get_future(queue, &taken, BASK_FOREVER))) {
            oom_check(taken == given, "another future");
            oom_value(taken, 4);
        }
        bask_future_free(given);
    }
    end_all();
}

int main(int argc, char **argv)
{
    static const oom_program programs[] = {
        {"waiting-tasks", waiting_tasks, {"threads://1", "threads://2"}},
        {"handed-values", handed_values, {"threads://1", "threads://2"}},
    };
    return oom_main(argc, argv, programs, sizeof programs / sizeof programs[0]);
}

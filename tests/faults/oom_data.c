/* SPDX-License-Identifier: Apache-2.0 */
/* Refused requests while many values are scattered, mapped, gathered, persisted, or taken as they come. */
#include "faults/oom.h"

#include <string.h>

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
BASK_KERNEL(int64_t, size_of, (bask_span, in))
{
    return (int64_t)in.size;
}

enum { N = 20 };

static void free_all(bask_future **futures)
{
    for (int i = 0; i < N; i++)
        bask_future_free(futures[i]);
}

static void scatter_and_gather(const char *address)
{
    int64_t values[N], results[N];
    size_t which[N], count;
    bask_future *in[N], *out[N];
    if (!oom_open(address, &client))
        return;
    for (int i = 0; i < N; i++)
        values[i] = i;
    if (TRY(bask_scatter(client, values, N, in))) {
        if (TRY(bask_map(client, sum, N, out, bask_each_future(in), 1))) {
            if (TRY(bask_gather(out, N, results)))
                for (int i = 0; i < N; i++)
                    oom_check(results[i] == i + 1, "result %d is %lld", i, (long long)results[i]);
            free_all(out);
        }
        if (TRY(bask_map(client, fails_odd, N, out, bask_each_future(in)))) {
            bask_status status = bask_gather(out, N, results);
            oom_check(status == BASK_EKERNEL || (status == BASK_ENOMEM && oom_may_fail()), "%s",
                      bask_status_name(status));
            oom_check(bask_last_error()[0], "no message");
            if (TRY(bask_gather_skip(out, N, results, which, &count))) {
                oom_check(count == N / 2 || oom_may_fail(), "%zu results", count);
                for (size_t i = 0; i < count; i++)
                    oom_check(results[i] == (int64_t)which[i], "result of another task");
            }
            free_all(out);
        }
        free_all(in);
    }
    bask_close(client);
}

static void scatter_buffers(const char *address)
{
    bask_buffer *buffers[N] = {NULL};
    bask_future *in[N], *size = NULL;
    bool made = true;
    if (!oom_open(address, &client))
        return;
    for (int i = 0; i < N; i++)
        made = TRY_NEW(buffers[i] = bask_buffer_new(100 * (size_t)i)) && made;
    bool scattered = made && TRY(bask_scatter(client, buffers, N, in));
    for (int i = 0; i < N; i++)
        bask_buffer_release(buffers[i]);
    if (scattered) {
        if (TRY_NEW(size = bask_submit(client, size_of, in[N - 1])))
            oom_value(size, 100 * (N - 1));
        free_all(in);
    }
    bask_close(client);
}

static void persisted(const char *address)
{
    bask_graph *g, *kept = NULL;
    bask_delayed *nodes[2], *total;
    bask_future *f;
    if (!oom_open(address, &client))
        return;
    if (TRY_NEW(g = bask_graph_new(client))) {
        nodes[0] = bask_delay(g, sum, 1, 2);
        nodes[1] = bask_delay(g, sum, nodes[0], 3);
        if (oom_built(client, nodes, 2) && TRY(bask_persist(client, nodes, 2, &kept, nodes))) {
            total = bask_delay(kept, sum, nodes[0], nodes[1]);
            if (oom_built(client, &total, 1) && TRY(bask_compute(client, &total, 1, &f)))
                oom_value(f, 9);
        }
    }
    bask_graph_free(g);
    bask_graph_free(kept);
    bask_close(client);
}

/* Each future comes once, also one that is added meanwhile. */
static void as_completed(const char *address)
{
    bask_future *f[N] = {NULL}, *more, *done;
    bask_as_completed *iterator = NULL;
    int64_t left = 0, x;
    bool ok = true, added = false;
    if (!oom_open(address, &client))
        return;
    for (int i = 0; i < N; i++)
        ok = TRY_NEW(f[i] = bask_submit(client, fails_odd, i)) && ok;
    if (ok && TRY(bask_as_completed_new(f, N, &iterator))) {
        left = N;
        while (bask_as_completed_next(iterator, &done) == BASK_OK && done) {
            if (bask_result(done, &x) == BASK_OK && !added &&
                TRY_NEW(more = bask_submit(client, leaf, 2))) {
                added = TRY(bask_as_completed_add(iterator, more));
                left += added;
                bask_future_free(more);
            }
            bask_future_free(done);
            left--;
        }
        oom_check(left == 0 && bask_as_completed_left(iterator) == 0, "%lld have not come",
                  (long long)left);
    }
    bask_as_completed_free(iterator);
    free_all(f);
    bask_close(client);
}

int main(int argc, char **argv)
{
    static const oom_program programs[] = {
        {"scatter-and-gather", scatter_and_gather, {"threads://2", "sync://"}},
        {"scatter-buffers", scatter_buffers, {"threads://2", "sync://"}},
        {"persist", persisted, {"threads://2", "sync://"}},
        {"as-completed", as_completed, {"threads://1", "threads://2", "sync://"}},
    };
    return oom_main(argc, argv, programs, sizeof programs / sizeof programs[0]);
}

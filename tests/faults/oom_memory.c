/* SPDX-License-Identifier: Apache-2.0 */
/* Refused requests for the memory of results: buffers, the blocks that are kept for them, the limit. */
#include "base/bins.h"
#include "faults/oom.h"

#include <malloc.h>
#include <string.h>

static bask_client *client;

/* ---- blocks ---- */

/* A block is as long as every size of its class, also one that was got when memory was short: it will be
 * handed out for any of them. */
static void check_block(void *block, size_t size)
{
    if (block)
        oom_check(malloc_usable_size(block) >= size, "a block of %zu bytes has %zu", size,
                  malloc_usable_size(block));
}

static void kept_blocks(const char *address)
{
    static const size_t sizes[] = {70, 900, 5000, 70000, 1000000, 3000000};
    bins b;
    depot d;
    (void)address;
    bins_init(&b, 16 << 20);
    depot_init(&d, 16 << 20);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t more = 0; more < sizes[i] / 4; more += sizes[i] / 9) {
            void *block = bins_get(&b, &d, sizes[i] + more),
                 *second = more % 2 ? bins_block(sizes[i] + more) : NULL;
            check_block(block, sizes[i] + more);
            check_block(second, sizes[i] + more);
            oom_check(block || oom_may_fail(), "no block");
            if (block)
                bins_put(&b, &d, block, sizes[i] + more);
            if (second)
                bins_put(&b, &d, second, sizes[i] + more);
        }
    bins_free(&b);
    depot_close(&d);
    depot_free(&d);
}

/* ---- buffers ---- */

static _Atomic int wrapped, released;

static void count_release(void *data, void *user)
{
    (void)data, (void)user;
    released++;
}

BASK_KERNEL(bask_buffer *, filled, (int64_t, n))
{
    bask_buffer *b = bask_buffer_new((size_t)n);
    if (b)
        memset(bask_buffer_data(b), (int)n, (size_t)n);
    return b;
}
BASK_KERNEL(bask_buffer *, wraps, (int64_t, n))
{
    static char store[4096];
    bask_buffer *b = bask_buffer_wrap(store, (size_t)n % sizeof store, count_release, NULL);
    wrapped += b != NULL;
    return b;
}
BASK_KERNEL(bask_buffer *, taken, (bask_span, in))
{
    bask_buffer *b = bask_take(in);
    if (b && in.size)
        memset(bask_buffer_data(b), 7, in.size);
    return b;
}
BASK_KERNEL(int64_t, size_of, (bask_span, in))
{
    return (int64_t)in.size;
}
BASK_KERNEL(int64_t, sum, (int64_t, x), (int64_t, y))
{
    return x + y;
}

/* Made by the host, freed by a worker, and then kept for what that worker needs. */
BASK_KERNEL(int64_t, frees, (uint64_t, address))
{
    bask_buffer_release((bask_buffer *)(uintptr_t)address);
    bask_buffer *b = bask_buffer_new(1000);
    if (!b)
        return -1;
    check_block((char *)bask_buffer_data(b) - 64, 1064);
    memset(bask_buffer_data(b), 1, 1000);
    bask_buffer_release(b);
    return 1;
}

static void host_buffers(const char *address)
{
    bask_buffer *b = NULL;
    bask_future *f = NULL;
    if (!oom_open(address, &client))
        return;
    if (TRY_NEW(b = bask_buffer_new(900)) &&
        !TRY_NEW(f = bask_submit(client, frees, (uint64_t)(uintptr_t)b)))
        bask_buffer_release(b);
    oom_value(f, 1);
    int before = released;
    if (TRY_NEW(b = bask_buffer_wrap(&wrapped, sizeof wrapped, count_release, NULL))) {
        bask_buffer_retain(b);
        bask_buffer_release(b);
        bask_buffer_release(b);
        oom_check(released == before + 1, "the memory was released %d times", released - before);
    }
    bask_close(client);
}

static void check_span(bask_future *f, size_t size, int byte)
{
    bask_span span;
    if (!f)
        return;
    if (TRY(bask_result(f, &span))) {
        oom_check(span.size == size, "%zu bytes instead of %zu", span.size, size);
        for (size_t i = 0; byte >= 0 && i < size; i += 50)
            oom_check(((const unsigned char *)span.data)[i] == byte, "wrong bytes");
    }
    bask_future_free(f);
}

enum { WIDTH = 12, SIZE = 3000 };

/* WIDTH buffers, each taken over and measured, their sizes summed up. */
static bask_delayed *build(bask_graph *g, bask_delayed **one, bask_delayed **two)
{
    bask_delayed *total = bask_delay(g, sum, 0, 0);
    for (int64_t i = 0; i < WIDTH; i++) {
        bask_delayed *b = bask_delay(g, filled, SIZE + i % 3);
        *one = bask_delay(g, taken, b);
        *two = i % 2 ? bask_delay(g, wraps, i) : b;
        total = bask_delay(g, sum, total, bask_delay(g, size_of, *one));
        total = bask_delay(g, sum, total, bask_delay(g, size_of, *two));
    }
    return total;
}

static int64_t total_size(void)
{
    int64_t total = 0;
    for (int64_t i = 0; i < WIDTH; i++)
        total += SIZE + i % 3 + (i % 2 ? i : SIZE + i % 3);
    return total;
}

static void buffers(const char *address)
{
    bask_graph *g = NULL;
    bask_plan *plan = NULL;
    bask_future *f[3];
    wrapped = released = 0;
    if (!oom_open(address, &client))
        return;
    if (TRY_NEW(g = bask_graph_new(client))) {
        bask_delayed *outputs[3] = {NULL};
        outputs[2] = build(g, &outputs[0], &outputs[1]);
        if (oom_built(client, outputs, 3)) {
            if (TRY(bask_compute(client, outputs, 3, f))) {
                check_span(f[0], SIZE + (WIDTH - 1) % 3, 7);
                check_span(f[1], WIDTH - 1, -1);
                oom_value(f[2], total_size());
            }
            if (TRY(bask_plan_new(client, outputs, 3, &plan)))
                for (int run = 0; run < 3; run++) {
                    int64_t x;
                    if (TRY(bask_plan_run(plan)) && TRY(bask_plan_result(plan, 2, &x)))
                        oom_check(x == total_size(), "%lld bytes", (long long)x);
                }
        }
    }
    bask_plan_free(plan);
    bask_graph_free(g);
    bask_close(client);
    oom_check(wrapped == released, "%d of %d blocks were released", released, wrapped);
}

static void submitted_buffers(const char *address)
{
    bask_future *first = NULL, *second = NULL, *size = NULL;
    if (!oom_open(address, &client))
        return;
    if (TRY_NEW(first = bask_submit(client, filled, 100)) &&
        TRY_NEW(second = bask_submit(client, taken, first)))
        (void)TRY_NEW(size = bask_submit(client, size_of, second));
    oom_value(size, 100);
    check_span(second, 100, 7);
    check_span(first, 100, 100);
    bask_close(client);
}

int main(int argc, char **argv)
{
    static const oom_program programs[] = {
        {"blocks", kept_blocks, {"-"}},
        {"host-buffers", host_buffers, {"threads://1", "sync://"}},
        {"buffers",
         buffers,
         {"threads://1", "threads://2", "threads://2?memory=16K", "threads://1?memory=1",
          "sync://"}},
        {"submitted-buffers", submitted_buffers, {"threads://2", "sync://"}},
    };
    return oom_main(argc, argv, programs, sizeof programs / sizeof programs[0]);
}

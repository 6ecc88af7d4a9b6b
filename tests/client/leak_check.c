/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leak_check [ROUNDS]: what programs do with clients, again and again. For valgrind and
 * LeakSanitizer, which find lost blocks; lost slabs, which are mapped, show in the size of the
 * process after many rounds.
 */
#include <bask.h>
#include <pthread.h>

static void must(bool holds, const char *what, int line)
{
    if (holds)
        return;
    fprintf(stderr, "leak_check.c:%d: not %s; last error: %s\n", line, what, bask_last_error());
    exit(EXIT_FAILURE);
}
#define MUST(condition) must((condition), #condition, __LINE__)

/* ---- kernels ---- */

static bask_client *client;
static _Atomic int entered;

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}
BASK_KERNEL(int64_t, sum, (int64_t, x), (int64_t, y))
{
    return x + y;
}
BASK_KERNEL(int64_t, five, (int64_t, a), (int64_t, b), (int64_t, c), (int64_t, d), (int64_t, e))
{
    return (a ^ b) + (c ^ d ^ e) % 2;
}
BASK_KERNEL(int64_t, odd_fails, (int64_t, x))
{
    if (x % 2)
        bask_fail(BASK_EKERNEL, "%ld is odd", (long)x);
    return x;
}
BASK_KERNEL(int64_t, until_cancelled, (int64_t, x))
{
    atomic_fetch_add(&entered, 1);
    while (!bask_cancelled())
        ;
    return x;
}
BASK_KERNEL(bask_buffer *, block, (int64_t, n))
{
    bask_buffer *b = bask_buffer_new((size_t)n);
    if (b)
        memset(bask_buffer_data(b), 1, (size_t)n);
    return b;
}
static void release_block(void *data, void *user)
{
    (void)user;
    free(data);
}
BASK_KERNEL(bask_buffer *, wrapped, (int64_t, n))
{
    void *data = calloc((size_t)n, 1);
    return bask_buffer_wrap(data, (size_t)n, release_block, NULL);
}
BASK_KERNEL(bask_buffer *, changed, (bask_span, in))
{
    bask_buffer *b = bask_take(in);
    if (b && in.size)
        ((char *)bask_buffer_data(b))[0]++;
    return b;
}
BASK_KERNEL(bask_buffer *, fails_late, (bask_span, in))
{
    bask_fail(BASK_EIO, "too late");
    return bask_take(in);
}
BASK_KERNEL(int64_t, size_of, (bask_span, in))
{
    return (int64_t)in.size;
}
BASK_KERNEL(int64_t, nested, (int64_t, depth))
{
    if (depth == 0)
        return 1;
    bask_future *a = bask_submit(client, nested, depth - 1);
    bask_future *b = bask_submit(client, sum, a, 1);
    int64_t x = -1;
    if (bask_result(b, &x) != BASK_OK)
        bask_fail(BASK_EKERNEL, "%s", bask_last_error());
    bask_future_free(a);
    bask_future_free(b);
    return x;
}

/* ---- programs ---- */

static int64_t take(bask_future *f)
{
    int64_t x = -1;
    MUST(bask_result(f, &x) == BASK_OK);
    bask_future_free(f);
    return x;
}

static bask_future *compute(bask_delayed *d)
{
    bask_future *f;
    MUST(bask_compute(client, &d, 1, &f) == BASK_OK);
    return f;
}

static void success(void)
{
    bask_graph *g = bask_graph_new(client), *unused = bask_graph_new(client);
    bask_delayed *d = bask_delay(g, inc, 0);
    for (int i = 0; i < 200; i++)
        d = bask_delay(g, five, d, 1, 2, bask_delay(g, inc, i), 0);
    bask_future *f = compute(bask_delay(g, inc, bask_delay(g, inc, 0))), *last = NULL;
    bask_future_free(compute(d));
    for (int i = 0; i < 50; i++) {
        bask_future *next = bask_submit(client, sum, last ? last : f, f);
        bask_future_free(last);
        last = next;
    }
    MUST(take(last) == 102);
    (void)bask_delay(unused, inc, f);
    bask_future_free(f);
    MUST(take(bask_submit(client, nested, 8)) == 9);
    bask_graph_free(g);
    bask_graph_free(unused);
}

static void failure(void)
{
    enum { N = 50 };
    bask_graph *g = bask_graph_new(client);
    bask_delayed *out[N];
    bask_future *f[N];
    for (int i = 0; i < N; i++)
        out[i] = bask_delay(g, inc, bask_delay(g, odd_fails, i));
    for (int fast = 0; fast < 2; fast++) {
        bask_compute_options o = {.size = sizeof o,
                                  .on_error = fast ? BASK_FAIL_FAST : BASK_COLLECT};
        MUST(bask_compute_with(client, out, N, f, &o) == BASK_OK);
        bask_future *after = bask_submit(client, inc, f[1]);
        MUST(bask_wait(f, N, BASK_ALL, BASK_FOREVER, NULL) == BASK_OK);
        MUST(bask_wait(&after, 1, BASK_ANY, BASK_FOREVER, NULL) == BASK_OK);
        MUST(bask_future_status(after) != BASK_OK);
        bask_future_free(after);
        for (int i = 0; i < N; i++)
            bask_future_free(f[i]);
    }
    MUST(!bask_delay(g, inc, (bask_delayed *)NULL));
    MUST(bask_compute(client, out, N, f) == BASK_EINVAL);
    bask_graph_free(g);
}

static void cancel(void)
{
    atomic_store(&entered, 0);
    bask_future *f = bask_submit(client, until_cancelled, 1), *after = bask_submit(client, inc, f);
    bask_graph *g = bask_graph_new(client);
    bask_delayed *out[2] = {bask_delay(g, inc, f), bask_delay(g, inc, 1)};
    bask_future *both[2];
    MUST(bask_compute(client, out, 2, both) == BASK_OK);
    while (!atomic_load(&entered))
        ;
    MUST(bask_cancel(both[0]) == BASK_OK);
    MUST(bask_cancel(f) == BASK_OK);
    MUST(take(both[1]) == 2);
    MUST(bask_wait(&after, 1, BASK_ALL, BASK_FOREVER, NULL) == BASK_OK);
    MUST(bask_future_state(after) == BASK_CANCELLED);
    bask_future_free(both[0]);
    bask_future_free(f);
    bask_future_free(after);
    bask_graph_free(g);
}

static void buffers(void)
{
    bask_graph *g = bask_graph_new(client);
    bask_delayed *b = bask_delay(g, block, 1000), *w = bask_delay(g, wrapped, 500);
    bask_delayed *out[] = {
        bask_delay(g, sum, bask_delay(g, size_of, bask_delay(g, changed, b)),
                   bask_delay(g, size_of, w)),
        bask_delay(g, changed, bask_delay(g, changed, w)),
        bask_delay(g, size_of, bask_delay(g, fails_late, b)),
        b,
    };
    bask_future *f[4];
    bask_span span;
    MUST(bask_compute_sync(client, out, 4, f) == BASK_EUPSTREAM);
    bask_future *copy = bask_submit(client, changed, f[1]);
    bask_cancel(f[3]);
    MUST(take(f[0]) == 1500);
    MUST(bask_result(copy, &span) == BASK_OK && span.size == 500);
    for (int i = 1; i < 4; i++)
        bask_future_free(f[i]);
    bask_future_free(copy);
    bask_graph_free(g);
}

static void plans(void)
{
    bask_graph *g = bask_graph_new(client);
    bask_future *f = bask_submit(client, inc, 1);
    bask_delayed *out[] = {bask_delay(g, changed, bask_delay(g, block, 100)),
                           bask_delay(g, sum, f, bask_delay(g, odd_fails, 2)),
                           bask_delay(g, odd_fails, f), bask_delay(g, odd_fails, 3)};
    bask_plan *fine, *failing, *never_run;
    MUST(bask_plan_new(client, out, 3, &fine) == BASK_OK);
    MUST(bask_plan_new(client, out, 4, &failing) == BASK_OK);
    MUST(bask_plan_new(client, out, 2, &never_run) == BASK_OK);
    bask_graph_free(g);
    bask_future_free(f);
    for (int i = 0; i < 5; i++) {
        MUST(bask_plan_run(fine) == BASK_OK);
        MUST(bask_plan_run(failing) == BASK_EKERNEL);
    }
    bask_plan_free(fine);
    bask_plan_free(failing);
    bask_plan_free(never_run);
}

/* Leaves work that runs, is queued, and waits for other work; some futures are freed before. */
static void leave(void)
{
    enum { N = 20 };
    bask_future *f[N];
    atomic_store(&entered, 0);
    for (int i = 0; i < N; i++)
        f[i] = i % 3 == 2 ? bask_submit(client, inc, f[i - 1])
                          : bask_submit(client, until_cancelled, i);
    while (!atomic_load(&entered))
        ;
    for (int i = 0; i < N; i += 2)
        bask_future_free(f[i]);
    bask_close(client);
    for (int i = 1; i < N; i += 2)
        bask_future_free(f[i]);
}

static void program(const char *address)
{
    MUST(bask_open(address, &client) == BASK_OK);
    success();
    failure();
    buffers();
    plans();
    if (strcmp(address, "sync://") == 0) { /* nobody could cancel there */
        bask_close(client);
    } else {
        cancel();
        leave();
    }
}

/* Bytes of address space. */
static size_t process_size(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;
    MUST(f && fscanf(f, "%lu", &pages) == 1);
    fclose(f);
    return pages * 4096;
}

int main(int argc, char **argv)
{
    const size_t slab = 2 << 20;
    int rounds = argc > 1 ? atoi(argv[1]) : 1;
    size_t first = 0;
    for (int i = 0; i < rounds; i++) {
        program("threads://2");
        program("threads://1");
        program("sync://");
        if (i == rounds / 2)
            first = process_size();
    }
    /* half a slab for each round of the second half */
    MUST(rounds == 1 || process_size() < first + (size_t)(rounds - rounds / 2) * slab / 2);
    return EXIT_SUCCESS;
}

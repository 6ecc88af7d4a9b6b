/* SPDX-License-Identifier: Apache-2.0 */
/*
 * soak SECONDS [THREADS]: everything that programs do, at random, by several host threads, on several
 * clients, for so long. Checks every result; reports what was done and the resident memory at each
 * quarter, which must not grow. Not a test of every day: `meson test --benchmark soak`.
 */
#include <bask.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#define FOR_ALL_WORK(X)                                                                            \
    X(compute)                                                                                     \
    X(plan)                                                                                        \
    X(submit)                                                                                      \
    X(cancel)                                                                                      \
    X(failure)                                                                                     \
    X(nested)                                                                                      \
    X(buffers)                                                                                     \
    X(client)                                                                                      \
    X(callback)

enum { MOST_THREADS = 64 };

static bask_client *clients[3], *limited;
static atomic_bool enough;
static _Atomic uint64_t callbacks_made;

typedef struct soaker {
    pthread_t thread;
    uint64_t random;
    bask_graph *graph; /* of the plan */
    bask_plan *plan;
    int64_t plan_result;
} soaker;

static void must(bool holds, const char *what, int line)
{
    if (holds)
        return;
    fprintf(stderr, "soak.c:%d: not %s; last error: %s\n", line, what, bask_last_error());
    abort();
}
#define MUST(condition) must((condition), #condition, __LINE__)

static unsigned draw(soaker *s, unsigned n)
{
    s->random ^= s->random << 13, s->random ^= s->random >> 7, s->random ^= s->random << 17;
    return (unsigned)(s->random >> 20) % n;
}

static bask_client *any_client(soaker *s)
{
    return clients[draw(s, sizeof clients / sizeof clients[0])];
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- kernels ---- */

BASK_KERNEL(int64_t, add, (int64_t, x), (int64_t, y))
{
    return (x + y) % 1000003;
}
BASK_KERNEL(int64_t, mix, (int64_t, x), (int64_t, y), (int64_t, z))
{
    return (x * 31 + y * 17 + z) % 1000003;
}
BASK_KERNEL(int64_t, fails_if_odd, (int64_t, x))
{
    if (x % 2)
        bask_fail(BASK_EKERNEL, "%d is odd", (int)x);
    return x;
}
BASK_KERNEL(int64_t, until_cancelled, (int64_t, x))
{
    for (int64_t i = 0; i < x && !bask_cancelled(); i++)
        ;
    return x;
}
BASK_KERNEL(bask_buffer *, filled, (int64_t, size), (int64_t, value))
{
    bask_buffer *b = bask_buffer_new((size_t)size);
    if (b)
        memset(bask_buffer_data(b), (int)value, (size_t)size);
    return b;
}
BASK_KERNEL(int64_t, first_and_last, (bask_span, a), (bask_span, b))
{
    const unsigned char *x = a.data, *y = b.data;
    return x[0] + x[a.size - 1] + y[0] + y[b.size - 1];
}
BASK_KERNEL(int64_t, fib, (uint64_t, client), (int64_t, n))
{
    bask_client *c = (bask_client *)(uintptr_t)client;
    int64_t x = 0, y = 0;
    if (n < 2)
        return n;
    bask_future *f = bask_submit(c, fib, client, n - 1), *g = bask_submit(c, fib, client, n - 2);
    if (bask_result(f, &x) != BASK_OK || bask_result(g, &y) != BASK_OK)
        bask_fail(BASK_EKERNEL, "%s", bask_last_error());
    bask_future_free(f);
    bask_future_free(g);
    return x + y;
}

/* ---- work ---- */

enum { NODES = 400 };

/* A random graph beside what a serial program would make of it. */
static bask_delayed *random_graph(soaker *s, bask_graph *g, int64_t *expected)
{
    bask_delayed *node[NODES];
    int64_t value[NODES];
    for (unsigned i = 0; i < NODES; i++) {
        unsigned a = i ? draw(s, i) : 0, b = i ? i - 1 - draw(s, i < 8 ? i : 8) : 0;
        int64_t literal = draw(s, 1000);
        if (i < 4) {
            node[i] = bask_delay(g, add, i, literal);
            value[i] = add(i, literal);
        } else if (draw(s, 2)) {
            node[i] = bask_delay(g, add, node[a], node[b]);
            value[i] = add(value[a], value[b]);
        } else {
            node[i] = bask_delay(g, mix, node[a], literal, node[b]);
            value[i] = mix(value[a], literal, value[b]);
        }
        MUST(node[i] != NULL);
    }
    *expected = value[NODES - 1];
    return node[NODES - 1];
}

static void compute(soaker *s)
{
    bask_client *c = any_client(s);
    bask_graph *g = bask_graph_new(c);
    int64_t expected, x = -1;
    bask_delayed *d = random_graph(s, g, &expected);
    bask_future *f, *more;
    MUST((draw(s, 2) ? bask_compute(c, &d, 1, &f) : bask_compute_sync(c, &d, 1, &f)) == BASK_OK);
    more = bask_submit(c, add, f, 1);
    if (draw(s, 2)) {
        bask_graph_free(g);
        g = NULL;
    }
    MUST(bask_result(more, &x) == BASK_OK && x == add(expected, 1));
    MUST(bask_result(f, &x) == BASK_OK && x == expected);
    bask_future_free(f);
    bask_future_free(more);
    bask_graph_free(g);
}

static void plan(soaker *s)
{
    int64_t x = -1;
    for (int i = 0; i < 5; i++) {
        MUST(bask_plan_run(s->plan) == BASK_OK);
        MUST(bask_plan_result(s->plan, 0, &x) == BASK_OK && x == s->plan_result);
    }
}

static void submit(soaker *s)
{
    enum { MANY = 200 };
    bask_client *c = any_client(s);
    bask_future *f[MANY];
    int64_t expected[MANY], x = -1;
    for (int64_t i = 0; i < MANY; i++) {
        unsigned of = i ? draw(s, (unsigned)i) : 0;
        f[i] = i % 3 && i ? bask_submit(c, add, f[of], i) : bask_submit(c, add, i, i);
        expected[i] = i % 3 && i ? add(expected[of], i) : add(i, i);
        MUST(f[i] != NULL);
    }
    size_t which;
    MUST(bask_wait(f, MANY, BASK_ANY, BASK_FOREVER, &which) == BASK_OK && which < MANY);
    for (int i = MANY; i-- > 0;) {
        MUST(bask_result(f[i], &x) == BASK_OK && x == expected[i]);
        bask_future_free(f[i]);
    }
}

static void cancel(soaker *s)
{
    enum { MANY = 20 };
    bask_client *c = any_client(s);
    bask_future *f[MANY], *after[MANY];
    int64_t x;
    for (int i = 0; i < MANY; i++) {
        f[i] = bask_submit(c, until_cancelled, 20000 * draw(s, 4));
        after[i] = bask_submit(c, add, f[i], 1);
    }
    for (int i = 0; i < MANY; i += 2)
        MUST(bask_cancel(f[i]) == BASK_OK);
    for (int i = 0; i < MANY; i++) {
        bask_status status = bask_result(f[i], &x), then = bask_result(after[i], &x);
        MUST(status == BASK_OK || (i % 2 == 0 && status == BASK_ECANCELLED));
        MUST((status == BASK_OK) == (then == BASK_OK));
        MUST(bask_future_state(f[i]) == (status == BASK_OK ? BASK_FINISHED : BASK_CANCELLED));
        bask_future_free(f[i]);
        bask_future_free(after[i]);
    }
}

static void failure(soaker *s)
{
    enum { MANY = 50 };
    bask_client *c = any_client(s);
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d[2 * MANY];
    bask_future *f[2 * MANY];
    int64_t x;
    for (int i = 0; i < MANY; i++) {
        d[i] = bask_delay(g, fails_if_odd, i);
        d[MANY + i] = bask_delay(g, add, d[i], 1);
    }
    MUST(bask_compute(c, d, 2 * MANY, f) == BASK_OK);
    for (int i = 0; i < 2 * MANY; i++) {
        bask_status status = bask_result(f[i], &x);
        MUST(status == (i % 2 == 0 ? BASK_OK : i < MANY ? BASK_EKERNEL : BASK_EUPSTREAM));
        if (i % 2)
            MUST(strstr(bask_future_error(f[i]), "is odd") != NULL);
        bask_future_free(f[i]);
    }
    bask_graph_free(g);
}

static void nested(soaker *s)
{
    bask_client *c = any_client(s);
    int64_t x = -1;
    bask_future *f = bask_submit(c, fib, (uint64_t)(uintptr_t)c, 10);
    MUST(bask_result(f, &x) == BASK_OK && x == 55);
    bask_future_free(f);
}

static void buffers(soaker *s)
{
    enum { PAIRS = 16 };
    bask_graph *g = bask_graph_new(limited);
    bask_delayed *d[PAIRS];
    bask_future *f[PAIRS];
    int64_t x = -1;
    for (int i = 0; i < PAIRS; i++)
        d[i] = bask_delay(g, first_and_last, bask_delay(g, filled, 1 + draw(s, 300000), i),
                          bask_delay(g, filled, 1 + draw(s, 3000), 2 * i));
    MUST(bask_compute(limited, d, PAIRS, f) == BASK_OK);
    for (int i = 0; i < PAIRS; i++) {
        MUST(bask_result(f[i], &x) == BASK_OK && x == 6 * i);
        bask_future_free(f[i]);
    }
    bask_graph_free(g);
}

/* Opened, used, and closed in the midst of work. */
static void client(soaker *s)
{
    static const char *const addresses[] = {"threads://1", "threads://2?pending=10", "sync://"};
    enum { MANY = 50 };
    bask_client *c;
    bask_future *f[MANY];
    MUST(bask_open(addresses[draw(s, 3)], &c) == BASK_OK);
    for (int i = 0; i < MANY; i++)
        MUST((f[i] = bask_submit(c, until_cancelled, draw(s, 5000))) != NULL);
    bask_close(c);
    for (int i = 0; i < MANY; i++) {
        bask_state state = bask_future_state(f[i]);
        MUST(state == BASK_FINISHED || state == BASK_CANCELLED);
        bask_future_free(f[i]);
    }
}

static void count_call(bask_future *f, void *data)
{
    MUST(bask_future_done(f));
    atomic_fetch_add(&callbacks_made, 1);
    atomic_fetch_add((_Atomic int *)data, 1);
}

static void callback(soaker *s)
{
    enum { MANY = 10 };
    bask_client *c = any_client(s);
    _Atomic int called = 0;
    for (int i = 0; i < MANY; i++) {
        bask_future *f = bask_submit(c, add, i, 1);
        MUST(bask_future_on_done(f, count_call, &called) == BASK_OK);
        bask_future_free(f);
    }
    while (atomic_load(&called) < MANY)
        sched_yield();
}

/* ---- the whole ---- */

static const struct work {
    const char *name;
    void (*run)(soaker *s);
} works[] = {
#define WORK(name) {#name, name},
    FOR_ALL_WORK(WORK)
#undef WORK
};
enum { WORKS = sizeof works / sizeof works[0] };
static _Atomic uint64_t done[WORKS];

static void *soak(void *arg)
{
    soaker *s = arg;
    while (!atomic_load(&enough)) {
        unsigned i = draw(s, WORKS);
        works[i].run(s);
        atomic_fetch_add(&done[i], 1);
    }
    return NULL;
}

static double resident_mib(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f || fscanf(f, "%*d %ld", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

/* The most of a quarter, looked at every tenth of a second. */
static double peak_until(double end)
{
    double peak = 0;
    do {
        double now = resident_mib();
        peak = now > peak ? now : peak;
        nanosleep(&(struct timespec){0, 100000000}, NULL);
    } while (seconds() < end);
    return peak;
}

int main(int argc, char **argv)
{
    double length = argc > 1 ? atof(argv[1]) : 60, start = seconds(), peaks[4];
    int threads = argc > 2 ? atoi(argv[2]) : 4;
    if (length <= 0 || threads < 1 || threads > MOST_THREADS) {
        fprintf(stderr, "usage: soak SECONDS [THREADS]\n");
        return EXIT_FAILURE;
    }
    static const char *const addresses[] = {"threads://2", "threads://1?pending=1000",
                                            "threads://4?spin=0"};
    for (int i = 0; i < 3; i++)
        bask_check(bask_open(addresses[i], &clients[i]));
    bask_check(bask_open("threads://2?memory=2M", &limited));
    static soaker soakers[MOST_THREADS];
    for (int i = 0; i < threads; i++) {
        soaker *s = &soakers[i];
        s->random = 88172645463325252u + (uint64_t)i;
        s->graph = bask_graph_new(clients[i % 3]);
        bask_delayed *d = random_graph(s, s->graph, &s->plan_result);
        bask_check(bask_plan_new(clients[i % 3], &d, 1, &s->plan));
        MUST(pthread_create(&s->thread, NULL, soak, s) == 0);
    }
    for (int i = 0; i < 4; i++)
        peaks[i] = peak_until(start + length * (i + 1) / 4);
    atomic_store(&enough, true);
    for (int i = 0; i < threads; i++) {
        pthread_join(soakers[i].thread, NULL);
        bask_plan_free(soakers[i].plan);
        bask_graph_free(soakers[i].graph);
    }
    for (int i = 0; i < 3; i++)
        bask_close(clients[i]);
    bask_close(limited);

    printf("{\"seconds\": %.1f, \"threads\": %d", seconds() - start, threads);
    for (int i = 0; i < WORKS; i++)
        printf(", \"%s\": %llu", works[i].name, (unsigned long long)atomic_load(&done[i]));
    printf(", \"callbacks\": %llu", (unsigned long long)atomic_load(&callbacks_made));
    printf(", \"peak_rss_mib\": [%.1f, %.1f, %.1f, %.1f]}\n", peaks[0], peaks[1], peaks[2],
           peaks[3]);
    bool grows = peaks[3] > peaks[0] * 1.25 + 16;
    if (grows)
        fprintf(stderr, "soak: memory grows\n");
    return grows ? EXIT_FAILURE : EXIT_SUCCESS;
}

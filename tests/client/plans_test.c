/* SPDX-License-Identifier: Apache-2.0 */
/* bask_plan_run allocates nothing, however the plan is run. */
#include "graph/window.h"
#include "pool/seat.h"
#include "support/clusters.h"
#include <sched.h>
#include <sys/mman.h>

/* ---- the allocator, by the linker's --wrap ---- */

static _Atomic long allocations;

#define WRAPPED(type, name, parameters, ...)                                                       \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        atomic_fetch_add(&allocations, 1);                                                         \
        return __real_##name(__VA_ARGS__);                                                         \
    }
WRAPPED(void *, malloc, (size_t size), size)
WRAPPED(void *, calloc, (size_t n, size_t size), n, size)
WRAPPED(void *, realloc, (void *place, size_t size), place, size)
WRAPPED(void *, aligned_alloc, (size_t alignment, size_t size), alignment, size)
WRAPPED(void *, mmap64, (void *at, size_t size, int protection, int flags, int fd, off_t offset),
        at, size, protection, flags, fd, offset)

/* ---- kernels ---- */

static bask_client *client;
static bask_buffer *shared;

BASK_KERNEL(uint64_t, inc, (uint64_t, x))
{
    return x + 1;
}
BASK_KERNEL(uint64_t, add, (uint64_t, x), (uint64_t, y))
{
    return x + y;
}
/* Asks its worker for a share of what that has still to do, as a thief would. */
BASK_KERNEL(uint64_t, asks, (uint64_t, x))
{
    if (bask_self != &worker_nobody)
        atomic_store_explicit(&bask_self->request, 1, memory_order_seq_cst);
    return x;
}
/* Where windows are run: until all have been taken, so that those that depend on it wait. */
BASK_KERNEL(uint64_t, outlasts, (uint64_t, x))
{
    const plan *p = task_current->plan;
    while (p->windows && p->counts == COUNT_LAPS && !p->trial.alone &&
           atomic_load(&p->windows->taken) < p->windows->n)
        sched_yield();
    return x;
}
BASK_KERNEL(bask_buffer *, same, (uint64_t, x))
{
    (void)x;
    bask_buffer_retain(shared);
    return shared;
}
BASK_KERNEL(bask_buffer *, same_of, (bask_span, x), (bask_span, y))
{
    (void)x, (void)y;
    bask_buffer_retain(shared);
    return shared;
}
BASK_KERNEL(uint64_t, size_of, (bask_span, x))
{
    return x.size;
}

/* ---- graphs; each returns its output, and what that must be ---- */

typedef bask_delayed *shape(bask_graph *g, uint64_t *want);

static bask_delayed *sum(bask_graph *g, bask_delayed **nodes, size_t n)
{
    for (; n > 1; n = (n + 1) / 2)
        for (size_t i = 0; i < n / 2; i++)
            nodes[i] = bask_delay(g, add, nodes[i], nodes[n - 1 - i]);
    return nodes[0];
}

/* So many tiny kernels that several workers run them in windows. */
static bask_delayed *grid(bask_graph *g, uint64_t *want)
{
    enum { ROWS = 100, WIDTH = 100 };
    bask_delayed *row[WIDTH];
    uint64_t values[WIDTH];
    for (int r = 0; r < ROWS; r++)
        for (int i = 0; i < WIDTH; i++) {
            bool first = r == 0 || i == 0;
            values[i] = first ? (r ? values[i] : 0) + 1 : values[i] + values[i - 1];
            row[i] = !first  ? bask_delay(g, add, row[i], row[i - 1])
                     : r > 0 ? bask_delay(g, inc, row[i])
                             : bask_delay(g, inc, 0);
        }
    *want = values[WIDTH - 1];
    return row[WIDTH - 1];
}

/* Roots that are shared out. */
static bask_delayed *independent(bask_graph *g, uint64_t *want)
{
    enum { N = 1000 };
    bask_delayed *nodes[N];
    for (uint64_t i = 0; i < N; i++)
        nodes[i] = bask_delay(g, asks, i);
    *want = N * (N - 1) / 2;
    return sum(g, nodes, N);
}

/* More nodes ready at once than fit in a deque, twice. */
static bask_delayed *fan(bask_graph *g, uint64_t *want)
{
    enum { N = 1000 };
    bask_delayed *nodes[N], *d = bask_delay(g, asks, 1);
    for (int stage = 0; stage < 2; stage++) {
        for (int i = 0; i < N; i++)
            nodes[i] = bask_delay(g, inc, d);
        d = sum(g, nodes, N);
    }
    *want = (2 * N + 1) * N;
    return d;
}

/* Each node of a chain makes another one ready. */
static bask_delayed *comb(bask_graph *g, uint64_t *want)
{
    enum { N = 1000 };
    bask_delayed *nodes[N], *d = bask_delay(g, asks, 0);
    for (int i = 0; i < N; i++) {
        bask_delayed *next = bask_delay(g, inc, d);
        nodes[i] = bask_delay(g, inc, d);
        d = next;
    }
    *want = N * (N + 1) / 2;
    return sum(g, nodes, N);
}

/* Hundreds of windows wait at one, more than fit in a deque. */
static bask_delayed *crowd(bask_graph *g, uint64_t *want)
{
    enum { ROOTS = 128, N = 220000 };
    static bask_delayed *nodes[N];
    bask_delayed *roots[ROOTS];
    for (uint64_t i = 0; i < ROOTS; i++) /* one that windows_fit does not look at, as it is slow */
        roots[i] = i == 21 ? bask_delay(g, outlasts, 1) : bask_delay(g, inc, i);
    for (int i = 0; i < N; i++)
        nodes[i] = bask_delay(g, inc, roots[21]);
    *want = 2 * N;
    return sum(g, nodes, N);
}

/* Depth first. */
static bask_delayed *buffers(bask_graph *g, uint64_t *want)
{
    enum { N = 1000 };
    bask_delayed *nodes[N], *x = bask_delay(g, inc, 0);
    for (uint64_t i = 0; i < N; i++)
        nodes[i] = bask_delay(g, same, x);
    for (size_t n = N; n > 1; n = (n + 1) / 2)
        for (size_t i = 0; i < n / 2; i++)
            nodes[i] = bask_delay(g, same_of, nodes[i], nodes[n - 1 - i]);
    *want = bask_buffer_size(shared);
    return bask_delay(g, size_of, nodes[0]);
}

/* Delayed by a future. */
static bask_delayed *gated(bask_graph *g, uint64_t *want)
{
    bask_delayed *d = bask_delay(g, asks, 1);
    bask_future *f;
    cr_assert_eq(bask_compute(client, &d, 1, &f), BASK_OK);
    d = bask_delay(g, add, f, bask_delay(g, inc, f));
    bask_future_free(f);
    *want = 3;
    return d;
}

static shape *const shapes[] = {grid, independent, fan, comb, crowd, buffers, gated};

/* ---- running ---- */

enum { RUNS = 20 };

static void run(bask_plan *plan, uint64_t want)
{
    long before = atomic_load(&allocations);
    for (int i = 0; i < RUNS; i++) {
        uint64_t x = 0;
        cr_assert_eq(bask_plan_run(plan), BASK_OK, "%s", bask_last_error());
        cr_assert_eq(bask_plan_result(plan, 0, &x), BASK_OK);
        cr_assert_eq(x, want);
    }
    cr_assert_eq(atomic_load(&allocations), before);
}

BASK_KERNEL(int64_t, runs, (bask_plan *, plan), (uint64_t, want))
{
    run(plan, want);
    return 0;
}

static void check(bask_client *c)
{
    client = c;
    shared = bask_buffer_new(100);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        bask_graph *g = bask_graph_new(c);
        uint64_t want;
        bask_delayed *d = shapes[i](g, &want);
        bask_plan *plan;
        cr_assert_eq(bask_plan_new(c, &d, 1, &plan), BASK_OK);
        run(plan, want);
        int64_t inside;
        cr_assert_eq(bask_invoke(c, &inside, runs, plan, want), BASK_OK);
        bask_plan_free(plan);
        bask_graph_free(g);
    }
    bask_buffer_release(shared);
}

Test(plans, run_allocates_nothing)
{
    each_cluster(check);
}

Test(plans, hosts_find_seats_that_are_made)
{
    enum { N = 5 };
    bask_pool *pool;
    seat seats[N + 1];
    bask_pool_options o = {.size = sizeof o, .threads = BASK_NO_THREADS};
    cr_assert_eq(bask_pool_start(&o, &pool), BASK_OK);
    cr_assert(seats_provide(pool, N - 1) && seats_provide(pool, N) && seats_provide(pool, 1));
    long before = atomic_load(&allocations);
    for (int i = 0; i < N; i++)
        cr_assert(seat_enter(&seats[i], pool));
    cr_assert_eq(atomic_load(&allocations), before);
    cr_assert(seat_enter(&seats[N], pool));
    cr_assert_gt(atomic_load(&allocations), before);
    for (int i = N; i >= 0; i--)
        seat_leave(&seats[i]);
    bask_pool_stop(pool, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One task in a hundred fails, in graphs of a million nodes and among a million submitted tasks:
 * exactly those futures fail that have to, each names the culprit and what that said, and all others
 * have the right value. Which tasks fail depends on their number only, so that a serial pass knows all.
 */
#include "support/clusters.h"
#include "support/draw.h"
#include "support/runtimes.h"
#include "support/stress.h"
#include <sched.h>

static const char *const addresses[] = {"sync://",     "threads://1", "threads://2",
                                        "threads://8", "openmp://",   "openmp://3"};
enum { ADDRESSES = sizeof addresses / sizeof *addresses };

static int million(void)
{
    return stress_rounds(1000000);
}

/* One number in a hundred. */
static bool is_culprit(int64_t number)
{
    uint64_t x = ((uint64_t)number + DRAW_SEED) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (x ^ x >> 31) % 100 == 0;
}

static int64_t fail_if_culprit(int64_t number)
{
    if (is_culprit(number))
        bask_fail(BASK_EIO, "number %lld says so", (long long)number);
    return number;
}

BASK_KERNEL(int64_t, leaf, (int64_t, number))
{
    return fail_if_culprit(number);
}
BASK_KERNEL(int64_t, next, (int64_t, number), (int64_t, x))
{
    return fail_if_culprit(number) + x;
}
BASK_KERNEL(int64_t, join, (int64_t, number), (int64_t, x), (int64_t, y))
{
    return fail_if_culprit(number) + x - y;
}

/* ---- what has to come out ---- */

static const char *const kernels[] = {"leaf", "next", "join"};

typedef struct want {
    int32_t from[2]; /* numbers of the arguments, -1: none */
    int32_t culprit; /* the number of the task that failed, -1: none did */
    int64_t value;
} want;

static int arguments(const want *w)
{
    return (w->from[0] >= 0) + (w->from[1] >= 0);
}

static void settle_want(want *all, int number)
{
    want *w = &all[number];
    w->culprit = -1;
    w->value = number;
    for (int i = 0; i < arguments(w) && w->culprit < 0; i++) {
        w->culprit = all[w->from[i]].culprit;
        w->value += i ? -all[w->from[i]].value : all[w->from[i]].value;
    }
    if (w->culprit < 0 && is_culprit(number))
        w->culprit = number;
}

static bool is_wanted(bask_future *f, const want *all, int number)
{
    const want *w = &all[number];
    int64_t x = -1;
    if (w->culprit < 0)
        return bask_future_state(f) == BASK_FINISHED && bask_result(f, &x) == BASK_OK &&
               x == w->value && bask_future_error(f)[0] == '\0';
    char error[100];
    bool own = w->culprit == number;
    snprintf(error, sizeof error, "%s%s failed: number %d says so", own ? "" : "upstream task ",
             kernels[arguments(&all[w->culprit])], w->culprit);
    return bask_future_state(f) == BASK_ERROR &&
           bask_future_status(f) == (own ? BASK_EIO : BASK_EUPSTREAM) &&
           strcmp(bask_future_error(f), error) == 0;
}

static void assert_wanted(bask_future *const *f, const want *all, int first, int n,
                          const char *address)
{
    cr_assert_eq(bask_wait(f, (size_t)n, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    for (int i = 0; i < n; i++)
        cr_assert(is_wanted(f[i], all, first + i),
                  "%s: task %d has status %s and error \"%s\"; its culprit is %d", address,
                  first + i, bask_status_name(bask_future_status(f[i])), bask_future_error(f[i]),
                  all[first + i].culprit);
}

/* ---- shapes ---- */

typedef void shape_fn(want *w, int number, uint64_t *seed);

static void independent(want *w, int number, uint64_t *seed)
{
    (void)number, (void)seed;
    w->from[0] = w->from[1] = -1;
}
static void chains(want *w, int number, uint64_t *seed)
{
    (void)seed;
    w->from[0] = number % 64 ? number - 1 : -1;
    w->from[1] = -1;
}
/* As in a heap that is turned round: each joins two that nobody else does. Blocks of 31, so that there
 * are roots which are right. */
static void trees(want *w, int number, uint64_t *seed)
{
    int place = number % 31, left = number - place + 2 * (place - 16);
    (void)seed;
    w->from[0] = place < 16 ? -1 : left;
    w->from[1] = place < 16 ? -1 : left + 1;
}
/* A few layers; each node joins two of the layer before. */
static void layers(want *w, int number, uint64_t *seed)
{
    int width = million() / 20, layer = number / width;
    for (int i = 0; i < 2; i++)
        w->from[i] = layer ? (layer - 1) * width + (int)draw(seed, (unsigned)width) : -1;
}
/* Any of those before, but most are leaves. */
static void anything(want *w, int number, uint64_t *seed)
{
    int count = number < 2 || draw(seed, 3) ? 0 : 1 + (int)draw(seed, 2);
    for (int i = 0; i < 2; i++)
        w->from[i] = i < count ? (int)draw(seed, (unsigned)number) : -1;
}

static want *wants(shape_fn *shape, int n)
{
    want *all = malloc((size_t)n * sizeof *all);
    uint64_t seed = DRAW_SEED;
    for (int i = 0; i < n; i++) {
        shape(&all[i], i, &seed);
        settle_want(all, i);
    }
    return all;
}

static bask_delayed *delay_one(bask_graph *g, bask_delayed *const *d, const want *w, int number)
{
    switch (arguments(w)) {
    case 0:
        return bask_delay(g, leaf, number);
    case 1:
        return bask_delay(g, next, number, d[w->from[0]]);
    default:
        return bask_delay(g, join, number, d[w->from[0]], d[w->from[1]]);
    }
}

static bask_graph *build(bask_client *c, const want *all, int n, bask_delayed **d)
{
    bask_graph *g = bask_graph_new(c);
    for (int i = 0; i < n; i++)
        d[i] = delay_one(g, d, &all[i], i);
    return g;
}

/* All of them on one address, a part on the others. */
static void compute_all(shape_fn *shape)
{
    int most = million();
    want *all = wants(shape, most);
    bask_delayed **d = malloc((size_t)most * sizeof *d);
    bask_future **f = malloc((size_t)most * sizeof *f);
    for (int a = 0; a < ADDRESSES; a++) {
        int n = strcmp(addresses[a], "threads://2") == 0 ? most : most / 5;
        bask_client *c = open_client(addresses[a]);
        bask_graph *g = build(c, all, n, d);
        cr_assert_eq(bask_compute(c, d, (size_t)n, f), BASK_OK, "%s", bask_last_error());
        assert_wanted(f, all, 0, n, addresses[a]);
        for (int i = 0; i < n; i++)
            bask_future_free(f[i]);
        bask_graph_free(g);
        bask_close(c);
    }
    free(all);
    free(d);
    free(f);
}
Test(failures, of_independent_nodes, .timeout = 600)
{
    compute_all(independent);
}
Test(failures, in_chains, .timeout = 600)
{
    compute_all(chains);
}
Test(failures, in_trees, .timeout = 600)
{
    compute_all(trees);
}
Test(failures, in_layers, .timeout = 600)
{
    compute_all(layers);
}
Test(failures, in_a_random_graph, .timeout = 600)
{
    compute_all(anything);
}

/* ---- few outputs of many nodes, plans ---- */

enum { OUTPUTS = 100 };

/* What depends on a failure that no output needs is right. */
static void some_outputs(bask_client *c, const want *all, bask_delayed *const *d, int n)
{
    bask_future *f[OUTPUTS];
    bask_delayed *out[OUTPUTS];
    for (int i = 0; i < OUTPUTS; i++)
        out[i] = d[(int64_t)n * (i + 1) / OUTPUTS - 1];
    cr_assert_eq(bask_compute(c, out, OUTPUTS, f), BASK_OK);
    cr_assert_eq(bask_wait(f, OUTPUTS, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    for (int i = 0; i < OUTPUTS; i++) {
        assert_wanted(&f[i], all, (int)((int64_t)n * (i + 1) / OUTPUTS - 1), 1,
                      bask_client_address(c));
        bask_future_free(f[i]);
    }
}

static void plan_outputs(bask_client *c, const want *all, bask_delayed *const *d, int n)
{
    bask_plan *plan;
    int first = -1;
    cr_assert_eq(bask_plan_new(c, d, (size_t)n, &plan), BASK_OK);
    for (int i = 0; i < n && first < 0; i++)
        first = all[i].culprit >= 0 ? i : -1;
    for (int run = 0; run < 3; run++) {
        cr_assert_eq(bask_plan_run(plan), all[first].culprit == first ? BASK_EIO : BASK_EUPSTREAM);
        for (int i = 0; i < n; i++) {
            int64_t x = -1;
            bask_status status = bask_plan_result(plan, (size_t)i, &x);
            if (all[i].culprit < 0)
                cr_assert(status == BASK_OK && x == all[i].value, "run %d, output %d", run, i);
            else
                cr_assert_eq(status, all[i].culprit == i ? BASK_EIO : BASK_EUPSTREAM,
                             "run %d, output %d: %s", run, i, bask_status_name(status));
        }
    }
    bask_plan_free(plan);
}

static void few_of_many(shape_fn *shape)
{
    int n = million() / 10;
    want *all = wants(shape, n);
    bask_delayed **d = malloc((size_t)n * sizeof *d);
    for (int a = 0; a < ADDRESSES; a++) {
        bask_client *c = open_client(addresses[a]);
        bask_graph *g = build(c, all, n, d);
        some_outputs(c, all, d, n);
        plan_outputs(c, all, d, n);
        bask_graph_free(g);
        bask_close(c);
    }
    free(all);
    free(d);
}
Test(failures, where_few_outputs_are_wanted_and_in_plans, .timeout = 600)
{
    few_of_many(trees);
    few_of_many(anything);
}

/* ---- fail fast: what is finished is right, what failed had to, the rest is cancelled ---- */

static void fail_fast(const char *address)
{
    int n = million() / 20, errors = 0, cancelled = 0;
    want *all = wants(chains, n);
    bask_delayed **d = malloc((size_t)n * sizeof *d);
    bask_future **f = malloc((size_t)n * sizeof *f);
    bask_client *c = open_client(address);
    bask_graph *g = build(c, all, n, d);
    bask_compute_options o = {.size = sizeof o, .on_error = BASK_FAIL_FAST};
    cr_assert_eq(bask_compute_with(c, d, (size_t)n, f, &o), BASK_OK);
    cr_assert_eq(bask_wait(f, (size_t)n, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    for (int i = 0; i < n; i++) {
        bask_state state = bask_future_state(f[i]);
        errors += state == BASK_ERROR;
        cancelled += state == BASK_CANCELLED;
        cr_assert(state == BASK_CANCELLED ? bask_future_status(f[i]) == BASK_ECANCELLED
                                          : is_wanted(f[i], all, i),
                  "%s: task %d: %s", address, i, bask_future_error(f[i]));
        bask_future_free(f[i]);
    }
    cr_assert_geq(errors, 1);
    cr_assert_gt(cancelled, n / 2, "%s: only %d of %d were cancelled", address, cancelled, n);
    bask_graph_free(g);
    bask_close(c);
    free(all);
    free(d);
    free(f);
}
Test(failures, that_end_it_all, .timeout = 600)
{
    for (int a = 0; a < ADDRESSES; a++)
        fail_fast(addresses[a]);
}

/* ---- submitted ---- */

enum { BATCH = 10000 };

static bask_future *submit_one(bask_client *c, bask_future *const *f, const want *w, int number)
{
    switch (arguments(w)) {
    case 0:
        return bask_submit(c, leaf, number);
    case 1:
        return bask_submit(c, next, number, f[w->from[0]]);
    default:
        return bask_submit(c, join, number, f[w->from[0]], f[w->from[1]]);
    }
}

static void submit_batches(const char *address, int n)
{
    want *all = wants(trees, n);
    bask_future **f = malloc((size_t)n * sizeof *f);
    bask_client *c = open_client(address);
    for (int done = 0; done < n; done += BATCH / 31 * 31) {
        int batch = n - done < BATCH / 31 * 31 ? n - done : BATCH / 31 * 31;
        for (int i = done; i < done + batch; i++)
            f[i] = submit_one(c, f, &all[i], i);
        assert_wanted(&f[done], all, done, batch, address);
        for (int i = done; i < done + batch; i++)
            bask_future_free(f[i]);
    }
    bask_close(c);
    free(all);
    free(f);
}
Test(failures, among_submitted_tasks, .timeout = 600)
{
    submit_batches("threads://2", million());
    for (int a = 0; a < ADDRESSES; a++)
        submit_batches(addresses[a], million() / 5);
}

/* ---- of buffers: nothing that was made is left ---- */

BASK_KERNEL(bask_buffer *, block, (int64_t, number))
{
    bask_buffer *b = bask_buffer_new(sizeof number);
    memcpy(bask_buffer_data(b), &number, sizeof number);
    fail_if_culprit(number); /* with a buffer in the hand */
    return b;
}
BASK_KERNEL(bask_buffer *, block_next, (bask_span, in), (int64_t, number))
{
    int64_t x;
    bask_buffer *b = bask_take(in);
    memcpy(&x, bask_buffer_data(b), sizeof x);
    x += fail_if_culprit(number);
    memcpy(bask_buffer_data(b), &x, sizeof x);
    return b;
}

static void buffers(const char *address)
{
    int n = million() / 10;
    bask_delayed **d = malloc((size_t)n * sizeof *d);
    bask_future **f = malloc((size_t)n * sizeof *f);
    bask_client *c = open_client(address);
    bask_graph *g = bask_graph_new(c);
    for (int i = 0; i < n; i++)
        d[i] = bask_delay(g, block_next, bask_delay(g, block, 2 * i), 2 * i + 1);
    cr_assert_eq(bask_compute(c, d, (size_t)n, f), BASK_OK);
    for (int i = 0; i < n; i++) {
        bask_span span;
        bask_status status = bask_result(f[i], &span);
        bask_status wanted = is_culprit(2 * i)       ? BASK_EUPSTREAM
                             : is_culprit(2 * i + 1) ? BASK_EIO
                                                     : BASK_OK;
        cr_assert_eq(status, wanted, "%s: %d: %s", address, i, bask_status_name(status));
        int64_t x = 4 * i + 1;
        cr_assert(status != BASK_OK || memcmp(span.data, &x, sizeof x) == 0);
        bask_future_free(f[i]);
    }
    bask_graph_free(g);
    bask_pool_stats stats;
    do { /* the run lets go of the last ones just after their futures are done */
        sched_yield();
        bask_client_stats(c, &stats);
    } while (stats.live_bytes != 0);
    bask_close(c);
    free(d);
    free(f);
}
Test(failures, of_kernels_with_buffers_leave_none, .timeout = 600)
{
    for (int a = 0; a < ADDRESSES; a++)
        buffers(addresses[a]);
}

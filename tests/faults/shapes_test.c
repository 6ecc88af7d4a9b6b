/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs that are meant to break a runtime, many failures, and nesting without an end. */
#include "support/child.h"
#include "support/clusters.h"
#include "support/draw.h"
#include <sched.h>
#include <sys/mman.h>

#ifdef SANITIZED
enum { MILLION = 100000, LEVELS = 2000 };
#else
enum { MILLION = 1000000, LEVELS = 10000 };
#endif

BASK_KERNEL(int64_t, add, (int64_t, x), (int64_t, y))
{
    return (int64_t)((uint64_t)x + (uint64_t)y);
}

static int64_t result_of(bask_future *f)
{
    int64_t x = -1;
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    bask_future_free(f);
    return x;
}

static int64_t computed(bask_client *c, bask_delayed *d)
{
    bask_future *f;
    cr_assert_eq(bask_compute_sync(c, &d, 1, &f), BASK_OK, "%s", bask_last_error());
    return result_of(f);
}

/* Each rung takes the one before twice: 2^rungs paths. */
static void diamond_ladder(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, add, 1, 0);
    uint64_t expected = 1;
    for (int i = 0; i < MILLION / 10; i++) {
        bask_delayed *left = bask_delay(g, add, d, 1), *right = bask_delay(g, add, d, 2);
        d = bask_delay(g, add, left, right);
        expected = 2 * expected + 3;
    }
    cr_assert_eq((uint64_t)computed(c, d), expected);
    bask_graph_free(g);
}

Test(shapes, diamond_ladder, .timeout = 600)
{
    each_cluster(diamond_ladder);
}

/* A node that a million others need, each of which is an output too. */
static void fan_out(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed *one = bask_delay(g, add, 1, 0), **all = malloc(MILLION * sizeof(bask_delayed *));
    bask_future **f = malloc(MILLION * sizeof(bask_future *));
    for (int64_t i = 0; i < MILLION; i++)
        all[i] = bask_delay(g, add, one, i);
    cr_assert_eq(bask_compute(c, all, MILLION, f), BASK_OK);
    for (int64_t i = 0; i < MILLION; i++)
        cr_assert_eq(result_of(f[i]), i + 1);
    bask_graph_free(g);
    free(all);
    free(f);
}

Test(shapes, fan_out_of_a_million, .timeout = 600)
{
    each_cluster(fan_out);
}

/* One node that takes the same one a thousand times. */
BASK_KERNEL(int64_t, five, (int64_t, a), (int64_t, b), (int64_t, c), (int64_t, d), (int64_t, e))
{
    return (a + b + c + d + e) % 1000003;
}

static void duplicate_edges(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, add, 1, 0);
    int64_t expected = 1;
    for (int i = 0; i < 10000; i++) {
        d = bask_delay(g, five, d, d, d, d, d);
        expected = five(expected, expected, expected, expected, expected);
    }
    cr_assert_eq(computed(c, d), expected);
    bask_future *f = bask_submit(c, add, 1, 0), *more = bask_submit(c, five, f, f, f, f, f);
    bask_future_free(f);
    cr_assert_eq(result_of(more), 5);
    bask_graph_free(g);
}

Test(shapes, duplicate_edges)
{
    each_cluster(duplicate_edges);
}

static void empty_graph(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    bask_future *f = (bask_future *)&f;
    bask_plan *p = (bask_plan *)&p;
    bask_delayed *none = NULL;
    cr_assert_eq(bask_graph_size(g), 0);
    cr_assert_eq(bask_compute(c, NULL, 0, &f), BASK_EINVAL);
    cr_assert_eq(bask_compute(c, &none, 1, &f), BASK_EINVAL);
    cr_assert_null(f);
    cr_assert_eq(bask_plan_new(c, &none, 1, &p), BASK_EINVAL);
    cr_assert_null(p);
    bask_graph_free(g);
}

Test(shapes, empty_graph)
{
    each_cluster(empty_graph);
}

/* ---- sizes ---- */

static void unmap(void *data, void *user)
{
    munmap(data, (size_t)(uintptr_t)user);
}

/* Pages are only there once they are touched. */
BASK_KERNEL(bask_buffer *, bytes, (int64_t, size))
{
    if (size < 1 << 30)
        return bask_buffer_new((size_t)size);
    char *data = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data == MAP_FAILED) {
        bask_fail(BASK_ENOMEM, "no room for %lld bytes", (long long)size);
        return NULL;
    }
    data[0] = data[size - 1] = 21;
    return bask_buffer_wrap(data, (size_t)size, unmap, (void *)(uintptr_t)size);
}

BASK_KERNEL(int64_t, ends_of, (bask_span, s))
{
    const char *data = s.data;
    return (int64_t)s.size + (s.size ? data[0] + data[s.size - 1] : 0);
}

static void zero_bytes(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed *none = bask_delay(g, bytes, 0);
    cr_assert_eq(computed(c, bask_delay(g, ends_of, none)), 0);
    bask_future *f;
    bask_span s = {&s, 1};
    cr_assert_eq(bask_compute(c, &none, 1, &f), BASK_OK);
    cr_assert_eq(bask_result(f, &s), BASK_OK);
    cr_assert_eq(s.size, 0);
    bask_future_free(f);
    bask_graph_free(g);
}

Test(shapes, result_of_zero_bytes)
{
    each_cluster(zero_bytes);
}

static void four_gibibytes(bask_client *c)
{
    const int64_t size = (INT64_C(4) << 30) + 1;
    bask_graph *g = bask_graph_new(c);
    bask_delayed *many = bask_delay(g, bytes, size);
    cr_assert_eq(computed(c, bask_delay(g, ends_of, many)), size + 42);
    bask_future *f = bask_submit(c, bytes, size);
    bask_span s = {NULL, 0};
    cr_assert_eq(bask_result(f, &s), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(s.size, (size_t)size);
    cr_assert_eq(result_of(bask_submit(c, ends_of, f)), size + 42);
    bask_future_free(f);
    bask_graph_free(g);
}

Test(shapes, result_of_four_gibibytes)
{
    each_cluster(four_gibibytes);
}

/* ---- failures ---- */

static unsigned char bad[MILLION];

BASK_KERNEL(int64_t, may_fail, (int64_t, i), (int64_t, x))
{
    if (bad[i])
        bask_fail(BASK_EKERNEL, "node %lld", (long long)i);
    return x + 1;
}

/* In rows of ten, each node on the one before: behind a bad one all others of the row fail upstream,
 * and name the first. */
static void one_per_cent_fails(bask_client *c)
{
    enum { ROW = 10 };
    uint64_t random = DRAW_SEED;
    bask_graph *g = bask_graph_new(c);
    bask_delayed **d = malloc(MILLION * sizeof *d);
    bask_future **f = malloc(MILLION * sizeof *f);
    for (int64_t i = 0; i < MILLION; i++) {
        bad[i] = draw(&random, 100) == 0;
        d[i] = i % ROW ? bask_delay(g, may_fail, i, d[i - 1]) : bask_delay(g, may_fail, i, 0);
    }
    cr_assert_eq(bask_compute(c, d, MILLION, f), BASK_OK);
    int64_t culprit = -1;
    for (int64_t i = 0; i < MILLION; i++) {
        int64_t x = -1;
        bask_status status = bask_result(f[i], &x);
        culprit = i % ROW == 0 ? -1 : culprit;
        if (culprit < 0 && !bad[i]) {
            cr_assert(status == BASK_OK && x == i % ROW + 1);
        } else {
            char name[64];
            cr_assert_eq(status, culprit < 0 ? BASK_EKERNEL : BASK_EUPSTREAM);
            culprit = culprit < 0 ? i : culprit;
            snprintf(name, sizeof name, "may_fail failed: node %lld", (long long)culprit);
            const char *said = strstr(bask_future_error(f[i]), name);
            cr_assert(said && said[strlen(name)] == '\0', "%s", bask_future_error(f[i]));
        }
        bask_future_free(f[i]);
    }
    bask_graph_free(g);
    free(d);
    free(f);
}

Test(shapes, one_per_cent_of_a_million_fails, .timeout = 600)
{
    each_cluster(one_per_cent_fails);
}

/* ---- nesting ---- */

static bask_client *client;

/* Each task submits the next one and leaves its future to it. */
static bask_future *_Atomic last;

BASK_KERNEL(int64_t, goes_deeper, (int64_t, level))
{
    if (level < LEVELS)
        bask_future_free(bask_submit(client, goes_deeper, level + 1));
    else
        atomic_store(&last, bask_submit(client, add, level, 1));
    return level;
}

static void deep_submission(bask_client *c)
{
    client = c;
    atomic_store(&last, NULL);
    bask_future_free(bask_submit(c, goes_deeper, 0));
    while (!atomic_load(&last))
        sched_yield();
    cr_assert_eq(result_of(atomic_load(&last)), LEVELS + 1);
}

static void deep_submission_on(const char *address)
{
    bask_client *c = open_client(address);
    deep_submission(c);
    bask_close(c);
}

Test(shapes, submission_ten_thousand_levels_deep)
{
    deep_submission_on("threads://1");
    deep_submission_on("threads://2");
    deep_submission_on("threads://8?stack=65536");
}

/* The same through graphs: each level computes one on the level before's future. */
BASK_KERNEL(int64_t, computes_deeper, (int64_t, level))
{
    if (level < LEVELS) {
        bask_graph *g = bask_graph_new(client);
        bask_delayed *d = bask_delay(g, computes_deeper, level + 1);
        bask_future *f;
        if (bask_compute(client, &d, 1, &f) != BASK_OK)
            bask_fail(BASK_EKERNEL, "%s", bask_last_error());
        else
            bask_future_free(f);
        bask_graph_free(g);
    } else
        atomic_store(&last, bask_submit(client, add, level, 1));
    return level;
}

static void deep_computes(bask_client *c)
{
    client = c;
    atomic_store(&last, NULL);
    bask_future_free(bask_submit(c, computes_deeper, 0));
    while (!atomic_load(&last))
        sched_yield();
    cr_assert_eq(result_of(atomic_load(&last)), LEVELS + 1);
}

Test(shapes, graphs_in_graphs_ten_thousand_levels_deep, .timeout = 600)
{
    static const char *const clusters[] = {"threads://1", "threads://2", "threads://8"};
    for (int i = 0; i < 3; i++) {
        bask_client *c = open_client(clusters[i]);
        deep_computes(c);
        bask_close(c);
    }
}

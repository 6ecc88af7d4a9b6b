/* SPDX-License-Identifier: Apache-2.0 */
/* Storms: many threads cancel, wait for, look at and free the same futures while tasks complete.
 * Final states stay, they agree with each other, and in the end nothing is left. */
#include "support/clusters.h"
#include "support/draw.h"
#include <pthread.h>

enum { THREADS = 4 };

/* ---- tasks, whose results are counted buffers: none may be left ---- */

static _Atomic long made, released;

static void count_release(void *data, void *user)
{
    (void)user;
    free(data);
    atomic_fetch_add(&released, 1);
}

static bask_buffer *boxed(int64_t x)
{
    int64_t *place = malloc(sizeof *place);
    *place = x;
    atomic_fetch_add(&made, 1);
    return bask_buffer_wrap(place, sizeof *place, count_release, NULL);
}

static int64_t unboxed(bask_span in)
{
    int64_t x = -1;
    if (in.size == sizeof x)
        memcpy(&x, in.data, sizeof x);
    return x;
}

BASK_KERNEL(bask_buffer *, box, (int64_t, x))
{
    return boxed(x);
}
BASK_KERNEL(bask_buffer *, next, (bask_span, in))
{
    return boxed(unboxed(in) + 1);
}
BASK_KERNEL(bask_buffer *, next_in_place, (bask_span, in))
{
    bask_buffer *b = bask_take(in);
    ++*(int64_t *)bask_buffer_data(b);
    return b;
}
BASK_KERNEL(bask_buffer *, polls, (bask_span, in))
{
    for (int i = 0; i < 200; i++)
        if (bask_cancelled())
            return boxed(-1);
    return boxed(unboxed(in) + 1);
}
BASK_KERNEL(int64_t, unbox, (bask_span, in))
{
    return unboxed(in);
}
BASK_KERNEL(bask_buffer *, both, (bask_span, a), (bask_span, b))
{
    return boxed(unboxed(a) + unboxed(b));
}

static void assert_nothing_is_left(void)
{
    cr_assert_eq(atomic_load(&made), atomic_load(&released), "%ld of %ld buffers are left",
                 atomic_load(&made) - atomic_load(&released), atomic_load(&made));
}

/* ---- the futures of one compute, in the hands of several threads ---- */

enum { MOST = 150 };

typedef struct storm {
    bask_client *client;
    bask_future *future[MOST];
    int64_t want[MOST];
    int from[MOST]; /* the output that this one depends on, -1: none */
    unsigned n;
    _Atomic int failures;
} storm;

typedef struct thrower {
    storm *storm;
    uint64_t seed;
    pthread_t thread;
} thrower;

/* What a done future says must be the same whoever asks, however often. */
static bool consistent(bask_future *f, int64_t want)
{
    bask_span span;
    bask_state state = bask_future_state(f);
    bask_status status = bask_result_timeout(f, &span, 0);
    switch (state) {
    case BASK_PENDING:
        return true;
    case BASK_FINISHED:
        return status == BASK_OK && unboxed(span) == want && bask_future_error(f)[0] == '\0';
    case BASK_CANCELLED:
        return status == BASK_ECANCELLED && bask_future_status(f) == status &&
               strstr(bask_future_error(f), "cancelled");
    default:
        return false;
    }
}

static bool act(storm *s, uint64_t *seed)
{
    unsigned i = draw(seed, s->n), j = draw(seed, s->n);
    bask_future *two[] = {s->future[i], s->future[j]};
    size_t which = 9;
    switch (draw(seed, 6)) {
    case 0:
        return bask_cancel(s->future[i]) == BASK_OK && bask_future_done(s->future[i]);
    case 1:
        return bask_wait(two, 2, BASK_ANY, BASK_FOREVER, &which) == BASK_OK && which < 2 &&
               bask_future_done(two[which]);
    case 2:
        return bask_wait(two, 2, BASK_ALL, BASK_FOREVER, NULL) == BASK_OK &&
               bask_future_done(two[0]) && bask_future_done(two[1]);
    case 3: {
        bask_future *f = bask_submit(s->client, unbox, s->future[i]);
        int64_t x = -1;
        bask_status status = bask_result(f, &x);
        bool fine = status == BASK_OK
                        ? x == s->want[i] && bask_future_state(s->future[i]) == BASK_FINISHED
                        : status == BASK_ECANCELLED;
        bask_future_free(f);
        return fine;
    }
    case 4:
        bask_future_free(bask_future_retain(s->future[i]));
        return true;
    default:
        return consistent(s->future[i], s->want[i]);
    }
}

static void *throw_things(void *user)
{
    thrower *t = user;
    for (unsigned i = 0; i < t->storm->n; i++)
        if (!act(t->storm, &t->seed))
            atomic_fetch_add(&t->storm->failures, 1);
    return NULL;
}

static void start_compute(storm *s, bask_client *c, uint64_t *seed)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d[MOST];
    *s = (storm){.client = c, .n = 2 + draw(seed, MOST - 2)};
    for (int i = 0; i < (int)s->n; i++) {
        int from = s->from[i] = i ? (int)draw(seed, (unsigned)i + 1) - 1 : -1;
        s->want[i] = from < 0 ? i : s->want[from] + 1;
        switch (from < 0 ? 3 : (int)draw(seed, 3)) {
        case 0:
            d[i] = bask_delay(g, next, d[from]);
            break;
        case 1:
            d[i] = bask_delay(g, next_in_place, d[from]);
            break;
        case 2:
            d[i] = bask_delay(g, polls, d[from]);
            break;
        default:
            d[i] = bask_delay(g, both, bask_delay(g, box, i), bask_delay(g, box, 0));
        }
    }
    cr_assert_eq(bask_compute(c, d, s->n, s->future), BASK_OK, "%s", bask_last_error());
    bask_graph_free(g);
}

static void check_and_free(storm *s)
{
    cr_assert_eq(atomic_load(&s->failures), 0);
    cr_assert_eq(bask_wait(s->future, s->n, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    for (unsigned i = 0; i < s->n; i++) {
        cr_assert(consistent(s->future[i], s->want[i]));
        if (s->from[i] >= 0 && bask_future_state(s->future[s->from[i]]) == BASK_CANCELLED)
            cr_assert_eq(bask_future_state(s->future[i]), BASK_CANCELLED);
    }
    for (unsigned i = 0; i < s->n; i++)
        bask_future_free(s->future[i]);
}

static void cancel_storm(bask_client *c)
{
    static storm s;
    uint64_t seed = DRAW_SEED;
    for (int round = 0; round < 60; round++) {
        thrower t[THREADS];
        start_compute(&s, c, &seed);
        for (int i = 0; i < THREADS; i++) {
            t[i] = (thrower){.storm = &s, .seed = DRAW_SEED + (uint64_t)(round * THREADS + i)};
            pthread_create(&t[i].thread, NULL, throw_things, &t[i]);
        }
        for (int i = 0; i < THREADS; i++)
            pthread_join(t[i].thread, NULL);
        check_and_free(&s);
    }
}
Test(storm, threads_cancel_what_others_wait_for, .timeout = 600)
{
    each_cluster(cancel_storm);
    assert_nothing_is_left();
}

/* Also one that a task finishes at that moment. */
static void cancel_at_the_end(bask_client *c)
{
    for (int round = 0; round < 300; round++) {
        static storm s;
        uint64_t seed = DRAW_SEED;
        start_compute(&s, c, &seed);
        for (unsigned i = 0; i < s.n; i++) {
            cr_assert_eq(bask_cancel(s.future[i]), BASK_OK);
            cr_assert(bask_future_done(s.future[i]), "round %d", round);
        }
        check_and_free(&s);
    }
}
Test(storm, a_future_is_done_when_cancel_returns, .timeout = 600)
{
    each_cluster(cancel_at_the_end);
    assert_nothing_is_left();
}

/* ---- closing ---- */

/* The threads have stopped; what they have left is queued, runs, or waits for other futures. */
static void close_in_the_middle(const char *address)
{
    static storm s;
    uint64_t seed = DRAW_SEED;
    for (int round = 0; round < 100; round++) {
        bask_client *c = open_client(address);
        start_compute(&s, c, &seed);
        bask_future *last[20];
        for (int i = 0; i < 20; i++)
            last[i] = bask_submit(c, next, i ? last[i - 1] : s.future[s.n - 1]);
        for (unsigned i = 0; i < s.n; i += 1 + draw(&seed, 5))
            bask_cancel(s.future[i]);
        for (unsigned i = 0; i < s.n; i += 2) {
            bask_future_free(s.future[i]);
            s.future[i] = NULL;
        }
        bask_close(c);
        for (unsigned i = 1; i < s.n; i += 2) {
            bask_span span;
            cr_assert(bask_future_done(s.future[i]));
            cr_assert_neq(bask_future_state(s.future[i]), BASK_ERROR);
            cr_assert_eq(bask_result(s.future[i], &span), bask_future_status(s.future[i]));
            cr_assert_eq(bask_cancel(s.future[i]), BASK_OK);
            bask_future_free(s.future[i]);
        }
        for (int i = 0; i < 20; i++) {
            cr_assert(bask_future_done(last[i]));
            bask_future_free(last[i]);
        }
    }
}
Test(storm, close_with_work_in_every_state, .timeout = 600)
{
    close_in_the_middle("threads://1");
    close_in_the_middle("threads://2");
    close_in_the_middle("threads://8");
    close_in_the_middle("sync://");
    assert_nothing_is_left();
}

static bask_client *client;

/* Starts more work and waits for it, until the client is closed. */
BASK_KERNEL(int64_t, goes_on, (int64_t, depth))
{
    if (depth == 0)
        return 0;
    bask_graph *g = bask_graph_new(client);
    bask_delayed *d = g ? bask_delay(g, goes_on, depth - 1) : NULL;
    bask_future *f[2] = {NULL, bask_submit(client, goes_on, depth - 1)};
    bask_plan *plan = NULL;
    int64_t x = 0;
    if (d && depth % 2)
        (void)(bask_plan_new(client, &d, 1, &plan) || bask_plan_run(plan));
    else if (d)
        (void)(bask_compute(client, &d, 1, &f[0]) || bask_result(f[0], &x));
    if (bask_result(f[1], &x) != BASK_OK)
        bask_fail(BASK_EKERNEL, "%s", bask_last_error());
    bask_plan_free(plan);
    bask_future_free(f[0]);
    bask_future_free(f[1]);
    bask_graph_free(g);
    return x;
}

static void close_above_tasks(const char *address)
{
    for (int round = 0; round < 100; round++) {
        client = open_client(address);
        bask_future *f[4];
        for (int i = 0; i < 4; i++)
            f[i] = bask_submit(client, goes_on, 12);
        bask_pool_stats stats;
        do
            bask_client_stats(client, &stats);
        while (stats.tasks < (uint64_t)round);
        bask_close(client);
        for (int i = 0; i < 4; i++) {
            cr_assert(bask_future_done(f[i]));
            bask_future_free(f[i]);
        }
    }
}
Test(storm, close_while_tasks_start_tasks, .timeout = 600)
{
    close_above_tasks("threads://1");
    close_above_tasks("threads://2");
    close_above_tasks("threads://8");
}

/* ---- chains of futures that are built, cancelled and freed at once, in two clients ---- */

static void *build_chains(void *user)
{
    thrower *t = user;
    for (int round = 0; round < 100; round++) {
        bask_future *f = bask_submit(t->storm->client, box, 0);
        int64_t length = draw(&t->seed, 30);
        bool cancelled = false;
        for (int64_t i = 0; i < length; i++) {
            bask_future *more = draw(&t->seed, 2)   ? bask_submit(t->storm->client, next, f)
                                : draw(&t->seed, 2) ? bask_submit(t->storm->client, polls, f)
                                                    : bask_submit(t->storm->client, both, f, f);
            if (draw(&t->seed, 20) == 0) {
                bask_cancel(f);
                cancelled = true;
            }
            bask_future_free(f);
            f = more;
        }
        if (draw(&t->seed, 3)) {
            bask_span span;
            bask_status status = bask_result(f, &span);
            if (status != BASK_OK && !(cancelled && status == BASK_ECANCELLED))
                atomic_fetch_add(&t->storm->failures, 1);
        }
        bask_future_free(f);
    }
    return NULL;
}

static void chains(const char *one, const char *two)
{
    static storm s[2];
    thrower t[THREADS];
    for (int i = 0; i < 2; i++)
        s[i] = (storm){.client = open_client(i ? two : one)};
    for (int i = 0; i < THREADS; i++) {
        t[i] = (thrower){.storm = &s[i % 2], .seed = DRAW_SEED + (uint64_t)i};
        pthread_create(&t[i].thread, NULL, build_chains, &t[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i].thread, NULL);
    for (int i = 0; i < 2; i++) {
        bask_close(s[i].client);
        cr_assert_eq(atomic_load(&s[i].failures), 0);
    }
}
Test(storm, chains_that_are_cancelled_and_freed_at_once, .timeout = 600)
{
    chains("threads://1", "threads://2");
    chains("threads://8", "sync://");
    assert_nothing_is_left();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Storms of cancellation: several threads, and tasks themselves, cancel whatever there is while tasks
 * complete. A state that was seen as final stays; a result is there exactly if the state says so, and
 * is right; what is cancelled leaves nothing behind.
 */
#include "support/clusters.h"
#include "support/draw.h"
#include "support/stress.h"
#include "support/tree.h"
#include <pthread.h>
#include <time.h>

static const char *const addresses[] = {"threads://1", "threads://2", "threads://8"};
enum { ADDRESSES = sizeof addresses / sizeof *addresses };

/* Results are trees of one node, which are counted. */
static bask_buffer *one_node(int64_t value)
{
    return bask_object_new(tree, tree_node(value, NULL, NULL), sizeof(tree));
}
static int64_t value_in(bask_span in)
{
    const tree *t = bask_object(in, tree);
    return t ? t->value : -1;
}

BASK_KERNEL(bask_buffer *, first, (int64_t, x))
{
    return one_node(x);
}
BASK_KERNEL(bask_buffer *, next, (bask_span, in))
{
    return one_node(value_in(in) + 1);
}
BASK_KERNEL(bask_buffer *, next_in_place, (bask_span, in))
{
    bask_buffer *b = bask_take(in);
    tree *t = b ? bask_buffer_object(b, tree) : NULL;
    if (t)
        t->value++;
    return b;
}
/* Polls, as a long kernel does, and returns rubbish when it is told to stop. */
BASK_KERNEL(bask_buffer *, polls, (bask_span, in))
{
    for (int i = 0; i < 100; i++)
        if (bask_cancelled())
            return one_node(-5);
    return one_node(value_in(in) + 1);
}

/* Lets others go on. No sched_yield: each can cost a whole time slice on a machine that is busy. */
static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
}

static void await_nothing_alive(bask_client *c)
{
    bask_pool_stats stats;
    do { /* a run lets go of its last results just after its futures are done */
        pause_briefly();
        bask_client_stats(c, &stats);
    } while (stats.live_bytes != 0 || tree_nodes != 0);
}

/* ---- a set of futures: computed, submitted, and submitted after what was computed ---- */

enum { MOST = 400 };

typedef struct set {
    bask_client *client;
    bask_future *future[MOST];
    int64_t want[MOST];
    int n;
} set;

static void add_computed(set *s, int n, uint64_t *seed)
{
    bask_graph *g = bask_graph_new(s->client);
    bask_delayed *d[MOST];
    for (int i = 0; i < n; i++) {
        int from = i ? (int)draw(seed, (unsigned)i + 1) - 1 : -1;
        int64_t *want = &s->want[s->n + i];
        unsigned kind = draw(seed, 3);
        *want = from < 0 ? i : s->want[s->n + from] + 1;
        d[i] = from < 0    ? bask_delay(g, first, i)
               : kind == 0 ? bask_delay(g, next, d[from])
               : kind == 1 ? bask_delay(g, next_in_place, d[from])
                           : bask_delay(g, polls, d[from]);
    }
    cr_assert_eq(bask_compute(s->client, d, (size_t)n, &s->future[s->n]), BASK_OK, "%s",
                 bask_last_error());
    bask_graph_free(g);
    s->n += n;
}

static void add_submitted(set *s, int n, uint64_t *seed)
{
    for (int end = s->n + n; s->n < end; s->n++) {
        int from = s->n && draw(seed, 4) ? (int)draw(seed, (unsigned)s->n) : -1;
        s->want[s->n] = from < 0 ? s->n : s->want[from] + 1;
        s->future[s->n] = from < 0        ? bask_submit(s->client, first, s->n)
                          : draw(seed, 2) ? bask_submit(s->client, next, s->future[from])
                                          : bask_submit(s->client, polls, s->future[from]);
        cr_assert_not_null(s->future[s->n], "%s", bask_last_error());
    }
}

static void set_fill(set *s, bask_client *c, uint64_t *seed)
{
    *s = (set){.client = c};
    add_submitted(s, 50, seed);
    add_computed(s, 150, seed);
    add_submitted(s, 100, seed);
    add_computed(s, 100, seed);
}

/* What a future in a final state says of itself is all of a piece. */
static bool is_consistent(const set *s, int i, bask_state state)
{
    bask_span span = {NULL, 0};
    bask_future *f = s->future[i];
    bask_status status = bask_result_timeout(f, &span, 0);
    if (bask_future_state(f) != state || bask_future_status(f) != status)
        return false;
    if (state == BASK_FINISHED)
        return status == BASK_OK && value_in(span) == s->want[i] && !bask_future_error(f)[0];
    return state == BASK_CANCELLED && status == BASK_ECANCELLED &&
           strstr(bask_future_error(f), "cancelled");
}

static void set_free(set *s)
{
    for (int i = 0; i < s->n; i++)
        bask_future_free(s->future[i]);
}

/* ---- cancellers and watchers ---- */

enum { CANCELLERS = 3, WATCHERS = 2, HANDS = CANCELLERS + WATCHERS };

typedef struct hand {
    set *set;
    uint64_t seed;
    int faults;
    bask_state seen[MOST];
    pthread_t thread;
} hand;

static void *cancel_some(void *user)
{
    hand *h = user;
    for (int i = 0; i < h->set->n / 2; i++) {
        bask_future *f = h->set->future[draw(&h->seed, (unsigned)h->set->n)];
        bask_cancel(f);
        h->faults += !bask_future_done(f);
        if (draw(&h->seed, 8) == 0)
            pause_briefly();
    }
    return NULL;
}

/* Looks at all until all are done. */
static void *watch(void *user)
{
    hand *h = user;
    for (int done = 0; done < h->set->n;) {
        done = 0;
        for (int i = 0; i < h->set->n; i++) {
            bask_state state = bask_future_state(h->set->future[i]);
            done += state != BASK_PENDING;
            h->faults += h->seen[i] != BASK_PENDING && state != h->seen[i];
            if (state != BASK_PENDING && h->seen[i] == BASK_PENDING)
                h->faults += !is_consistent(h->set, i, state);
            h->seen[i] = state;
        }
        pause_briefly();
    }
    return NULL;
}

static void storm(bask_client *c, uint64_t *seed, int *finished, int *cancelled)
{
    static set s;
    static hand hands[HANDS];
    set_fill(&s, c, seed);
    for (int i = 0; i < HANDS; i++) {
        hands[i] = (hand){.set = &s, .seed = *seed + (uint64_t)i + 1};
        pthread_create(&hands[i].thread, NULL, i < CANCELLERS ? cancel_some : watch, &hands[i]);
    }
    for (int i = 0; i < HANDS; i++) {
        pthread_join(hands[i].thread, NULL);
        cr_assert_eq(hands[i].faults, 0, "%s %d saw %d", i < CANCELLERS ? "canceller" : "watcher",
                     i, hands[i].faults);
    }
    for (int i = 0; i < s.n; i++) {
        bask_state state = bask_future_state(s.future[i]);
        cr_assert(is_consistent(&s, i, state), "future %d: %s", i, bask_future_error(s.future[i]));
        *(state == BASK_FINISHED ? finished : cancelled) += 1;
        for (int k = CANCELLERS; k < HANDS; k++)
            cr_assert_eq(hands[k].seen[i], state);
    }
    set_free(&s);
    await_nothing_alive(c);
}
Test(cancellation, a_final_state_stays_whoever_cancels, .timeout = 600)
{
    for (int a = 0; a < ADDRESSES; a++) {
        int finished = 0, cancelled = 0;
        uint64_t seed = DRAW_SEED;
        bask_client *c = open_client(addresses[a]);
        for (int round = 0; round < stress_rounds(60); round++)
            storm(c, &seed, &finished, &cancelled);
        bask_close(c);
        cr_assert_gt(cancelled, 0);
        cr_log_info("%s: %d finished, %d cancelled\n", addresses[a], finished, cancelled);
    }
}

/* ---- tasks that cancel, also themselves and what they depend on ---- */

static set task_set;
static _Atomic bool filled;

BASK_KERNEL(bask_buffer *, cancels, (bask_span, in), (int64_t, seed))
{
    uint64_t state = (uint64_t)seed;
    for (int i = 0; i < 4 && atomic_load(&filled); i++)
        bask_cancel(task_set.future[draw(&state, (unsigned)task_set.n)]);
    return one_node(value_in(in) + 1);
}
BASK_KERNEL(bask_buffer *, opens, (int64_t, x))
{
    while (!atomic_load(&filled) && !bask_cancelled())
        pause_briefly();
    return one_node(x);
}

/* All stand behind one task that waits until all futures are there to be cancelled. */
static void fill_with_cancellers(bask_client *c, uint64_t *seed)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d[MOST];
    atomic_store(&filled, false);
    task_set = (set){.client = c, .n = MOST};
    for (int i = 0; i < MOST; i++) {
        int from = i ? (int)draw(seed, (unsigned)i) : -1;
        task_set.want[i] = i ? task_set.want[from] + 1 : 0;
        d[i] = i == 0          ? bask_delay(g, opens, 0)
               : draw(seed, 4) ? bask_delay(g, next, d[from])
                               : bask_delay(g, cancels, d[from], (int64_t)(*seed | 1) >> 1);
    }
    cr_assert_eq(bask_compute(c, d, MOST, task_set.future), BASK_OK);
    bask_graph_free(g);
    atomic_store(&filled, true);
}

static void assert_consistent(const set *s)
{
    cr_assert_eq(bask_wait(s->future, (size_t)s->n, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    for (int i = 0; i < s->n; i++)
        cr_assert(is_consistent(s, i, bask_future_state(s->future[i])), "future %d: %s", i,
                  bask_future_error(s->future[i]));
}

Test(cancellation, by_tasks_of_each_other, .timeout = 600)
{
    uint64_t seed = DRAW_SEED;
    for (int a = 0; a < ADDRESSES; a++) {
        bask_client *c = open_client(addresses[a]);
        for (int round = 0; round < stress_rounds(100); round++) {
            fill_with_cancellers(c, &seed);
            assert_consistent(&task_set);
            set_free(&task_set);
            await_nothing_alive(c);
        }
        bask_close(c);
    }
}

/* ---- a client that closes in the middle of it ---- */

Test(cancellation, by_tasks_while_the_client_closes, .timeout = 600)
{
    uint64_t seed = DRAW_SEED;
    for (int a = 0; a < ADDRESSES; a++)
        for (int round = 0; round < stress_rounds(100); round++) {
            bask_client *c = open_client(addresses[a]);
            set other = {.client = c};
            bask_state seen[MOST];
            fill_with_cancellers(c, &seed);
            add_submitted(&other, 50, &seed);
            for (unsigned i = draw(&seed, 8); i > 0; i--)
                pause_briefly();
            bask_close(c);
            for (int i = 0; i < MOST; i++) {
                seen[i] = bask_future_state(task_set.future[i]);
                cr_assert(seen[i] == BASK_FINISHED || seen[i] == BASK_CANCELLED, "future %d", i);
            }
            for (int i = 0; i < MOST; i++) {
                bask_cancel(task_set.future[i]);
                cr_assert_eq(bask_future_state(task_set.future[i]), seen[i]);
            }
            for (int i = 0; i < other.n; i++)
                cr_assert(bask_future_done(other.future[i]));
            set_free(&task_set);
            set_free(&other);
            cr_assert_eq(tree_nodes, 0, "%s, round %d: %ld are left", addresses[a], round,
                         tree_nodes);
        }
}

/* ---- plans whose arguments are cancelled while they run ---- */

typedef struct runner {
    bask_client *client;
    bask_future *argument;
    int faults;
    pthread_t thread;
} runner;

static bool run_is_right(bask_plan *plan, bool may_finish)
{
    bask_span span;
    bask_status run = bask_plan_run(plan), status = bask_plan_result(plan, 0, &span);
    if (run == BASK_OK)
        return may_finish && status == BASK_OK && value_in(span) == 11;
    return run == BASK_ECANCELLED && status == BASK_ECANCELLED;
}

static void *run_plans(void *user)
{
    runner *r = user;
    bask_graph *g = bask_graph_new(r->client);
    bask_delayed *d = bask_delay(g, next, r->argument);
    bask_plan *plan = NULL;
    for (int i = 0; i < 9; i++)
        d = bask_delay(g, next, d);
    r->faults += bask_plan_new(r->client, &d, 1, &plan) != BASK_OK;
    for (int i = 0; i < 20; i++)
        r->faults += !run_is_right(plan, true);
    r->faults += bask_future_state(r->argument) == BASK_CANCELLED && !run_is_right(plan, false);
    bask_plan_free(plan);
    bask_graph_free(g);
    return NULL;
}

Test(cancellation, of_what_plans_wait_for, .timeout = 600)
{
    uint64_t seed = DRAW_SEED;
    for (int a = 0; a < ADDRESSES; a++) {
        bask_client *c = open_client(addresses[a]);
        for (int round = 0; round < stress_rounds(100); round++) {
            runner r[3];
            bask_future *f = bask_submit(c, first, 1);
            for (int i = 0; i < 3; i++) {
                r[i] = (runner){.client = c, .argument = f};
                pthread_create(&r[i].thread, NULL, run_plans, &r[i]);
            }
            for (unsigned i = draw(&seed, 4); i > 0; i--)
                pause_briefly();
            bask_cancel(f);
            for (int i = 0; i < 3; i++) {
                pthread_join(r[i].thread, NULL);
                cr_assert_eq(r[i].faults, 0, "%s, round %d", addresses[a], round);
            }
            bask_future_free(f);
            await_nothing_alive(c);
        }
        bask_close(c);
    }
}

/* ---- large graphs, of which nothing is left ---- */

typedef struct canceller {
    bask_future **future;
    int n;
    uint64_t seed;
    pthread_t thread;
} canceller;

/* All of them, beginning anywhere. */
static void *cancel_all(void *user)
{
    canceller *k = user;
    unsigned begin = draw(&k->seed, (unsigned)k->n);
    for (int i = 0; i < k->n; i++)
        bask_cancel(k->future[(begin + (unsigned)i) % (unsigned)k->n]);
    return NULL;
}

Test(cancellation, of_a_large_graph_leaves_nothing, .timeout = 600)
{
    const int n = stress_rounds(30000);
    bask_delayed **d = malloc((size_t)n * sizeof *d);
    bask_future **f = malloc((size_t)n * sizeof *f);
    uint64_t seed = DRAW_SEED;
    for (int a = 0; a < ADDRESSES; a++) {
        bask_client *c = open_client(addresses[a]);
        for (int round = 0; round < 8; round++) {
            canceller k[3];
            bask_graph *g = bask_graph_new(c);
            for (int i = 0; i < n; i++)
                d[i] = i % 10 == 0 ? bask_delay(g, first, i)
                       : i % 3
                           ? bask_delay(g, next_in_place, d[i - 1])
                           : bask_delay(g, polls, d[i - 1 - (int)draw(&seed, (unsigned)i % 10)]);
            cr_assert_eq(bask_compute(c, d, (size_t)n, f), BASK_OK);
            bask_graph_free(g);
            for (int i = 0; i < 3; i++) {
                k[i] = (canceller){.future = f, .n = n, .seed = seed + (uint64_t)i};
                pthread_create(&k[i].thread, NULL, cancel_all, &k[i]);
            }
            for (int i = 0; i < 3; i++)
                pthread_join(k[i].thread, NULL);
            for (int i = 0; i < n; i++) {
                bask_state state = bask_future_state(f[i]);
                cr_assert(state == BASK_FINISHED || state == BASK_CANCELLED);
                bask_future_free(f[i]);
            }
            await_nothing_alive(c);
        }
        bask_close(c);
    }
    free(d);
    free(f);
}

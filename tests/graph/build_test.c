/* SPDX-License-Identifier: Apache-2.0 */
/* One graph built by several threads at once, against what a serial evaluation gives. */
#include "graph/graph.h"
#include "support/clusters.h"
#include "support/draw.h"
#include <pthread.h>

enum { THREADS = 4 };

BASK_KERNEL(uint64_t, leaf, (uint64_t, x))
{
    return x;
}
BASK_KERNEL(uint64_t, inc, (uint64_t, x))
{
    return x + 1;
}
BASK_KERNEL(uint64_t, three, (uint64_t, a), (uint64_t, b), (uint64_t, c))
{
    return a + 3 * b + 5 * c + 1;
}
BASK_KERNEL(uint64_t, five, (uint64_t, a), (uint64_t, b), (uint64_t, c), (uint64_t, d),
            (uint64_t, e))
{
    return a + 2 * b + 3 * c + 5 * d + 7 * e;
}
BASK_KERNEL(bask_buffer *, boxed, (uint64_t, x))
{
    bask_buffer *b = bask_buffer_new(sizeof x);
    if (b)
        memcpy(bask_buffer_data(b), &x, sizeof x);
    return b;
}
BASK_KERNEL(uint64_t, unboxed, (bask_span, box), (uint64_t, x))
{
    return *(const uint64_t *)box.data + x;
}
BASK_KERNEL_UNTYPED(uint64_t, weigh)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < bask_task_argument_count(task); i++)
        sum += (i + 1) * *(const uint64_t *)bask_task_argument(task, i);
    return bask_return(task, &sum);
}

static bask_client *client;
static bask_graph *graph;
static pthread_barrier_t barrier;

static void on_threads(void *(*body)(void *), int count)
{
    pthread_t thread[THREADS];
    for (int i = 0; i < count; i++)
        cr_assert_eq(pthread_create(&thread[i], NULL, body, (void *)(intptr_t)i), 0);
    for (int i = 0; i < count; i++)
        pthread_join(thread[i], NULL);
}

static uint64_t value_of(bask_delayed *d)
{
    bask_future *f;
    uint64_t x = 0;
    cr_assert_eq(bask_compute(client, &d, 1, &f), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    bask_future_free(f);
    return x;
}

/* ---- layers: whole rows are handed over ---- */

enum { WIDTH = 400, LAYERS = 150, ALL = WIDTH * LAYERS };
static bask_delayed *cell[ALL];
static uint64_t want[ALL];

/* Every THREADS-th node of each layer; the layer before was made by all threads. */
static void *build_layers(void *number)
{
    uint64_t seed = DRAW_SEED + (uintptr_t)number;
    for (int layer = 0; layer < LAYERS; layer++) {
        for (int i = (int)(intptr_t)number; i < WIDTH; i += THREADS) {
            int before = (layer - 1) * WIDTH, me = layer * WIDTH + i;
            if (layer == 0) {
                want[me] = (uint64_t)i;
                cell[me] = bask_delay(graph, leaf, i);
                continue;
            }
            int x = before + (int)draw(&seed, WIDTH), y = before + (int)draw(&seed, WIDTH),
                z = before + (int)draw(&seed, WIDTH);
            want[me] = three(want[x], want[y], want[z]);
            cell[me] = bask_delay(graph, three, cell[x], cell[y], cell[z]);
        }
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

static void layers(bask_client *c)
{
    client = c;
    graph = bask_graph_new(c);
    pthread_barrier_init(&barrier, NULL, THREADS);
    on_threads(build_layers, THREADS);
    pthread_barrier_destroy(&barrier);
    cr_assert_eq(bask_graph_size(graph), ALL);
    bask_plan *plan;
    cr_assert_eq(bask_plan_new(c, cell + ALL - WIDTH, WIDTH, &plan), BASK_OK);
    for (int run = 0; run < 2; run++) {
        cr_assert_eq(bask_plan_run(plan), BASK_OK);
        for (size_t i = 0; i < WIDTH; i++) {
            uint64_t x;
            cr_assert_eq(bask_plan_result(plan, i, &x), BASK_OK);
            cr_assert_eq(x, want[ALL - WIDTH + i]);
        }
    }
    bask_plan_free(plan);
    for (int i = 0; i < ALL; i += 997)
        cr_assert_eq(value_of(cell[i]), want[i]);
    bask_graph_free(graph);
}
Test(build, layers_by_four_threads)
{
    each_cluster(layers);
}

/* ---- everything: single nodes are handed over ---- */

enum { ROUNDS = 3, PER_THREAD = 1500, MOST = ROUNDS * THREADS * PER_THREAD, ARGUMENTS = 12 };
typedef struct published {
    uint64_t want;
    _Atomic(bask_delayed *) node; /* release when it is made, acquire by who names it */
} published;
static published made[MOST + 1]; /* the last one is there from the start */
static bask_future *future;
static int round_number;

static int other(uint64_t *seed, bask_delayed **node)
{
    for (;;) {
        int i = (int)draw(seed, MOST + 1);
        if ((*node = atomic_load_explicit(&made[i].node, memory_order_acquire)))
            return i;
    }
}

static bask_delayed *any_node(uint64_t *seed, uint64_t *value)
{
    bask_delayed *d[ARGUMENTS];
    bask_arg args[ARGUMENTS];
    uint64_t v[ARGUMENTS], sum = 0;
    for (int i = 0; i < ARGUMENTS; i++)
        v[i] = made[other(seed, &d[i])].want;
    switch (draw(seed, 7)) {
    case 0:
        *value = leaf(v[0]);
        return bask_delay(graph, leaf, v[0]);
    case 1:
        *value = inc(v[0]);
        return bask_delay(graph, inc, d[0]);
    case 2:
        *value = three(v[0], 3, v[1]);
        return bask_delay(graph, three, d[0], 3, d[1]);
    case 3:
        *value = five(v[0], v[1], 1, v[2], v[3]);
        return bask_delay(graph, five, d[0], d[1], 1, d[2], d[3]);
    case 4:
        *value = v[0] + v[1];
        return bask_delay(graph, unboxed, bask_delay(graph, boxed, d[0]), d[1]);
    case 5:
        *value = three(v[0], 77, v[1]);
        return bask_delay(graph, three, d[0], future, d[1]);
    default:
        for (unsigned i = 0; i < ARGUMENTS; i++) {
            args[i] = bask_arg_delayed(d[i]);
            sum += (i + 1) * v[i];
        }
        *value = sum;
        return bask_delay_array(graph, &weigh_kernel, args, ARGUMENTS);
    }
}

static void *build_anything(void *number)
{
    uint64_t seed = DRAW_SEED + (uintptr_t)number + 10u * (unsigned)round_number;
    published *mine = &made[(round_number * THREADS + (int)(intptr_t)number) * PER_THREAD];
    for (int i = 0; i < PER_THREAD; i++) {
        bask_delayed *d = any_node(&seed, &mine[i].want);
        cr_assert(d, "%s", bask_last_error());
        atomic_store_explicit(&mine[i].node, d, memory_order_release);
    }
    return NULL;
}

/* Between the rounds the graph is computed, and goes on running while the next is built. */
static void anything(bask_client *c)
{
    bask_delayed *node;
    bask_future *f[ROUNDS];
    int which[ROUNDS];
    uint64_t seed = DRAW_SEED, x;
    memset(made, 0, sizeof made);
    client = c;
    graph = bask_graph_new(c);
    future = bask_submit(c, leaf, 77);
    made[MOST].want = 5;
    atomic_store(&made[MOST].node, bask_delay(graph, leaf, 5));
    for (int i = 0; i < ROUNDS; i++) {
        round_number = i;
        on_threads(build_anything, THREADS);
        which[i] = other(&seed, &node);
        cr_assert_eq(bask_compute(c, &node, 1, &f[i]), BASK_OK, "%s", bask_last_error());
    }
    for (int i = 0; i < ROUNDS; i++) {
        cr_assert_eq(bask_result(f[i], &x), BASK_OK, "%s", bask_last_error());
        cr_assert_eq(x, made[which[i]].want);
        bask_future_free(f[i]);
    }
    for (int i = 0; i < MOST; i += 101)
        cr_assert_eq(value_of(atomic_load(&made[i].node)), made[i].want);
    bask_future_free(future);
    bask_graph_free(graph);
}
Test(build, nodes_of_every_kind_by_four_threads)
{
    each_cluster(anything);
}

/* ---- a chain that two threads make in turns ---- */

enum { TURNS = 100000 };
static _Atomic int turn;
static bask_delayed *end_of_chain;

static void *take_turns(void *number)
{
    for (int i = (int)(intptr_t)number; i < TURNS; i += 2) {
        while (atomic_load(&turn) != i)
            sched_yield();
        end_of_chain =
            end_of_chain ? bask_delay(graph, inc, end_of_chain) : bask_delay(graph, leaf, 0);
        atomic_store(&turn, i + 1);
    }
    return NULL;
}

static void turns(bask_client *c)
{
    client = c;
    graph = bask_graph_new(c);
    end_of_chain = NULL;
    atomic_store(&turn, 0);
    on_threads(take_turns, 2);
    cr_assert_eq(value_of(end_of_chain), TURNS - 1);
    size_t slabs = ((const struct bask_graph *)graph)->nslabs;
    cr_assert_lt(slabs, 40, "%zu slabs for what fits in two", slabs);
    bask_graph_free(graph);
}
Test(build, in_turns)
{
    each_cluster(turns);
}

/* ---- each for itself ---- */

enum { OWN = 200000 };
static bask_delayed *end_of_own[THREADS];

static void *build_own(void *number)
{
    bask_delayed *d = bask_delay(graph, leaf, (intptr_t)number);
    for (int i = 0; i < OWN; i++)
        d = bask_delay(graph, inc, d);
    end_of_own[(intptr_t)number] = d;
    return NULL;
}

static void apart(bask_client *c)
{
    client = c;
    graph = bask_graph_new(c);
    on_threads(build_own, THREADS);
    bask_delayed *d =
        bask_delay(graph, five, end_of_own[0], end_of_own[1], end_of_own[2], end_of_own[3], 0);
    cr_assert_eq(value_of(d), five(OWN, OWN + 1, OWN + 2, OWN + 3, 0));
    cr_assert_eq(bask_graph_size(graph), THREADS * (OWN + 1) + 1);
    bask_graph_free(graph);
}
Test(build, chains_apart)
{
    each_cluster(apart);
}

/* ---- from tasks ---- */

static bask_delayed *hub;
BASK_KERNEL(bool, adds_nodes, (int64_t, number))
{
    bask_delayed *d = hub;
    for (int i = 0; i < 1000; i++)
        d = bask_delay(graph, three, d, number, hub);
    return d != NULL;
}

static void from_tasks(bask_client *c)
{
    enum { TASKS = 60 };
    bask_future *f[TASKS];
    client = c;
    graph = bask_graph_new(c);
    hub = bask_delay(graph, leaf, 1);
    for (int i = 0; i < TASKS; i++)
        f[i] = bask_submit(c, adds_nodes, i);
    for (int i = 0; i < TASKS; i++) {
        bool added = false;
        cr_assert_eq(bask_result(f[i], &added), BASK_OK);
        cr_assert(added);
        bask_future_free(f[i]);
    }
    cr_assert_eq(bask_graph_size(graph), TASKS * 1000 + 1);
    cr_assert_eq(value_of(bask_delay(graph, inc, hub)), 2);
    bask_graph_free(graph);
}
Test(build, from_tasks)
{
    each_cluster(from_tasks);
}

/* ---- while a plan of the graph runs ---- */

static bask_delayed *running[2];

static void *add_consumers(void *number)
{
    for (int i = 0; i < 30000; i++)
        (void)bask_delay(graph, three, running[i % 2], (intptr_t)number, running[0]);
    return NULL;
}

static _Atomic bool built;
static void *run_on(void *plan)
{
    for (int i = 0; i < 200 || !atomic_load(&built); i++) {
        uint64_t x = 0;
        if (bask_plan_run(plan) != BASK_OK ||
            bask_plan_result((bask_plan *)plan, 0, &x) != BASK_OK || x != 8)
            return plan;
    }
    return NULL;
}

static void while_it_runs(bask_client *c)
{
    pthread_t runner;
    bask_plan *plan;
    void *failed;
    client = c;
    graph = bask_graph_new(c);
    running[0] = bask_delay(graph, leaf, 7);
    running[1] = bask_delay(graph, inc, running[0]);
    cr_assert_eq(bask_plan_new(c, &running[1], 1, &plan), BASK_OK);
    atomic_store(&built, false);
    pthread_create(&runner, NULL, run_on, plan);
    on_threads(add_consumers, THREADS);
    cr_assert_eq(value_of(bask_delay(graph, three, running[1], 0, 0)), 9);
    on_threads(add_consumers, THREADS);
    atomic_store(&built, true);
    pthread_join(runner, &failed);
    cr_assert_null(failed);
    cr_assert_eq(bask_plan_size(plan), 2);
    bask_plan_free(plan);
    bask_graph_free(graph);
}
Test(build, while_it_runs)
{
    each_cluster(while_it_runs);
}

/* ---- what goes wrong in one thread ---- */

static void *refused_at_times(void *number)
{
    bask_delayed *none = NULL;
    for (int i = 0; i < 100; i++)
        (void)bask_delay(graph, inc, number && i % 10 ? none : bask_delay(graph, inc, i));
    return NULL;
}

Test(build, a_refusal_in_one_thread_is_known_to_all)
{
    client = open_client("threads://2");
    graph = bask_graph_new(client);
    on_threads(refused_at_times, THREADS);
    bask_delayed *d = bask_delay(graph, leaf, 1);
    bask_future *f;
    cr_assert_eq(bask_compute(client, &d, 1, &f), BASK_EINVAL);
    cr_assert(strstr(bask_last_error(), "argument 1 of inc is a delayed that is NULL"), "%s",
              bask_last_error());
    bask_graph_free(graph);
    bask_close(client);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Refused requests while graphs are built, planned, computed, run again and drawn. */
#include "faults/oom.h"

#ifdef _OPENMP
#include <omp.h>
#endif
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bask_client *client;

typedef struct two {
    int64_t a, b;
} two;

BASK_KERNEL(int64_t, leaf, (int64_t, x))
{
    return x;
}
BASK_KERNEL(int64_t, sum, (int64_t, x), (int64_t, y))
{
    return x + y;
}
BASK_KERNEL(int64_t, five, (int64_t, a), (int64_t, b), (int64_t, c), (int64_t, d), (int64_t, e))
{
    return a + b + c + d + e;
}
BASK_KERNEL(int64_t, of_two, (two, x), (int64_t, y))
{
    return x.a * x.b + y;
}
BASK_KERNEL(int64_t, fails, (int64_t, x))
{
    bask_fail(BASK_EKERNEL, "%lld is refused", (long long)x);
    return x;
}
BASK_KERNEL_UNTYPED(int64_t, total)
{
    int64_t all = 0, x;
    for (size_t i = 0; i < bask_task_argument_count(task); i++) {
        bask_status status = bask_task_int64(task, i, &x);
        if (status != BASK_OK)
            return status;
        all += x;
    }
    return bask_return(task, &all);
}

/* ---- shapes: each returns its last node, whose value is known ---- */

typedef bask_delayed *shape_fn(bask_graph *g, bask_future *future);

/* Literals of every length, futures, few and many arguments. The future's value is 5. */
static bask_delayed *mixed(bask_graph *g, bask_future *future)
{
    two pair = {3, 4};
    bask_arg args[40];
    bask_delayed *l = bask_delay(g, leaf, 1), *w = bask_delay(g, of_two, pair, l);
    for (int64_t i = 0; i < 40; i++)
        args[i] = i % 4 == 0   ? bask_arg_future(future)
                  : i % 4 == 1 ? bask_literal(i)
                  : i % 4 == 2 ? bask_literal((int8_t)1)
                               : bask_arg_delayed(l);
    bask_delayed *t = l ? bask_delay_array(g, &total_kernel, args, 40) : NULL;
    return bask_delay(g, five, w, t, l, future, bask_delay(g, sum, w, 0));
}
enum { MIXED = 13 + (10 * 5 + 190 + 10 + 10) + 1 + 5 + 13 };

static bask_delayed *chain(bask_graph *g, bask_future *future)
{
    bask_delayed *d = bask_delay(g, leaf, future);
    for (int i = 0; i < 300; i++)
        d = bask_delay(g, sum, d, 1);
    return d;
}
enum { CHAIN = 305 };

/* Each level depends twice on the one before. */
static bask_delayed *ladder(bask_graph *g, bask_future *future)
{
    bask_delayed *d = bask_delay(g, sum, future, -4);
    for (int i = 0; i < 30; i++)
        d = bask_delay(g, sum, bask_delay(g, leaf, d), bask_delay(g, leaf, d));
    return d;
}
#define LADDER (INT64_C(1) << 30)

/* One node feeds a thousand, which feed one: more than a deque has room for at first. */
static bask_delayed *wide(bask_graph *g, bask_future *future)
{
    enum { WIDTH = 1000 };
    static bask_delayed *row[WIDTH];
    bask_delayed *d = bask_delay(g, leaf, future);
    for (int i = 0; i < WIDTH; i++)
        row[i] = bask_delay(g, sum, d, i);
    for (int n = WIDTH; n > 1; n = (n + 1) / 2)
        for (int i = 0; i < n / 2; i++)
            row[i] = bask_delay(g, sum, row[i], row[n - 1 - i]);
    return row[0];
}
enum { WIDE = 1000 * 5 + 999 * 500 };

/* Long enough for two slabs of nodes, and for windows: many roots, one sum. */
#ifdef SANITIZED
enum { LARGE = 6000 };
#else
enum { LARGE = 30000 };
#endif
static bask_delayed *large(bask_graph *g, bask_future *future)
{
    (void)future;
    bask_delayed *d = bask_delay(g, leaf, 0);
    for (int64_t i = 0; i < LARGE; i++)
        d = bask_delay(g, sum, d, bask_delay(g, leaf, i % 3));
    return d;
}

/* ---- what is done with them ---- */

static void compute(bask_delayed *out, bask_delayed *also, int64_t want)
{
    bask_delayed *outputs[3] = {out, also, out};
    bask_future *f[3];
    bask_compute_options o = {.size = sizeof o, .on_error = BASK_FAIL_FAST};
    if (TRY(bask_compute(client, outputs, 3, f))) {
        oom_value(f[0], want);
        oom_value(f[2], want);
        bask_future_free(f[1]);
    }
    /* some of the outputs, then all, are given up */
    for (int cancelled = 1; cancelled <= 3; cancelled += 2)
        if (TRY(bask_compute_with(client, outputs, 3, f, &o))) {
            for (int i = 0; i < cancelled; i++)
                oom_check(bask_cancel(f[i]) == BASK_OK && bask_future_done(f[i]), "cancel");
            for (int i = 0; i < 3; i++) {
                bask_state state = bask_future_state(f[i]);
                oom_check(state != BASK_ERROR || oom_may_fail(), "%s", bask_future_error(f[i]));
                oom_check(state != BASK_CANCELLED || bask_future_error(f[i])[0], "no reason");
                bask_future_free(f[i]);
            }
        }
    oom_fresh();
    bask_status status = bask_compute_sync(client, &out, 1, f);
    (void)!oom_ok(status, "bask_compute_sync");
    if (f[0])
        oom_value(f[0], want);
}

static void run_plan(bask_delayed *out, bask_delayed *also, int64_t want)
{
    bask_delayed *outputs[2] = {out, also};
    bask_plan *plan;
    int64_t x;
    if (!TRY(bask_plan_new(client, outputs, 2, &plan)))
        return;
    for (int run = 0; run < 3; run++) {
        bool ran = TRY(bask_plan_run(plan));
        bask_status status = bask_plan_result(plan, 0, &x);
        oom_check(status == BASK_OK ? x == want : !ran, "run %d: %s, %lld instead of %lld", run,
                  bask_status_name(status), (long long)x, (long long)want);
    }
    bask_plan_free(plan);
}

static void work_on(const char *address, shape_fn *shape, int64_t want)
{
    bask_graph *g = NULL;
    bask_future *f = NULL;
    if (!oom_open(address, &client))
        return;
    if (TRY_NEW(f = bask_submit(client, leaf, 5)) && TRY_NEW(g = bask_graph_new(client))) {
        bask_delayed *outputs[2] = {shape(g, f)};
        outputs[1] = bask_delay(g, leaf, outputs[0]);
        if (oom_built(client, outputs, 2)) {
            compute(outputs[0], outputs[1], want);
            run_plan(outputs[0], outputs[1], want);
        }
    }
    bask_future_free(f);
    bask_graph_free(g);
    bask_close(client);
}

static void mixed_graph(const char *address)
{
    work_on(address, mixed, MIXED);
}
static void chain_graph(const char *address)
{
    work_on(address, chain, CHAIN);
}
static void ladder_graph(const char *address)
{
    work_on(address, ladder, LADDER);
}
static void wide_graph(const char *address)
{
    work_on(address, wide, WIDE);
}
static void large_graph(const char *address)
{
    work_on(address, large, LARGE);
}

/* ---- several builders ---- */

typedef struct builder_part {
    bask_graph *graph;
    bask_delayed *end;
} builder_part;

static void *build_part(void *arg)
{
    builder_part *part = arg;
    part->end = bask_delay(part->graph, leaf, 0);
    for (int i = 0; i < 2000; i++)
        part->end = bask_delay(part->graph, sum, part->end, bask_delay(part->graph, leaf, 1));
    return NULL;
}

static void builders(const char *address)
{
    bask_graph *g;
    if (!oom_open(address, &client))
        return;
    if (TRY_NEW(g = bask_graph_new(client))) {
        builder_part parts[2] = {{g, NULL}, {g, NULL}};
        pthread_t thread;
        bool alone = pthread_create(&thread, NULL, build_part, &parts[1]) != 0;
        build_part(&parts[0]);
        if (alone)
            build_part(&parts[1]);
        else
            pthread_join(thread, NULL);
        bask_delayed *outputs[2] = {bask_delay(g, sum, parts[0].end, parts[1].end)};
        outputs[1] = bask_delay(g, leaf, outputs[0]);
        if (oom_built(client, outputs, 2)) {
            compute(outputs[0], outputs[1], 4000);
            run_plan(outputs[0], outputs[1], 4000);
        }
    }
    bask_graph_free(g);
    bask_close(client);
}

/* ---- failures ---- */

/* The messages of failures need memory; the status does not. */
static void failures(const char *address)
{
    bask_graph *g = NULL;
    bask_plan *plan = NULL;
    bask_future *f[4], *bad = NULL;
    if (!oom_open(address, &client))
        return;
    if (TRY_NEW(bad = bask_submit(client, fails, 1)) && TRY_NEW(g = bask_graph_new(client))) {
        bask_delayed *culprit = bask_delay(g, fails, 2), *outputs[4] = {culprit};
        outputs[1] = bask_delay(g, sum, culprit, 1);
        outputs[2] = bask_delay(g, leaf, bad);
        outputs[3] = bask_delay(g, leaf, 4);
        if (oom_built(client, outputs, 4) && TRY(bask_compute(client, outputs, 4, f))) {
            oom_failure(f[0], BASK_EKERNEL);
            oom_failure(f[1], BASK_EUPSTREAM);
            oom_failure(f[2], BASK_EUPSTREAM);
            oom_value(f[3], 4);
            if (TRY(bask_plan_new(client, outputs, 3, &plan)))
                for (int run = 0; run < 3; run++) {
                    bask_status status = bask_plan_run(plan);
                    oom_check(status == BASK_EKERNEL || (status == BASK_ENOMEM && oom_may_fail()),
                              "run %d: %s", run, bask_status_name(status));
                    oom_check(bask_last_error()[0], "no message");
                }
        }
    }
    bask_plan_free(plan);
    oom_failure(bad, BASK_EKERNEL);
    bask_graph_free(g);
    bask_close(client);
}

/* ---- pictures ---- */

static char folder[] = "/tmp/bask-oom-XXXXXX";

static bool exists(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0;
}

static void draw(bask_delayed *const *outputs, const char *name, bool drawn)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (TRY(bask_visualize(outputs, 2, path)))
        oom_check(exists(path) == drawn, "%s was %s", path, drawn ? "not written" : "written");
    unlink(path);
    strcat(path, ".dot");
    unlink(path);
}

/* Graphviz's program is one that does nothing, well. */
static void pictures(const char *address)
{
    bask_graph *g;
    char dot[64];
    snprintf(dot, sizeof dot, "%s/dot", folder);
    oom_check(exists(folder) || mkdir(folder, 0700) == 0, "%s cannot be made", folder);
    oom_check(exists(dot) || symlink("/bin/true", dot) == 0, "%s cannot be made", dot);
    setenv("PATH", folder, 1);
    if (oom_open(address, &client)) {
        if (TRY_NEW(g = bask_graph_new(client))) {
            bask_delayed *few[2], *many[2];
            for (int i = 0; i < 2; i++) {
                few[i] = bask_delay(g, leaf, bask_delay(g, leaf, i));
                many[i] = bask_delay(g, leaf, few[i]);
                for (int k = 0; k < 400; k++)
                    many[i] = bask_delay(g, sum, many[i], k);
            }
            if (oom_built(client, few, 2) && oom_built(client, many, 2)) {
                draw(few, "few.dot", true);
                draw(many, "many.dot", true);
                draw(few, "few.svg", false);
            }
        }
        bask_graph_free(g);
        bask_close(client);
    }
    unlink(dot);
    rmdir(folder);
}

#ifdef _OPENMP /* by a team: of the runtime that this program then has */
#define ADDRESSES(...)                                                                             \
    {                                                                                              \
        "openmp://2"                                                                               \
    }
#else
#define ADDRESSES(...)                                                                             \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define omp_get_max_threads() 1
#endif

int main(int argc, char **argv)
{
    static const oom_program programs[] = {
        {"mixed", mixed_graph, ADDRESSES("threads://1", "threads://2", "sync://")},
        {"chain", chain_graph, ADDRESSES("threads://2")},
        {"ladder", ladder_graph, ADDRESSES("threads://2", "sync://")},
        {"wide", wide_graph, ADDRESSES("threads://1", "threads://2")},
        {"large", large_graph, ADDRESSES("threads://2")},
        {"builders", builders, ADDRESSES("threads://2")},
        {"failures", failures, ADDRESSES("threads://1", "threads://2", "sync://")},
        {"pictures", pictures, ADDRESSES("sync://")},
    };
    if (!mkdtemp(folder) || omp_get_max_threads() < 1)
        return 1;
    return oom_main(argc, argv, programs, sizeof programs / sizeof programs[0]);
}

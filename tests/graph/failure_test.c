/* SPDX-License-Identifier: Apache-2.0 */
/* Exactly those outputs fail that depend on a failure, with the culprit's name and message. */
#include "support/clusters.h"
#include "support/draw.h"

/* A code other than 0 fails the task. Three kernels only, so that culprits have namesakes. */
static void fail_by(uint64_t code)
{
    if (code)
        bask_fail(code % 2 ? BASK_EKERNEL : BASK_EIO, "code %d", (int)code);
}
BASK_KERNEL(uint64_t, red, (uint64_t, code), (uint64_t, x), (uint64_t, y))
{
    fail_by(code);
    return 3 * x + y + 1;
}
BASK_KERNEL(uint64_t, green, (uint64_t, code), (uint64_t, x), (uint64_t, y))
{
    fail_by(code);
    return 5 * x + 7 * y + 2;
}
BASK_KERNEL_UNTYPED(uint64_t, blue)
{
    uint64_t sum = 0;
    fail_by(*(const uint64_t *)bask_task_argument(task, 0));
    for (size_t i = 1; i < bask_task_argument_count(task); i++)
        sum += i * *(const uint64_t *)bask_task_argument(task, i);
    return bask_return(task, &sum);
}

/* ---- what must come out ---- */

typedef struct outcome {
    const char *culprit; /* NULL: it succeeds */
    bool own;            /* it is the culprit itself */
    int code;
    uint64_t value;
} outcome;

static void assert_outcome(const outcome *want, bask_status status, const char *error,
                           uint64_t value)
{
    char text[64] = "";
    bask_status expected = BASK_OK;
    if (want->culprit) {
        snprintf(text, sizeof text, "%s%s failed: code %d", want->own ? "" : "upstream task ",
                 want->culprit, want->code);
        expected = !want->own ? BASK_EUPSTREAM : want->code % 2 ? BASK_EKERNEL : BASK_EIO;
    }
    cr_assert_eq(status, expected, "%s, not %s: %s", bask_status_name(status),
                 bask_status_name(expected), error);
    cr_assert(status == BASK_OK ? value == want->value : strcmp(error, text) == 0,
              "\"%s\", not \"%s\"", error, text);
}

static void assert_future(bask_future *f, const outcome *want)
{
    uint64_t x = 0;
    bask_status status = bask_result(f, &x);
    if (status != BASK_OK)
        cr_assert_str_eq(bask_last_error(), bask_future_error(f));
    cr_assert_eq(bask_future_status(f), status);
    cr_assert_eq(bask_future_state(f), status == BASK_OK ? BASK_FINISHED : BASK_ERROR);
    assert_outcome(want, status, bask_future_error(f), x);
}

/* ---- random graphs, some of whose arguments are futures of earlier ones ---- */

enum { NODES = 40, OUTPUTS = 6, ARGUMENTS = 12, REMEMBERED = 8 };

typedef struct world {
    bask_client *client;
    uint64_t seed;
    bask_delayed *node[NODES];
    outcome of_node[NODES];
    bask_future *future[REMEMBERED]; /* of earlier graphs, maybe still pending */
    outcome of_future[REMEMBERED];
} world;

static bask_arg literal(uint64_t x)
{
    return bask_arg_literal(&x, sizeof x, BASK_UINT64);
}

/* An argument for node I, and what it does to the node's outcome. */
static bask_arg random_argument(world *w, unsigned i, outcome *result, uint64_t *value)
{
    unsigned at = draw(&w->seed, i + 1);
    const outcome *from = &w->of_node[at];
    bask_arg arg;
    if (at == i) {
        at = draw(&w->seed, REMEMBERED);
        if (!w->future[at])
            return literal(*value = at);
        from = &w->of_future[at];
        arg = bask_arg_future(w->future[at]);
    } else {
        arg = bask_arg_delayed(w->node[at]);
    }
    *value = from->value;
    if (from->culprit && !result->culprit)
        *result = (outcome){from->culprit, false, from->code, 0};
    return arg;
}

static void random_node(world *w, bask_graph *g, unsigned i)
{
    static const bask_kernel *const kernels[] = {&red_kernel, &green_kernel, &blue_kernel};
    const bask_kernel *kernel = kernels[draw(&w->seed, 3)];
    unsigned n = kernel->run ? 1 + draw(&w->seed, ARGUMENTS - 1) : 3;
    bask_arg args[ARGUMENTS];
    uint64_t v[ARGUMENTS] = {0};
    outcome *o = &w->of_node[i];
    int code = draw(&w->seed, 12) ? 0 : 1 + (int)draw(&w->seed, 1000);
    *o = (outcome){0};
    args[0] = literal((uint64_t)code);
    for (unsigned k = 1; k < n; k++)
        args[k] = random_argument(w, i, o, &v[k]);
    if (!o->culprit && code)
        *o = (outcome){kernel->name, true, code, 0};
    if (kernel == &red_kernel)
        o->value = red(0, v[1], v[2]);
    else if (kernel == &green_kernel)
        o->value = green(0, v[1], v[2]);
    else
        for (unsigned k = 1; k < n; k++)
            o->value += k * v[k];
    w->node[i] = bask_delay_array(g, kernel, args, n);
}

static void remember(world *w, bask_future *f, const outcome *o)
{
    unsigned at = draw(&w->seed, REMEMBERED);
    bask_future_free(w->future[at]);
    w->future[at] = f;
    w->of_future[at] = *o;
}

typedef void check_fn(world *w, bask_graph *g, bask_delayed *const *out, const outcome *const *want,
                      unsigned n);

static void random_graphs(bask_client *c, check_fn *check)
{
    world w = {.client = c, .seed = DRAW_SEED};
    for (int round = 0; round < 2000; round++) {
        bask_graph *g = bask_graph_new(c);
        unsigned nodes = 1 + draw(&w.seed, NODES), n = 1 + draw(&w.seed, OUTPUTS);
        bask_delayed *out[OUTPUTS];
        const outcome *want[OUTPUTS];
        for (unsigned i = 0; i < nodes; i++)
            random_node(&w, g, i);
        for (unsigned i = 0; i < n; i++) {
            unsigned at = draw(&w.seed, nodes);
            out[i] = w.node[at];
            want[i] = &w.of_node[at];
        }
        check(&w, g, out, want, n);
        bask_graph_free(g);
    }
    for (int i = 0; i < REMEMBERED; i++)
        bask_future_free(w.future[i]);
}

static void collected(world *w, bask_graph *g, bask_delayed *const *out, const outcome *const *want,
                      unsigned n)
{
    bask_future *f[OUTPUTS];
    (void)g;
    cr_assert_eq(bask_compute(w->client, out, n, f), BASK_OK, "%s", bask_last_error());
    bool wait = draw(&w->seed, 2);
    for (unsigned i = 0; i < n; i++) {
        if (wait)
            assert_future(f[i], want[i]);
        remember(w, f[i], want[i]);
    }
}
static void collect(bask_client *c)
{
    random_graphs(c, collected);
}
Test(failure, all_that_can_be_computed_is)
{
    each_cluster(collect);
}

/* What has failed or succeeded has done so rightly; the rest was cancelled. */
static void failed_fast(world *w, bask_graph *g, bask_delayed *const *out,
                        const outcome *const *want, unsigned n)
{
    bask_future *f[OUTPUTS];
    bask_compute_options o = {.size = sizeof o, .on_error = BASK_FAIL_FAST};
    bool failure = false;
    (void)g;
    cr_assert_eq(bask_compute_with(w->client, out, n, f, &o), BASK_OK, "%s", bask_last_error());
    for (unsigned i = 0; i < n; i++)
        failure = failure || want[i]->culprit;
    for (unsigned i = 0; i < n; i++) {
        cr_assert_eq(bask_wait(&f[i], 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
        if (!failure || bask_future_state(f[i]) != BASK_CANCELLED)
            assert_future(f[i], want[i]);
        else
            cr_assert_eq(bask_future_status(f[i]), BASK_ECANCELLED);
        bask_future_free(f[i]);
    }
}
static void fail_fast(bask_client *c)
{
    random_graphs(c, failed_fast);
}
Test(failure, the_first_one_cancels_the_rest)
{
    each_cluster(fail_fast);
}

static void planned(world *w, bask_graph *g, bask_delayed *const *out, const outcome *const *want,
                    unsigned n)
{
    bask_plan *plan;
    (void)g;
    cr_assert_eq(bask_plan_new(w->client, out, n, &plan), BASK_OK, "%s", bask_last_error());
    for (int run = 0; run < 3; run++) {
        unsigned first = 0;
        while (first < n && !want[first]->culprit)
            first++;
        bask_status status = bask_plan_run(plan);
        if (first < n)
            assert_outcome(want[first], status, bask_last_error(), 0);
        else
            cr_assert_eq(status, BASK_OK, "%s", bask_last_error());
        for (unsigned i = 0; i < n; i++) {
            uint64_t x = 0;
            status = bask_plan_result(plan, i, &x);
            assert_outcome(want[i], status, bask_last_error(), x);
        }
    }
    bask_plan_free(plan);
    if (draw(&w->seed, 2))
        collected(w, g, out, want, n);
}
static void plan(bask_client *c)
{
    random_graphs(c, planned);
}
Test(failure, plans_fail_alike_in_every_run)
{
    each_cluster(plan);
}

/* ---- single cases ---- */

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}
BASK_KERNEL(int64_t, says, (int64_t, status))
{
    bask_fail((bask_status)status, "first");
    bask_fail(BASK_EIO, "second");
    return status;
}
BASK_KERNEL_UNTYPED(int64_t, only_a_status)
{
    (void)task;
    return BASK_ENOTFOUND;
}
BASK_KERNEL_UNTYPED(int64_t, forgets_to_return)
{
    (void)task;
    return BASK_OK;
}

static void assert_error(bask_future *f, bask_status status, const char *error)
{
    cr_assert_eq(bask_wait(&f, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    cr_assert_eq(bask_future_status(f), status, "%s", bask_status_name(bask_future_status(f)));
    cr_assert_eq(bask_future_state(f), BASK_ERROR);
    cr_assert_str_eq(bask_future_error(f), error);
    bask_future_free(f);
}

static void own_failures(bask_client *c)
{
    assert_error(bask_submit(c, says, BASK_EINVAL), BASK_EINVAL, "says failed: first");
    /* statuses that the library gives for reasons of its own are a kernel's to give as well */
    assert_error(bask_submit(c, says, BASK_EUPSTREAM), BASK_EUPSTREAM, "says failed: first");
    bask_future *f = bask_submit(c, says, BASK_ECANCELLED), *next = bask_submit(c, inc, f);
    assert_error(f, BASK_ECANCELLED, "says failed: first");
    assert_error(next, BASK_EUPSTREAM, "upstream task says failed: first");
    assert_error(bask_submit_array(c, &only_a_status_kernel, NULL, 0), BASK_ENOTFOUND,
                 "only_a_status failed: there is no such thing");
    assert_error(bask_submit_array(c, &forgets_to_return_kernel, NULL, 0), BASK_EKERNEL,
                 "forgets_to_return failed: the kernel returned no value");
}
Test(failure, has_the_status_and_message_of_the_kernel)
{
    each_cluster(own_failures);
}

static void many_hops(bask_client *c)
{
    bask_future *f = bask_submit(c, says, BASK_EIO);
    for (int i = 0; i < 1000; i++) {
        bask_graph *g = bask_graph_new(c);
        bask_delayed *d = bask_delay(g, inc, bask_delay(g, inc, f));
        bask_future *next;
        cr_assert_eq(bask_compute(c, &d, 1, &next), BASK_OK);
        bask_graph_free(g);
        bask_future_free(f);
        f = next;
    }
    int64_t x;
    cr_assert_eq(bask_result(f, &x), BASK_EUPSTREAM);
    cr_assert_str_eq(bask_last_error(), "upstream task says failed: first");
    assert_error(f, BASK_EUPSTREAM, "upstream task says failed: first");
}
Test(failure, names_the_culprit_after_a_thousand_hops)
{
    each_cluster(many_hops);
}

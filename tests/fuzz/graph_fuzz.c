/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs drawn from bytes: graphs, computes, submits, plans, cancellations. Each runs on sync:// and
 * on one and three workers; every future and output must be what a plain serial evaluator says: value,
 * state, status and message; and all memory must be free in the end.
 *
 * A cancellation comes at a defined point: to futures that are done, where it has no effect, or that
 * depend on the gate and so are pending.
 */
#include "fuzz/kernels.h"

enum {
    NODES = 1000,
    GRAPHS = 4,
    COMPUTES = 40,
    OUTPUTS = 8,
    FUTURES = 100,
    ARGUMENTS = 6,
    BULK = 200
};

typedef enum kind { MIX, RISKY, MANY, SILENT, BLOCK, SCALED, BROKEN, DIGEST, JOINED, GATE } kind;

/* N: a number, B: a buffer; *: of the last, any number. */
static const struct {
    const bask_kernel *kernel;
    char result;
    const char *arguments;
} kinds[] = {
    [MIX] = {&mix_kernel, 'N', "NN"},       [RISKY] = {&risky_kernel, 'N', "NN"},
    [MANY] = {&many_kernel, 'N', "N*"},     [SILENT] = {&silent_kernel, 'N', "N*"},
    [BLOCK] = {&block_kernel, 'B', "NN"},   [SCALED] = {&scaled_kernel, 'B', "BN"},
    [BROKEN] = {&broken_kernel, 'B', "NB"}, [DIGEST] = {&digest_kernel, 'N', "B"},
    [JOINED] = {&joined_kernel, 'B', "B*"}, [GATE] = {&gate_kernel, 'N', "NN"},
};

/* ---- the program, as the evaluator sees it ---- */

typedef struct argument {
    bask_arg_kind kind;
    uint64_t value; /* a literal, or the index of a node or future */
} argument;

typedef struct call {
    kind kind;
    uint8_t nargs;
    argument args[ARGUMENTS];
} call;

typedef struct outcome {
    bask_status status;
    bool own;            /* the failure is its own */
    bool waits;          /* it is pending while the gate is closed */
    const char *culprit; /* of a failure that is no cancellation */
    char message[40];
    uint64_t n, seed; /* a buffer; a number is the seed */
} outcome;

typedef struct graph {
    bask_graph *graph;
    call calls[NODES];
    bask_delayed *nodes[NODES];
    size_t n;
} graph;

/* A compute, or a submit: then one call, and no graph. */
typedef struct compute {
    graph *graph;
    call single;
    size_t outputs[OUTPUTS]; /* its nodes; */
    size_t first, n;         /* ... its futures */
    bool fail_fast;
    unsigned epoch; /* that of `outcomes` */
    outcome *outcomes;
} compute;

typedef struct future {
    bask_future *future; /* NULL once freed; then it can be no argument any more */
    compute *compute;
    bool cancelled;
} future;

typedef struct world {
    bytes in;
    bask_client *client;
    bool lazy;      /* something may be pending */
    bool gated;     /* the newest gate is closed, ... */
    uint64_t gates; /* ... which has this number */
    bool spoilt;    /* the newest graph has an error */
    unsigned epoch; /* counts what changes outcomes */
    graph graphs[GRAPHS];
    size_t ngraphs;
    compute computes[COMPUTES];
    size_t ncomputes;
    future futures[FUTURES];
    size_t nfutures;
} world;

/* ---- the evaluator ---- */

static outcome outcome_of_future(world *w, size_t i);

static outcome number(uint64_t x)
{
    return (outcome){.seed = x};
}
static outcome buffer(uint64_t n, uint64_t seed)
{
    return (outcome){.n = n, .seed = n ? seed : 0};
}
static outcome cancelled(void)
{
    return (outcome){.status = BASK_ECANCELLED};
}
static outcome failed(const call *c, bask_status status, const char *message)
{
    outcome o = {.status = status, .own = true, .culprit = kinds[c->kind].kernel->name};
    snprintf(o.message, sizeof o.message, "%s", message);
    return o;
}

static outcome by_code(const call *c, uint64_t code, outcome otherwise)
{
    char message[40];
    snprintf(message, sizeof message, "code %llu", (unsigned long long)code);
    return code_fails(code) ? failed(c, code_status(code), message) : otherwise;
}

static outcome evaluate(const call *c, const outcome *in)
{
    uint64_t sum = 0, n = 0;
    switch (c->kind) {
    case MIX:
        return number(mix_of(in[0].seed, in[1].seed));
    case RISKY:
        return by_code(c, in[0].seed, number(in[1].seed + 1));
    case MANY:
        for (unsigned i = 0; i < c->nargs; i++)
            sum += (i + 1) * in[i].seed;
        return number(sum);
    case SILENT:
        return failed(c, BASK_EKERNEL, "the kernel returned no value");
    case BLOCK:
        return buffer(block_size(in[0].seed), in[1].seed);
    case SCALED:
        return buffer(in[0].n, mix_of(in[0].seed, in[1].seed));
    case BROKEN:
        return by_code(c, in[0].seed, in[1]);
    case DIGEST:
        return number(digest_of(in[0].seed, in[0].n));
    case JOINED:
        sum = 1;
        for (unsigned i = 0; i < c->nargs; i++) {
            n += in[i].n;
            sum += (i + 1) * digest_of(in[i].seed, in[i].n);
        }
        return buffer(n % 67, sum);
    default:
        return number(in[0].seed + in[1].seed);
    }
}

/* What C yields; EARLIER are the outcomes of its graph's nodes. */
static outcome outcome_of_call(world *w, const call *c, const outcome *earlier)
{
    outcome in[ARGUMENTS], result = {0};
    bool waits = c->kind == GATE && w->gated && c->args[0].value == w->gates, failure = false;
    for (unsigned i = 0; i < c->nargs; i++) {
        const argument *a = &c->args[i];
        in[i] = a->kind == BASK_ARG_LITERAL   ? number(a->value)
                : a->kind == BASK_ARG_DELAYED ? earlier[a->value]
                                              : outcome_of_future(w, a->value);
        waits = waits || in[i].waits;
        if (in[i].status == BASK_OK || failure)
            continue;
        result = in[i];
        result.own = false;
        failure = true;
    }
    if (!failure)
        result = evaluate(c, in);
    result.waits = waits;
    return result;
}

/* A node that is an output counts as cancelled when all its futures were. */
static bool all_cancelled(const world *w, const compute *c, size_t node)
{
    bool some = false;
    for (size_t i = 0; i < c->n; i++)
        if (c->outputs[i] == node) {
            if (!w->futures[c->first + i].cancelled)
                return false;
            some = true;
        }
    return some;
}

/* The outcomes of all nodes up to the last output; of the call, where it is a submit. */
static const outcome *outcomes_of(world *w, compute *c)
{
    size_t last = 0;
    if (c->outcomes && c->epoch == w->epoch)
        return c->outcomes;
    for (size_t i = 0; i < c->n; i++)
        last = c->outputs[i] > last ? c->outputs[i] : last;
    if (!c->outcomes)
        c->outcomes = malloc((last + 1) * sizeof *c->outcomes);
    for (size_t i = 0; i <= last; i++) {
        outcome o = outcome_of_call(w, c->graph ? &c->graph->calls[i] : &c->single, c->outcomes);
        bool waits = o.waits;
        if (o.status == BASK_OK && all_cancelled(w, c, i))
            o = cancelled();
        o.waits = waits;
        c->outcomes[i] = o;
    }
    c->epoch = w->epoch;
    return c->outcomes;
}

static outcome outcome_of_future(world *w, size_t i)
{
    const future *f = &w->futures[i];
    if (f->cancelled)
        return cancelled();
    return outcomes_of(w, f->compute)[f->compute->outputs[i - f->compute->first]];
}

static bask_status status_of(const outcome *o)
{
    return o->status == BASK_OK || o->own || o->status == BASK_ECANCELLED ? o->status
                                                                          : BASK_EUPSTREAM;
}

static void text_of(const outcome *o, const char *name, char *text, size_t room)
{
    if (o->status == BASK_OK)
        text[0] = '\0';
    else if (o->status == BASK_ECANCELLED)
        snprintf(text, room, "%s was cancelled", name);
    else
        snprintf(text, room, "%s%s failed: %s", o->own ? "" : "upstream task ", o->culprit,
                 o->message);
}

/* ---- comparing ---- */

static void check_value(const outcome *want, char type, const void *place)
{
    uint64_t seed = *(const uint64_t *)place, n = 0;
    if (type == 'B') {
        n = ((const bask_span *)place)->size / sizeof n;
        seed = seed_of(*(const bask_span *)place);
    }
    fuzz_check(n == want->n && seed == want->seed, "%llu, %llu, not %llu, %llu",
               (unsigned long long)n, (unsigned long long)seed, (unsigned long long)want->n,
               (unsigned long long)want->seed);
}

static void check_outcome(const outcome *want, const char *name, bask_status status,
                          const char *said)
{
    char text[200];
    text_of(want, name, text, sizeof text);
    fuzz_check(status == status_of(want), "%s: %s, not %s: %s", name, bask_status_name(status),
               bask_status_name(status_of(want)), said);
    fuzz_check(status == BASK_OK || strcmp(said, text) == 0, "\"%s\", not \"%s\"", said, text);
}

static char type_of(const world *w, size_t i)
{
    const compute *c = w->futures[i].compute;
    const call *k = c->graph ? &c->graph->calls[c->outputs[i - c->first]] : &c->single;
    return kinds[k->kind].result;
}

static bask_status await(bask_future *f, char type, void *place)
{
    return type == 'B' ? bask_result(f, (bask_span *)place) : bask_result(f, (uint64_t *)place);
}

static void check_future(world *w, size_t i)
{
    bask_future *f = w->futures[i].future;
    _Alignas(bask_span) char place[sizeof(bask_span)];
    outcome want = outcome_of_future(w, i);
    bask_status status = await(f, type_of(w, i), place);
    if (w->futures[i].compute->fail_fast && status == BASK_ECANCELLED)
        want = cancelled(); /* some other task may have failed first */
    check_outcome(&want, bask_future_name(f), status, bask_future_error(f));
    fuzz_check(status == bask_future_status(f), "bask_future_status has changed");
    fuzz_check(bask_future_state(f) == (status == BASK_OK           ? BASK_FINISHED
                                        : status == BASK_ECANCELLED ? BASK_CANCELLED
                                                                    : BASK_ERROR),
               "state %d", bask_future_state(f));
    if (status == BASK_OK)
        check_value(&want, type_of(w, i), place);
}

static void check_all(world *w)
{
    for (size_t i = 0; i < w->nfutures; i++)
        if (w->futures[i].future)
            check_future(w, i);
}

static void open_gate(world *w)
{
    gate_set(true);
    w->gated = false;
    w->epoch++;
}

/* ---- drawing ---- */

static graph *newest(world *w)
{
    return &w->graphs[w->ngraphs - 1];
}

static void new_graph(world *w)
{
    if (w->ngraphs == GRAPHS)
        return;
    graph *g = &w->graphs[w->ngraphs++];
    g->graph = bask_graph_new(w->client);
    g->n = 0;
    w->spoilt = false;
}

/* The future that AT points to, or one before it, of TYPE; FUTURES: there is none. */
static size_t pick_future(world *w, size_t at, char type)
{
    for (size_t i = w->nfutures ? at % w->nfutures + 1 : 0; i-- > 0;)
        if (w->futures[i].future && !w->futures[i].compute->fail_fast && type_of(w, i) == type)
            return i;
    return FUTURES;
}

static size_t pick_node(const graph *g, size_t at, char type)
{
    for (size_t i = g->n ? at % g->n + 1 : 0; i-- > 0;)
        if (kinds[g->calls[i].kind].result == type)
            return i;
    return NODES;
}

/* False: a buffer is asked for, and there is none. G NULL: no delayed. */
static bool draw_argument(world *w, const graph *g, char type, argument *a)
{
    uint8_t how = byte(&w->in), at = byte(&w->in);
    size_t node = g && how % 4 < 3 ? pick_node(g, g->n - 1 - at % (g->n + 1), type) : NODES;
    size_t f = node == NODES && (how % 4 == 3 || type == 'B') ? pick_future(w, at, type) : FUTURES;
    *a = node < NODES  ? (argument){BASK_ARG_DELAYED, node}
         : f < FUTURES ? (argument){BASK_ARG_FUTURE, f}
                       : (argument){BASK_ARG_LITERAL, at};
    return a->kind != BASK_ARG_LITERAL || type == 'N';
}

static bool draw_call(world *w, const graph *g, call *c)
{
    c->kind = (kind)(byte(&w->in) % GATE);
    c->nargs = 0;
    const char *types = kinds[c->kind].arguments;
    unsigned many = types[1] == '*' ? byte(&w->in) % (ARGUMENTS + 1) : (unsigned)strlen(types);
    for (unsigned i = 0; i < many; i++)
        if (!draw_argument(w, g, types[1] == '*' ? types[0] : types[i], &c->args[c->nargs++]))
            return false;
    return true;
}

static size_t make_arguments(const world *w, const graph *g, const call *c, bask_arg *args)
{
    for (unsigned i = 0; i < c->nargs; i++) {
        const argument *a = &c->args[i];
        args[i] = a->kind == BASK_ARG_LITERAL
                      ? bask_arg_literal(&a->value, sizeof a->value, BASK_UINT64)
                  : a->kind == BASK_ARG_DELAYED ? bask_arg_delayed(g->nodes[a->value])
                                                : bask_arg_future(w->futures[a->value].future);
    }
    return c->nargs;
}

static void add_node(world *w, const call *c)
{
    graph *g = newest(w);
    bask_arg args[ARGUMENTS];
    if (g->n == NODES)
        return;
    size_t nargs = make_arguments(w, g, c, args);
    g->calls[g->n] = *c;
    g->nodes[g->n] = bask_delay_array(g->graph, kinds[c->kind].kernel, args, nargs);
    fuzz_check(g->nodes[g->n] != NULL, "%s", bask_last_error());
    g->n++;
}

/* Nodes of two numbers each, of which the last few are arguments of the next. */
static void add_many(world *w)
{
    uint32_t seed = byte(&w->in) + 1u, back = byte(&w->in) % 64 + 1u;
    for (int i = 0; i < BULK && newest(w)->n < NODES; i++) {
        call c = {.kind = MIX, .nargs = 2};
        for (int j = 0; j < 2; j++) {
            seed = seed * 1664525 + 1013904223;
            size_t n = newest(w)->n, far = (seed >> 8) % back + 1;
            size_t node = far > n ? NODES : pick_node(newest(w), n - far, 'N');
            c.args[j] = node == NODES ? (argument){BASK_ARG_LITERAL, seed >> 24}
                                      : (argument){BASK_ARG_DELAYED, node};
        }
        add_node(w, &c);
    }
}

/* ---- doing ---- */

static compute *new_compute(world *w, graph *g, size_t n)
{
    if (w->ncomputes == COMPUTES || w->nfutures + n > FUTURES)
        return NULL;
    compute *c = &w->computes[w->ncomputes++];
    *c = (compute){.graph = g, .first = w->nfutures, .n = n};
    for (size_t i = 0; i < n; i++)
        w->futures[w->nfutures++] = (future){.compute = c};
    return c;
}

static size_t draw_outputs(world *w, size_t *at, bask_delayed **outputs)
{
    graph *g = newest(w);
    size_t n = g->n ? byte(&w->in) % OUTPUTS + 1u : 0;
    for (size_t i = 0; i < n; i++) {
        at[i] = g->n - 1 - byte(&w->in) % (g->n < 256 ? g->n : 256);
        outputs[i] = g->nodes[at[i]];
    }
    return n;
}

static void compute_some(world *w)
{
    size_t at[OUTPUTS], n;
    bask_delayed *outputs[OUTPUTS];
    bask_future *f[OUTPUTS];
    bask_compute_options o = {.size = sizeof o,
                              .on_error = byte(&w->in) % 8 ? BASK_COLLECT : BASK_FAIL_FAST};
    if ((n = draw_outputs(w, at, outputs)) == 0)
        return;
    if (w->spoilt) {
        fuzz_check(bask_compute(w->client, outputs, n, f) == BASK_ETYPE && !f[0], "%s",
                   bask_last_error());
        return;
    }
    compute *c = new_compute(w, newest(w), n);
    if (!c)
        return;
    memcpy(c->outputs, at, sizeof at);
    c->fail_fast = o.on_error == BASK_FAIL_FAST;
    bask_status status = bask_compute_with(w->client, outputs, n, f, &o);
    fuzz_check(status == BASK_OK, "%s", bask_last_error());
    for (size_t i = 0; i < n; i++)
        w->futures[c->first + i].future = f[i];
}

static void submit_call(world *w, const call *k)
{
    bask_arg args[ARGUMENTS];
    size_t nargs = make_arguments(w, NULL, k, args);
    compute *c = new_compute(w, NULL, 1);
    if (!c)
        return;
    c->single = *k;
    bask_future *f = bask_submit_array(w->client, kinds[k->kind].kernel, args, nargs);
    fuzz_check(f != NULL, "%s", bask_last_error());
    w->futures[c->first].future = f;
}

static void submit_one(world *w)
{
    call k;
    if (draw_call(w, NULL, &k))
        submit_call(w, &k);
}

static void run_plan(world *w)
{
    size_t at[OUTPUTS], n;
    bask_delayed *outputs[OUTPUTS];
    bask_plan *plan;
    if ((n = draw_outputs(w, at, outputs)) == 0 || w->spoilt || w->nfutures + n > FUTURES)
        return;
    open_gate(w); /* this waits */
    compute c = {.graph = newest(w)};
    memcpy(c.outputs, at, sizeof at);
    c.n = n;
    c.first = w->nfutures; /* none of its futures is cancelled: there are none */
    const outcome *want = outcomes_of(w, &c);
    bask_status status = bask_plan_new(w->client, outputs, n, &plan);
    fuzz_check(status == BASK_OK, "%s", bask_last_error());
    for (int runs = byte(&w->in) % 5; runs >= 0; runs--) {
        bask_status first = BASK_OK;
        status = bask_plan_run(plan);
        for (size_t i = 0; i < n; i++) {
            _Alignas(bask_span) char place[sizeof(bask_span)];
            char type = kinds[newest(w)->calls[at[i]].kind].result;
            bask_status got = type == 'B' ? bask_plan_result(plan, i, (bask_span *)(void *)place)
                                          : bask_plan_result(plan, i, (uint64_t *)(void *)place);
            check_outcome(&want[at[i]], bask_delayed_name(outputs[i]), got, bask_last_error());
            if (got == BASK_OK)
                check_value(&want[at[i]], type, place);
            first = first == BASK_OK ? got : first;
        }
        fuzz_check(status == first, "the run: %s, not %s", bask_status_name(status),
                   bask_status_name(first));
    }
    bask_plan_free(plan);
    free(c.outcomes);
}

static void close_gate(world *w)
{
    if (w->gated) {
        open_gate(w);
        return;
    }
    check_all(w); /* what cannot wait for the gate is done */
    if (w->lazy) {
        gate_set(false);
        w->gated = true;
        w->epoch++;
    }
    call closed = {GATE, 2, {{BASK_ARG_LITERAL, ++w->gates}, {BASK_ARG_LITERAL, 5}}};
    submit_call(w, &closed);
}

static void cancel(world *w)
{
    size_t i = w->nfutures ? byte(&w->in) % w->nfutures : 0;
    future *f = &w->futures[i];
    if (i >= w->nfutures || !f->future || f->compute->fail_fast)
        return;
    bool waits = w->gated && outcome_of_future(w, i).waits;
    if (w->gated && !waits)
        return; /* maybe behind the gate all the same, where there is one worker */
    if (!waits)
        check_future(w, i);
    fuzz_check(bask_cancel(f->future) == BASK_OK, "%s", bask_last_error());
    if (waits) {
        f->cancelled = true;
        w->epoch++;
    }
    check_future(w, i);
}

static void free_future(world *w)
{
    size_t i = byte(&w->in);
    if (i >= w->nfutures || !w->futures[i].future)
        return;
    if (i % 2)
        bask_future_free(bask_future_retain(w->futures[i].future));
    bask_future_free(w->futures[i].future);
    w->futures[i].future = NULL;
}

/* A buffer where a number belongs. */
static void spoil(world *w)
{
    size_t node = pick_node(newest(w), byte(&w->in), 'B');
    if (node == NODES)
        return;
    bask_arg args[] = {bask_arg_delayed(newest(w)->nodes[node]), bask_literal(UINT64_C(1))};
    fuzz_check(!bask_delay_array(newest(w)->graph, &mix_kernel, args, 2), "mix takes a buffer");
    w->spoilt = true;
}

static void leave_graph(world *w)
{
    graph *g = newest(w);
    new_graph(w);
    if (g != newest(w)) {
        bask_graph_free(g->graph); /* maybe while it is computed */
        g->graph = NULL;
    }
}

static void step(world *w)
{
    call c;
    switch (byte(&w->in) % 24) {
    default:
        if (draw_call(w, newest(w), &c))
            add_node(w, &c);
        break;
    case 12:
        add_many(w);
        break;
    case 13:
    case 14:
    case 15:
        compute_some(w);
        break;
    case 16:
    case 17:
        submit_one(w);
        break;
    case 18:
        run_plan(w);
        break;
    case 19:
        close_gate(w);
        break;
    case 20:
    case 21:
        cancel(w);
        break;
    case 22:
        free_future(w);
        break;
    case 23:
        if (byte(&w->in) % 4)
            leave_graph(w);
        else
            spoil(w);
    }
}

static void run_program(world *w, const char *address, const uint8_t *data, size_t size)
{
    *w = (world){.in = {data, data + size}, .lazy = strcmp(address, "sync://") != 0};
    bask_status status = bask_open(address, &w->client);
    fuzz_check(status == BASK_OK, "%s", bask_last_error());
    gate_set(true);
    new_graph(w);
    while (w->in.next < w->in.end)
        step(w);
    open_gate(w);
    check_all(w);
    for (size_t i = 0; i < w->nfutures; i++)
        bask_future_free(w->futures[i].future);
    for (size_t i = 0; i < w->ncomputes; i++)
        free(w->computes[i].outcomes);
    bask_graph_free(newest(w)->graph);
    bask_close(w->client);
    fuzz_check(made == released, "%ld of %ld buffers are released", released, made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const clusters[] = {"sync://", "threads://1", "threads://3"};
    world *w = malloc(sizeof *w);
    for (size_t i = 0; i < sizeof clusters / sizeof clusters[0]; i++)
        run_program(w, clusters[i], data, size);
    free(w);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs that nobody would build on purpose, and results of no bytes and of far too many. */
#include "support/clusters.h"
#include "support/runtimes.h"
#include "support/stress.h"
#include <sched.h>

static const char *const addresses[] = {"sync://", "threads://1", "threads://2", "threads://8",
                                        "openmp://3"};
enum { ADDRESSES = sizeof addresses / sizeof *addresses };

static void on_each(void (*check)(bask_client *c))
{
    for (int i = 0; i < ADDRESSES; i++) {
        bask_client *c = open_client(addresses[i]);
        check(c);
        bask_close(c);
    }
}

BASK_KERNEL(uint64_t, give, (uint64_t, x))
{
    return x;
}
BASK_KERNEL(uint64_t, mix, (uint64_t, x), (uint64_t, y))
{
    return 3 * x + y;
}
BASK_KERNEL(uint64_t, fails, (uint64_t, x))
{
    bask_fail(BASK_EIO, "at the very root");
    return x;
}
/* Of any number of numbers and buffers. */
BASK_KERNEL_UNTYPED(uint64_t, weighted)
{
    uint64_t sum = 0, n = bask_task_argument_count(task);
    for (size_t i = 0; i < n; i++) {
        uint64_t x = 0;
        if (bask_task_argument_dtype(task, i) == BASK_SPAN)
            x = ((const bask_span *)bask_task_argument(task, i))->size;
        else
            memcpy(&x, bask_task_argument(task, i), sizeof x);
        sum += (i + 1) * x;
    }
    return bask_return(task, &sum);
}

static void assert_value(bask_future *f, uint64_t wanted)
{
    uint64_t x = 0;
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(x, wanted, "%llu, not %llu", (unsigned long long)x, (unsigned long long)wanted);
    bask_future_free(f);
}

static bask_future *compute(bask_client *c, bask_delayed *d)
{
    bask_future *f;
    cr_assert_eq(bask_compute(c, &d, 1, &f), BASK_OK, "%s", bask_last_error());
    return f;
}

/* ---- many paths ---- */

/* Two nodes a level, each of both of the level above: 2^LEVELS paths. */
static void ladder(bask_client *c)
{
    const int levels = stress_rounds(100000);
    for (int bad = 0; bad < 2; bad++) {
        bask_graph *g = bask_graph_new(c);
        bask_delayed *root = bad ? bask_delay(g, fails, 1) : bask_delay(g, give, 1);
        bask_delayed *a = root, *b = root;
        uint64_t x = 1, y = 1;
        for (int i = 0; i < levels; i++) {
            bask_delayed *left = bask_delay(g, mix, a, b), *right = bask_delay(g, mix, b, a);
            uint64_t both = 3 * x + y;
            y = 3 * y + x;
            x = both;
            a = left;
            b = right;
        }
        bask_future *f = compute(c, bask_delay(g, mix, a, b));
        bask_graph_free(g);
        if (!bad) {
            assert_value(f, 3 * x + y);
            continue;
        }
        cr_assert_eq(bask_result(f, &x), BASK_EUPSTREAM);
        cr_assert_str_eq(bask_last_error(), "upstream task fails failed: at the very root");
        bask_future_free(f);
    }
}
Test(adversarial, a_ladder_of_diamonds, .timeout = 600)
{
    on_each(ladder);
}

/* The same path a million times over. */
static void line(bask_client *c)
{
    const int length = stress_rounds(1000000);
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, give, 1), *bad = bask_delay(g, fails, 1);
    uint64_t wanted = 1, x;
    for (int i = 0; i < length; i++) {
        d = bask_delay(g, mix, d, 1);
        bad = bask_delay(g, mix, 2, bad);
        wanted = 3 * wanted + 1;
    }
    bask_future *f = compute(c, bad);
    assert_value(compute(c, d), wanted);
    cr_assert_eq(bask_result(f, &x), BASK_EUPSTREAM);
    bask_future_free(f);
    bask_graph_free(g);
}
Test(adversarial, a_long_line, .timeout = 600)
{
    on_each(line);
}

/* Futures of futures, which nobody waits for, freed from either end. */
static void line_of_futures(bask_client *c)
{
    const int length = stress_rounds(100000);
    bask_future **f = malloc((size_t)length * sizeof *f);
    for (int end = 0; end < 2; end++) {
        f[0] = bask_submit(c, give, 1);
        uint64_t wanted = 1;
        for (int i = 1; i < length; i++) {
            f[i] = bask_submit(c, mix, f[i - 1], i);
            wanted = 3 * wanted + (uint64_t)i;
        }
        bask_future *last = bask_submit(c, give, f[length - 1]);
        for (int i = 0; i < length; i++)
            bask_future_free(f[end ? length - 1 - i : i]);
        assert_value(last, wanted);
    }
    free(f);
}
Test(adversarial, a_long_line_of_futures, .timeout = 600)
{
    on_each(line_of_futures);
}

/* ---- many neighbours ---- */

/* One root, very many that need it, one that needs all of these. */
static void fan(bask_client *c)
{
    const int width = stress_rounds(1000000);
    for (int bad = 0; bad < 2; bad++) {
        bask_graph *g = bask_graph_new(c);
        bask_arg *args = malloc((size_t)width * sizeof *args);
        bask_delayed *root = bad ? bask_delay(g, fails, 5) : bask_delay(g, give, 5);
        uint64_t wanted = 0, x;
        for (int i = 0; i < width; i++) {
            args[i] = bask_arg_delayed(bask_delay(g, mix, root, i));
            wanted += (uint64_t)(i + 1) * (15 + (uint64_t)i);
        }
        bask_delayed *all = bask_delay_array(g, &weighted_kernel, args, (size_t)width);
        free(args);
        cr_assert_not_null(all, "%s", bask_last_error());
        bask_future *f = compute(c, all);
        if (!bad) {
            assert_value(f, wanted);
        } else {
            cr_assert_eq(bask_result(f, &x), BASK_EUPSTREAM);
            bask_future_free(f);
        }
        bask_graph_free(g);
    }
}
Test(adversarial, a_wide_fan, .timeout = 600)
{
    on_each(fan);
}

/* ---- the same again and again ---- */

static void same(bask_client *c)
{
    enum { N = 100000, TWICE = 1000 };
    bask_graph *g = bask_graph_new(c);
    bask_arg *args = malloc(N * sizeof *args);
    bask_delayed *d = bask_delay(g, give, 7), *outputs[TWICE];
    bask_future *f[TWICE], *own = bask_submit(c, give, 7);
    for (size_t i = 0; i < N; i++)
        args[i] = bask_arg_delayed(d);
    outputs[0] = bask_delay_array(g, &weighted_kernel, args, N);
    for (int i = 1; i < TWICE; i++)
        outputs[i] = i % 2 ? outputs[0] : d;
    cr_assert_eq(bask_compute(c, outputs, TWICE, f), BASK_OK, "%s", bask_last_error());
    for (int i = 0; i < TWICE; i++)
        assert_value(f[i], i && i % 2 == 0 ? 7 : (uint64_t)7 * N * (N + 1) / 2);
    for (size_t i = 0; i < N; i++)
        args[i] = bask_arg_future(own);
    assert_value(bask_submit_array(c, &weighted_kernel, args, N), (uint64_t)7 * N * (N + 1) / 2);
    assert_value(compute(c, bask_delay_array(g, &weighted_kernel, args, N)),
                 (uint64_t)7 * N * (N + 1) / 2);
    bask_future_free(own);
    bask_graph_free(g);
    free(args);
}
Test(adversarial, the_same_dependency_and_output_many_times, .timeout = 600)
{
    on_each(same);
}

/* ---- many arguments ---- */

BASK_KERNEL(bask_buffer *, bytes, (uint64_t, n))
{
    return bask_buffer_new(n);
}

static void arguments(bask_client *c)
{
    enum { N = 100000 };
    bask_graph *g = bask_graph_new(c);
    bask_arg *args = malloc(N * sizeof *args);
    bask_delayed *d = bask_delay(g, give, 3), *b = bask_delay(g, bytes, 11);
    bask_future *own = bask_submit(c, bytes, 13);
    uint64_t wanted = 0;
    for (uint64_t i = 0; i < N; i++) {
        uint64_t x = i % 4 == 0 ? i : i % 4 == 1 ? 3 : i % 4 == 2 ? 11 : 13;
        args[i] = i % 4 == 0   ? bask_literal(i)
                  : i % 4 == 1 ? bask_arg_delayed(d)
                  : i % 4 == 2 ? bask_arg_delayed(b)
                               : bask_arg_future(own);
        wanted += (i + 1) * x;
    }
    assert_value(compute(c, bask_delay_array(g, &weighted_kernel, args, N)), wanted);
    bask_future_free(own);
    bask_graph_free(g);
    free(args);
}
Test(adversarial, a_hundred_thousand_arguments_of_all_kinds)
{
    on_each(arguments);
}

static void too_many_arguments(bask_client *c)
{
    bask_arg one = bask_literal(1);
    bask_graph *g = bask_graph_new(c);
    cr_assert_null(bask_delay_array(g, &give_kernel, &one, SIZE_MAX));
    cr_assert_null(bask_delay_array(g, &give_kernel, &one, 0));
    cr_assert_null(bask_submit_array(c, &give_kernel, &one, SIZE_MAX));
    cr_assert_null(bask_delay_array(g, &give_kernel, NULL, 1));
    bask_graph_free(g);
}
Test(adversarial, a_typed_kernel_with_any_other_number_of_arguments)
{
    on_each(too_many_arguments);
}

/* ---- nothing at all ---- */

static void empty(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    bask_future *f = (bask_future *)&g;
    bask_delayed *none = NULL;
    bask_plan *plan;
    cr_assert_eq(bask_graph_size(g), 0);
    cr_assert_eq(bask_compute(c, &none, 0, &f), BASK_EINVAL);
    cr_assert_eq(bask_compute(c, &none, 1, &f), BASK_EINVAL);
    cr_assert_null(f);
    cr_assert_eq(bask_compute_sync(c, NULL, 0, NULL), BASK_EINVAL);
    cr_assert_eq(bask_plan_new(c, &none, 0, &plan), BASK_EINVAL);
    cr_assert_eq(bask_visualize(&none, 0, "/nowhere/empty.dot"), BASK_EINVAL);
    cr_assert_eq(bask_wait(NULL, 0, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    cr_assert_eq(bask_wait(NULL, 0, BASK_ANY, 0, NULL), BASK_EINVAL);
    bask_graph_free(g);
}
Test(adversarial, an_empty_graph)
{
    on_each(empty);
}

BASK_KERNEL(void, nothing)
{
}
BASK_KERNEL(bask_buffer *, passes_on, (bask_span, in))
{
    return bask_take(in);
}
BASK_KERNEL(uint64_t, size_of, (bask_span, in))
{
    return in.size;
}

static void of_no_bytes(bask_client *c)
{
    enum { N = 1000 };
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, bytes, 0), *shared = bask_delay(g, bytes, 0);
    bask_arg args[N];
    for (int i = 0; i < N; i++) {
        d = bask_delay(g, passes_on, d);
        args[i] = bask_arg_delayed(bask_delay(g, passes_on, shared));
    }
    bask_future *f = compute(c, d), *all;
    bask_span span = {&span, 1};
    cr_assert_eq(bask_result(f, &span), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(span.size, 0);
    assert_value(bask_submit(c, size_of, f), 0);
    all = compute(c, bask_delay_array(g, &weighted_kernel, args, N));
    assert_value(all, 0);
    bask_future_free(f);
    f = bask_submit(c, nothing);
    cr_assert_eq(bask_result_as(f, NULL, BASK_VOID, 0, BASK_FOREVER), BASK_OK);
    bask_future_free(f);
    bask_graph_free(g);
}
Test(adversarial, buffers_of_no_bytes)
{
    on_each(of_no_bytes);
}

/* ---- far too much ---- */

#define HUGE_BYTES ((UINT64_C(4) << 30) + 12345)

static _Atomic(const void *) huge_at;

/* Of 4 GiB only the ends are touched. */
BASK_KERNEL(bask_buffer *, huge, (uint64_t, x))
{
    bask_buffer *b = bask_buffer_new(HUGE_BYTES);
    char *p = bask_buffer_data(b);
    if (p) {
        memcpy(p, &x, sizeof x);
        p[HUGE_BYTES - 1] = (char)x;
        atomic_store(&huge_at, p);
    }
    return b;
}
BASK_KERNEL(uint64_t, ends, (bask_span, in))
{
    const char *p = in.data;
    return in.size == HUGE_BYTES && p[0] == p[in.size - 1] && p == atomic_load(&huge_at)
               ? (uint64_t)p[0]
               : 0;
}

static bool has_room(void)
{
    unsigned long long kib = 0;
    char line[200];
    FILE *file = fopen("/proc/meminfo", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "MemAvailable: %llu", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return kib << 10 > 2 * HUGE_BYTES;
}

static void of_4_gib(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    bask_pool_stats stats;
    assert_value(compute(c, bask_delay(g, ends, bask_delay(g, passes_on, bask_delay(g, huge, 9)))),
                 9);
    bask_future *f = bask_submit(c, huge, 8);
    assert_value(bask_submit(c, ends, f), 8);
    bask_client_stats(c, &stats);
    cr_assert_geq(stats.live_bytes, HUGE_BYTES);
    bask_future_free(f);
    do {
        sched_yield();
        bask_client_stats(c, &stats);
    } while (stats.live_bytes != 0);
    bask_graph_free(g);
}
Test(adversarial, buffers_of_4_gib, .timeout = 600)
{
    if (stress_rounds(100) < 100 || !has_room())
        cr_skip_test("sanitizers keep what is freed, or memory is short");
    on_each(of_4_gib);
}

static void of_all_memory(bask_client *c)
{
    const uint64_t sizes[] = {SIZE_MAX, SIZE_MAX - 63, SIZE_MAX / 2 + 1, SIZE_MAX / 2};
    for (int i = 0; i < 4; i++) {
        uint64_t x;
        bask_future *f = bask_submit(c, bytes, sizes[i]), *after = bask_submit(c, size_of, f);
        cr_assert_eq(bask_result(after, &x), BASK_EUPSTREAM);
        cr_assert_eq(bask_future_status(f), BASK_ENOMEM, "%s", bask_future_error(f));
        char wanted[60];
        snprintf(wanted, sizeof wanted, "no memory for a buffer of %llu bytes",
                 (unsigned long long)sizes[i]);
        cr_assert(strstr(bask_future_error(f), wanted), "%s", bask_future_error(f));
        bask_future_free(f);
        bask_future_free(after);
    }
}
Test(adversarial, buffers_of_all_memory_and_more)
{
    on_each(of_all_memory);
}

/* ---- long words ---- */

enum { LONG = 1 << 20 };
static char long_text[LONG + 1];

BASK_KERNEL(uint64_t, says_all, (uint64_t, x))
{
    bask_fail(BASK_EIO, "%s", long_text);
    return x;
}

static void long_words(bask_client *c)
{
    bask_kernel k = says_all_kernel;
    bask_arg one = bask_literal(UINT64_C(1));
    uint64_t x;
    k.name = long_text;
    cr_assert_eq(bask_register(&k), BASK_OK);
    cr_assert_eq(bask_kernel_find(long_text), &k);
    bask_future *f = bask_submit_array(c, &k, &one, 1), *after = bask_submit(c, give, f);
    cr_assert_eq(bask_result(f, &x), BASK_EIO);
    cr_assert_lt(strlen(bask_last_error()), 1000, "a message is cut");
    cr_assert_eq(bask_result(after, &x), BASK_EUPSTREAM);
    cr_assert_str_eq(bask_future_name(f), long_text);
    cr_assert(strncmp(bask_future_error(f), long_text, LONG) == 0);
    cr_assert(strstr(bask_future_error(f) + LONG, " failed: %s%n"));
    cr_assert_eq(bask_cancel(after), BASK_OK);
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay_array(g, &k, &one, 1);
    cr_assert_str_eq(bask_delayed_name(d), long_text);
    bask_future *g_future = compute(c, d);
    cr_assert_eq(bask_result(g_future, &x), BASK_EIO);
    cr_assert_null(bask_delay(g, give, bask_delay(g, nothing)));
    bask_future_free(g_future);
    bask_future_free(f);
    bask_future_free(after);
    bask_graph_free(g);
    bask_unregister(&k);
}
/* With what a printf would take for orders. */
Test(adversarial, long_names_and_messages)
{
    memset(long_text, 'x', LONG);
    memcpy(long_text, "%s%n%s%n", 8);
    on_each(long_words);
}

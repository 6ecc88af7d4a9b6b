/* SPDX-License-Identifier: Apache-2.0 */
/* Memory runs out at each allocation in turn, for once or for good: nothing crashes, hangs or comes
 * out wrong, and what did not get its memory says so. */
#include "support/clusters.h"
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- the allocator, by the linker's --wrap ---- */

static _Atomic long countdown = -1; /* allocations until one fails; below 0: none does */
static _Atomic bool for_good, failing;

static bool fails(void)
{
    if (atomic_load(&failing))
        return true;
    if (atomic_load(&countdown) < 0 || atomic_fetch_sub(&countdown, 1) != 0)
        return false;
    atomic_store(&failing, atomic_load(&for_good));
    return true;
}

#define WRAPPED(type, name, parameters, ...)                                                       \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return fails() ? NULL : __real_##name(__VA_ARGS__);                                        \
    }
WRAPPED(void *, malloc, (size_t size), size)
WRAPPED(void *, calloc, (size_t n, size_t size), n, size)
WRAPPED(void *, realloc, (void *place, size_t size), place, size)
WRAPPED(void *, aligned_alloc, (size_t alignment, size_t size), alignment, size)
WRAPPED(char *, strdup, (const char *text), text)

void *__real_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    return fails() ? MAP_FAILED : __real_mmap64(at, size, protection, flags, fd, offset);
}

int __wrap_asprintf(char **text, const char *format, ...);
int __wrap_asprintf(char **text, const char *format, ...)
{
    va_list args;
    if (fails())
        return -1; /* and *text is undefined */
    va_start(args, format);
    int length = vasprintf(text, format, args);
    va_end(args);
    return length;
}

/* ---- everything that a program may do ---- */

static bask_client *client;
static _Atomic long made, released;

typedef struct two {
    int64_t a, b;
} two;

static void count_release(void *data, void *user)
{
    (void)data, (void)user;
    atomic_fetch_add(&released, 1);
}
BASK_KERNEL(int64_t, leaf, (int64_t, x))
{
    return x;
}
BASK_KERNEL(int64_t, add, (int64_t, x), (int64_t, y))
{
    return x + y;
}
BASK_KERNEL(int64_t, five, (int64_t, a), (int64_t, b), (int64_t, c), (int64_t, d), (int64_t, e))
{
    return a + b + c + d + e;
}
BASK_KERNEL(int64_t, of_two, (two, x), (int64_t, y))
{
    return x.a + x.b + y;
}
BASK_KERNEL(int64_t, bad, (int64_t, x))
{
    bask_fail(BASK_EKERNEL, "bad");
    return x;
}
BASK_KERNEL(bask_buffer *, block, (int64_t, x))
{
    static char store[8];
    bask_buffer *b = bask_buffer_wrap(store, x ? sizeof store : 0, count_release, NULL);
    atomic_fetch_add(&made, b != NULL);
    return b;
}
BASK_KERNEL(bask_buffer *, taken, (bask_span, in))
{
    return bask_take(in);
}
BASK_KERNEL(int64_t, size_of, (bask_span, in))
{
    return (int64_t)in.size;
}
BASK_KERNEL(int64_t, nested, (int64_t, x))
{
    bask_future *f = bask_submit(client, add, x, 1);
    if (!f || bask_result(f, &x) != BASK_OK)
        bask_fail(BASK_ENOMEM, "%s", bask_last_error());
    bask_future_free(f);
    return x;
}
BASK_KERNEL_UNTYPED(int64_t, total)
{
    int64_t sum = 0, x;
    for (size_t i = 0; i < bask_task_argument_count(task); i++) {
        bask_status status = bask_task_int64(task, i, &x);
        if (status != BASK_OK)
            return status;
        sum += x;
    }
    return bask_return(task, &sum);
}

static bool is_failure(bask_status status)
{
    return status == BASK_ENOMEM || status == BASK_EUPSTREAM;
}

/* The right value, or an error that has a message. */
static void check(bask_future *f, int64_t want)
{
    int64_t x = -1;
    bask_status status = f ? bask_result(f, &x) : BASK_ENOMEM;
    cr_assert(status == BASK_OK ? x == want : is_failure(status), "%s, %ld",
              bask_status_name(status), (long)x);
    if (f && status != BASK_OK)
        cr_assert_neq(bask_future_error(f)[0], '\0');
    bask_future_free(f);
}

enum { OUTPUTS = 7 };
static const int64_t want[OUTPUTS] = {6, 8, 25, 8, 5, 6, 7};

/* The outputs of a graph; false when memory ran out while it was built. */
static bool build(bask_graph *g, bask_future *future, bask_delayed **out)
{
    two pair = {3, 4};
    bask_arg args[8];
    bask_delayed *l = bask_delay(g, leaf, 1);
    for (int64_t i = 0; i < 8; i++)
        args[i] = i < 6 ? bask_literal(i) : bask_arg_future(future);
    out[0] = bask_delay(g, five, 1, l, l, 2, l);
    out[1] = bask_delay(g, of_two, pair, l);
    out[2] = bask_delay_array(g, &total_kernel, args, 8);
    out[3] = bask_delay(g, size_of, bask_delay(g, taken, bask_delay(g, block, 1)));
    out[4] = bask_delay(g, nested, 4);
    out[5] = out[0];
    out[6] = bask_delay(g, add, out[0], l);
    for (int i = 0; i < OUTPUTS; i++)
        if (!out[i])
            return false;
    return true;
}

static void compute(bask_delayed **out)
{
    bask_future *f[OUTPUTS];
    bask_compute_options o = {.size = sizeof o, .on_error = BASK_FAIL_FAST};
    if (bask_compute(client, out, OUTPUTS, f) == BASK_OK)
        for (int i = 0; i < OUTPUTS; i++)
            check(f[i], want[i]);
    if (bask_compute_with(client, out, OUTPUTS, f, &o) != BASK_OK)
        return;
    for (int i = 0; i < OUTPUTS; i += 2)
        cr_assert_eq(bask_cancel(f[i]), BASK_OK);
    for (int i = 0; i < OUTPUTS; i++)
        bask_future_free(f[i]);
}

static void run_plan(bask_delayed **out)
{
    bask_plan *plan;
    if (bask_plan_new(client, out, OUTPUTS, &plan) != BASK_OK)
        return;
    for (int run = 0; run < 3; run++) {
        bask_status status = bask_plan_run(plan);
        cr_assert(status == BASK_OK || is_failure(status), "%s", bask_status_name(status));
        for (size_t i = 0; i < OUTPUTS; i++) {
            int64_t x = -1;
            if (bask_plan_result(plan, i, &x) == BASK_OK)
                cr_assert_eq(x, want[i]);
        }
    }
    bask_plan_free(plan);
}

/* A graph that waits for a future that fails. */
static void fail(bask_graph *g)
{
    bask_future *f = bask_submit(client, bad, 1), *next;
    bask_delayed *d = f ? bask_delay(g, leaf, f) : NULL;
    bask_plan *plan = NULL;
    if (d && bask_plan_new(client, &d, 1, &plan) == BASK_OK)
        for (int run = 0; run < 3; run++)
            cr_assert(is_failure(bask_plan_run(plan)), "%s", bask_last_error());
    bask_plan_free(plan);
    if (d && bask_compute(client, &d, 1, &next) == BASK_OK) {
        bask_status status = bask_wait(&next, 1, BASK_ANY, BASK_FOREVER, NULL);
        cr_assert(status == BASK_OK || status == BASK_ENOMEM);
        check(next, -1);
    }
    bask_future_free(f);
}

static void everything(const char *address)
{
    if (bask_open(address, &client) != BASK_OK)
        return;
    bask_graph *g = bask_graph_new(client), *g2 = bask_graph_new(client);
    bask_future *f = bask_submit(client, leaf, 5), *f2 = f ? bask_submit(client, add, f, 1) : NULL;
    bask_delayed *out[OUTPUTS];
    if (g && f && build(g, f, out)) {
        char path[] = "/tmp/bask-memory-XXXXXX.dot";
        int fd = mkstemps(path, 4);
        compute(out);
        run_plan(out);
        (void)!bask_visualize(out, OUTPUTS, path);
        close(fd);
        unlink(path);
    }
    if (g2)
        fail(g2);
    check(f2, 6);
    bask_future_free(f);
    bask_graph_free(g);
    bask_graph_free(g2);
    bask_close(client);
}

static void fail_each(const char *address, bool persists)
{
    atomic_store(&for_good, persists);
    for (long n = 0;; n++) {
        atomic_store(&countdown, n);
        everything(address);
        bool over = atomic_load(&countdown) >= 0;
        atomic_store(&countdown, -1);
        atomic_store(&failing, false);
        cr_assert_eq(atomic_load(&made), atomic_load(&released), "at allocation %ld", n);
        if (over) {
            cr_assert_gt(n, 50, "the allocations were seen");
            return;
        }
    }
}

Test(memory, each_allocation_fails_once, .timeout = 300)
{
    fail_each("threads://2", false);
    fail_each("sync://", false);
}

Test(memory, there_is_none_any_more, .timeout = 300)
{
    fail_each("threads://2", true);
    fail_each("sync://", true);
}

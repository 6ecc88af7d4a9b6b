/* SPDX-License-Identifier: Apache-2.0 */
/* Results of custom types: as they pass through tasks, graphs and plans, out of the process and into
 * it, and as text. */
#include "support/clusters.h"
#include "support/tree.h"
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct handle {
    int64_t number;
} handle;
typedef struct pair {
    int32_t a, b;
} pair;

BASK_TYPE(handle, NULL, NULL, free, NULL);

BASK_KERNEL(bask_buffer *, grow, (int64_t, depth))
{
    return tree_buffer((int)depth);
}
BASK_KERNEL(bask_buffer *, open_handle, (int64_t, number))
{
    handle *h = (handle *)malloc(sizeof *h);
    h->number = number;
    return bask_object_new(handle, h, sizeof *h);
}
BASK_KERNEL(int64_t, sum, (bask_span, in))
{
    const tree *t = bask_object(in, tree);
    return t ? tree_sum(t) : -1;
}
BASK_KERNEL(bask_buffer *, add_at_root, (bask_span, in), (int64_t, x))
{
    bask_buffer *b = bask_take(in);
    tree *t = b ? bask_buffer_object(b, tree) : NULL;
    if (t)
        t->value += x;
    return b;
}
BASK_KERNEL(bask_buffer *, graft, (bask_span, left), (bask_span, right))
{
    bask_buffer *l = bask_take(left), *r = bask_take(right);
    tree *a = bask_buffer_object(l, tree), *b = bask_buffer_object(r, tree);
    bask_buffer *both = NULL;
    if (a && b) {
        both = bask_object_new(
            tree, tree_node(0, tree_node(a->value, NULL, NULL), tree_node(b->value, NULL, NULL)),
            3 * sizeof(tree));
    }
    bask_buffer_release(l);
    bask_buffer_release(r);
    return both;
}
BASK_KERNEL(bask_buffer *, packs, (bask_span, in))
{
    bask_buffer *packed;
    bask_pack(in, &packed);
    return packed;
}
BASK_KERNEL(bask_buffer *, unpacks, (bask_span, in))
{
    bask_buffer *value;
    bask_unpack(in, &value);
    return value;
}
BASK_KERNEL(bask_buffer *, zeros, (int64_t, n))
{
    bask_buffer *b = bask_buffer_new((size_t)n);
    memset(bask_buffer_data(b), 0, (size_t)n);
    return b;
}

static int64_t number_in(bask_future *f)
{
    int64_t x = -1;
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    bask_future_free(f);
    return x;
}

static int64_t alive(bask_client *c)
{
    bask_pool_stats stats;
    bask_client_stats(c, &stats);
    return (int64_t)stats.live_bytes;
}

/* A run lets go of its last results just after its futures are done. If it never does, this hangs. */
static void await_nothing_alive(bask_client *c)
{
    while (tree_nodes != 0 || alive(c) != 0)
        sched_yield();
}

static void assert_error(bask_future *f, bask_status status, const char *says)
{
    cr_assert_eq(bask_wait(&f, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    cr_assert_eq(bask_future_status(f), status, "%s", bask_last_error());
    cr_assert(strstr(bask_future_error(f), says), "%s", bask_future_error(f));
    bask_future_free(f);
}

/* ---- through tasks ---- */

static void pass_through(bask_client *c)
{
    enum { DEPTH = 6, NODES = (1 << DEPTH) - 1 };
    const int64_t total = NODES * (NODES + 1) / 2;
    bask_graph *g = bask_graph_new(c);
    bask_delayed *t = bask_delay(g, grow, DEPTH), *own = bask_delay(g, grow, DEPTH);
    bask_delayed *out[] = {
        bask_delay(g, sum, t), bask_delay(g, sum, bask_delay(g, add_at_root, t, 5)),
        bask_delay(g, sum, bask_delay(g, add_at_root, own, 7)), bask_delay(g, graft, t, t)};
    bask_future *f[4];
    bask_span span;
    cr_assert_eq(bask_compute_sync(c, out, 4, f), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(number_in(f[0]), total);
    cr_assert_eq(number_in(f[1]), total + 5);
    cr_assert_eq(number_in(f[2]), total + 7);
    cr_assert_eq(bask_result(f[3], &span), BASK_OK);
    cr_assert_eq(tree_sum(bask_object(span, tree)), 1 << DEPTH);
    while (tree_nodes != 3 || alive(c) != (int64_t)(3 * sizeof(tree)))
        sched_yield();
    bask_future_free(f[3]);
    await_nothing_alive(c);
    bask_graph_free(g);
}
Test(types, objects_pass_through_tasks_and_are_freed_once)
{
    each_cluster(pass_through);
}

static void faults(bask_client *c)
{
    bask_future *h = bask_submit(c, open_handle, 3), *plain = bask_submit(c, zeros, 32);
    assert_error(bask_submit(c, sum, h), BASK_ETYPE, "an object of type handle (version 1");
    assert_error(bask_submit(c, sum, plain), BASK_ETYPE,
                 "32 plain bytes, not an object of type tree");
    assert_error(bask_submit(c, packs, h), BASK_EUNSUPPORTED, "type handle cannot be packed");
    assert_error(bask_submit(c, unpacks, plain), BASK_EINVAL, "no packed value");
    assert_error(bask_submit(c, add_at_root, h, 1), BASK_EUNSUPPORTED,
                 "no pack and unpack to copy");
    assert_error(bask_submit(c, grow, 0), BASK_EINVAL, "object of type tree is NULL");
    bask_future_free(h);
    bask_future_free(plain);
}
Test(types, faults_fail_the_task)
{
    each_cluster(faults);
}

static void in_plans(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed *t = bask_delay(g, grow, 3);
    bask_delayed *out[] = {bask_delay(g, add_at_root, t, 1), bask_delay(g, sum, t)};
    bask_plan *plan;
    cr_assert_eq(bask_plan_new(c, out, 2, &plan), BASK_OK);
    for (int i = 0; i < 3; i++) {
        bask_span span;
        cr_assert_eq(bask_plan_run(plan), BASK_OK, "%s", bask_last_error());
        cr_assert_eq(bask_plan_result(plan, 0, &span), BASK_OK);
        cr_assert_eq(tree_sum(bask_object(span, tree)), 29);
        cr_assert_eq(tree_nodes, 7);
    }
    bask_plan_free(plan);
    cr_assert_eq(tree_nodes, 0);
    bask_graph_free(g);
}
Test(types, plans_keep_objects_until_the_next_run)
{
    each_cluster(in_plans);
}

static void cancelled(bask_client *c)
{
    enum { N = 100 };
    bask_graph *g = bask_graph_new(c);
    bask_delayed *out[N];
    bask_future *f[N];
    for (int i = 0; i < N; i++)
        out[i] = bask_delay(g, add_at_root, bask_delay(g, grow, 4), i);
    cr_assert_eq(bask_compute(c, out, N, f), BASK_OK);
    for (int i = 0; i < N; i += 2)
        bask_cancel(f[i]);
    cr_assert_eq(bask_wait(f, N, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    for (int i = 0; i < N; i++)
        bask_future_free(f[i]);
    bask_graph_free(g);
}
Test(types, cancelled_objects_are_freed)
{
    each_cluster(cancelled);
    cr_assert_eq(tree_nodes, 0, "after the clients are closed");
}

static void submitted(bask_client *c)
{
    bask_future *f = bask_submit(c, grow, 5);
    for (int i = 0; i < 50; i++) {
        bask_future *more = bask_submit(c, add_at_root, f, 1);
        bask_future_free(f);
        f = more;
    }
    bask_future *total = bask_submit(c, sum, f);
    bask_future_free(f);
    cr_assert_eq(number_in(total), 31 * 16 + 50);
}
Test(types, submitted_tasks_pass_objects_on)
{
    each_cluster(submitted);
    cr_assert_eq(tree_nodes, 0, "after the clients are closed");
}

Test(types, objects_outlive_their_client)
{
    bask_client *c = open_client("threads://2");
    bask_future *f = bask_submit(c, grow, 5);
    bask_span span;
    cr_assert_eq(bask_result(f, &span), BASK_OK);
    bask_close(c);
    cr_assert_eq(tree_sum(bask_object(span, tree)), 31 * 16);
    bask_future_free(f);
    cr_assert_eq(tree_nodes, 0);
}

/* ---- packed ---- */

static void pack_in_tasks(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed *t = bask_delay(g, grow, 8);
    bask_delayed *out[] = {bask_delay(g, sum, bask_delay(g, unpacks, bask_delay(g, packs, t))),
                           bask_delay(g, packs, bask_delay(g, packs, t))};
    bask_future *f[2];
    bask_span twice;
    bask_buffer *packed, *once, *value;
    cr_assert_eq(bask_compute(c, out, 2, f), BASK_OK);
    cr_assert_eq(number_in(f[0]), 255 * 128);
    cr_assert_eq(bask_result(f[1], &twice), BASK_OK);
    cr_assert_eq(bask_unpack(twice, &once), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(bask_unpack(bask_buffer_span(once), &value), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(tree_sum(bask_buffer_object(value, tree)), 255 * 128);
    cr_assert_eq(bask_future_pack(f[1], &packed), BASK_OK);
    cr_assert_eq(bask_buffer_size(packed) - twice.size, twice.size - bask_buffer_size(once));
    bask_buffer_release(value);
    bask_buffer_release(once);
    bask_buffer_release(packed);
    bask_future_free(f[1]);
    bask_graph_free(g);
    await_nothing_alive(c);
}
Test(types, tasks_pack_and_unpack)
{
    each_cluster(pack_in_tasks);
}

BASK_KERNEL(double, half, (double, x))
{
    return x / 2;
}
BASK_KERNEL(void, nothing)
{
}
BASK_KERNEL(double, fails, (double, x))
{
    bask_fail(BASK_EKERNEL, "as ever");
    return x;
}

static void pack_futures(bask_client *c)
{
    bask_future *f[] = {bask_submit(c, half, 3), bask_submit(c, nothing), bask_submit(c, fails, 1)};
    bask_buffer *packed, *value;
    double x;
    cr_assert_eq(bask_future_pack(f[0], &packed), BASK_OK);
    cr_assert_eq(bask_unpack(bask_buffer_span(packed), &value), BASK_OK);
    cr_assert_eq(bask_buffer_size(value), sizeof x);
    memcpy(&x, bask_buffer_data(value), sizeof x);
    cr_assert_eq(x, 1.5);
    bask_buffer_release(packed);
    bask_buffer_release(value);
    cr_assert_eq(bask_future_pack(f[1], &packed), BASK_OK);
    cr_assert_eq(bask_unpack(bask_buffer_span(packed), &value), BASK_OK);
    cr_assert_eq(bask_buffer_size(value), 0);
    bask_buffer_release(packed);
    bask_buffer_release(value);
    packed = (bask_buffer *)&x;
    cr_assert_eq(bask_future_pack(f[2], &packed), BASK_EKERNEL);
    cr_assert_null(packed);
    cr_assert_str_eq(bask_last_error(), "fails failed: as ever");
    cr_assert_eq(bask_future_pack(NULL, &packed), BASK_EINVAL);
    cr_assert_eq(bask_future_pack(f[0], NULL), BASK_EINVAL);
    for (int i = 0; i < 3; i++)
        bask_future_free(f[i]);
}
Test(types, any_result_is_packed)
{
    each_cluster(pack_futures);
}

/* A child process computes a tree; this one has the tree from its bytes. */
Test(types, objects_cross_processes)
{
    int fd[2];
    cr_assert_eq(pipe(fd), 0);
    pid_t child = fork();
    if (child == 0) {
        bask_client *c = open_client("sync://");
        bask_future *f = bask_submit(c, grow, 12);
        bask_buffer *packed;
        if (bask_future_pack(f, &packed) != BASK_OK)
            _exit(1);
        const char *bytes = bask_buffer_data(packed);
        for (size_t done = 0, size = bask_buffer_size(packed); done < size;) {
            ssize_t n = write(fd[1], bytes + done, size - done);
            if (n <= 0)
                _exit(2);
            done += (size_t)n;
        }
        _exit(0);
    }
    close(fd[1]);
    static char bytes[1 << 20];
    size_t size = 0;
    for (ssize_t n; (n = read(fd[0], bytes + size, sizeof bytes - size)) > 0; size += (size_t)n)
        ;
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    bask_buffer *value;
    cr_assert_eq(bask_unpack((bask_span){bytes, size}, &value), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(tree_sum(bask_buffer_object(value, tree)), 4095 * 2048);
    bask_buffer_release(value);
    cr_assert_eq(tree_nodes, 0);
}

/* ---- text ---- */

#define GIVES(type, name)                                                                          \
    BASK_KERNEL(type, name, (type, x))                                                             \
    {                                                                                              \
        return x;                                                                                  \
    }
GIVES(bool, a_bool)
GIVES(int8_t, an_int8)
GIVES(uint8_t, a_uint8)
GIVES(int16_t, an_int16)
GIVES(uint16_t, a_uint16)
GIVES(int32_t, an_int32)
GIVES(uint32_t, a_uint32)
GIVES(int64_t, an_int64)
GIVES(uint64_t, a_uint64)
GIVES(float, a_float)
GIVES(double, a_double)
GIVES(pair, a_pair)

/* By bask_future_text, and by bask_future_print to a file. */
static void assert_text(bask_future *f, const char *wanted)
{
    char text[200], cut[4] = "xxx";
    size_t length = 0;
    cr_assert_eq(bask_future_text(f, text, sizeof text, &length), BASK_OK, "%s", bask_last_error());
    cr_assert_str_eq(text, wanted);
    cr_assert_eq(length, strlen(wanted));
    cr_assert_eq(bask_future_text(f, cut, 3, NULL), BASK_OK);
    cr_assert(strncmp(cut, wanted, 2) == 0 && strlen(cut) <= 2);
    cr_assert_eq(bask_future_text(f, NULL, 0, &length), BASK_OK);
    cr_assert_eq(length, strlen(wanted));

    memset(text, 0, sizeof text);
    FILE *file = fmemopen(text, sizeof text, "w");
    cr_assert_eq(bask_future_print(f, file), BASK_OK);
    fclose(file);
    cr_assert_str_eq(text, wanted);
    bask_future_free(f);
}

static void texts(bask_client *c)
{
    assert_text(bask_submit(c, a_bool, true), "true");
    assert_text(bask_submit(c, a_bool, false), "false");
    assert_text(bask_submit(c, an_int8, -128), "-128");
    assert_text(bask_submit(c, a_uint8, 255), "255");
    assert_text(bask_submit(c, an_int16, -32768), "-32768");
    assert_text(bask_submit(c, a_uint16, 65535), "65535");
    assert_text(bask_submit(c, an_int32, INT32_MIN), "-2147483648");
    assert_text(bask_submit(c, a_uint32, UINT32_MAX), "4294967295");
    assert_text(bask_submit(c, an_int64, INT64_MIN), "-9223372036854775808");
    assert_text(bask_submit(c, a_uint64, UINT64_MAX), "18446744073709551615");
    assert_text(bask_submit(c, a_float, 0.1f), "0.1");
    assert_text(bask_submit(c, a_float, 16777216 / 3.0f), "5592405.5");
    assert_text(bask_submit(c, a_double, 0.1), "0.1");
    assert_text(bask_submit(c, a_double, 0.1 + 0.2), "0.30000000000000004");
    assert_text(bask_submit(c, a_double, -1.0 / 0.0), "-inf");
    assert_text(bask_submit(c, a_pair, ((pair){1, 2})), "pair (8 bytes)");
    assert_text(bask_submit(c, nothing), "");
    assert_text(bask_submit(c, zeros, 800), "800 bytes");
    assert_text(bask_submit(c, zeros, 0), "0 bytes");
    assert_text(bask_submit(c, open_handle, 1), "handle (8 bytes)");
    assert_text(bask_submit(c, grow, 2), "(2 (1 - -) (3 - -))");
}
Test(types, every_result_has_a_text)
{
    each_cluster(texts);
}

Test(types, text_that_cannot_be_had)
{
    bask_client *c = open_client("threads://1");
    bask_future *f = bask_submit(c, fails, 1), *good = bask_submit(c, an_int32, 5);
    char text[10] = "before";
    size_t length = 9;
    cr_assert_eq(bask_future_text(f, text, sizeof text, &length), BASK_EKERNEL);
    cr_assert_str_eq(bask_last_error(), "fails failed: as ever");
    cr_assert_str_eq(text, "");
    cr_assert_eq(length, 0);
    cr_assert_eq(bask_future_text(good, NULL, 1, NULL), BASK_EINVAL);
    cr_assert_eq(bask_wait(&good, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    cr_assert_eq(bask_future_text(NULL, text, sizeof text, NULL), BASK_EINVAL);
    cr_assert_eq(bask_future_print(NULL, stderr), BASK_EINVAL);
    cr_assert_eq(bask_future_print(good, NULL), BASK_EINVAL);
    cr_assert_eq(bask_print((bask_span){NULL, 0}, NULL), BASK_EINVAL);
    FILE *full = fopen("/dev/full", "w");
    if (full) {
        setvbuf(full, NULL, _IONBF, 0);
        cr_assert_eq(bask_future_print(good, full), BASK_EIO);
        cr_assert_eq(bask_print((bask_span){NULL, 0}, full), BASK_EIO);
        fclose(full);
    }
    bask_future_free(f);
    bask_close(c);
    cr_assert_eq(bask_future_text(good, text, sizeof text, NULL), BASK_OK, "results outlive it");
    cr_assert_str_eq(text, "5");
    bask_future_free(good);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Loops call their bodies once for each index, give the same bits everywhere, and fail as promised. */
#include "support/clusters.h"
#include <math.h>
#include <pthread.h>

enum { MOST = 20000 };

static void mark(int64_t from, int64_t to, void *data)
{
    _Atomic uint8_t *marks = data;
    cr_assert(from < to, "pieces are not empty");
    for (int64_t i = from; i < to; i++)
        atomic_fetch_add_explicit(&marks[i], 1, memory_order_relaxed);
}
static void each_index(bask_client *c)
{
    static _Atomic uint8_t marks[MOST];
    for (int64_t n = 0; n < MOST; n = n * 3 / 2 + 1) {
        memset((void *)marks, 0, sizeof marks);
        cr_assert_eq(bask_for(c, n / 3, n, mark, marks), BASK_OK);
        for (int64_t i = 0; i < MOST; i++)
            cr_assert_eq(marks[i], i >= n / 3 && i < n);
    }
    cr_assert_eq(bask_for(c, 5, -5, mark, marks), BASK_OK);
}
Test(loop, visits_each_index_once)
{
    each_cluster(each_index);
    bask_client *none = NULL;
    each_index(none);
}

static void all_negative(int64_t from, int64_t to, void *data)
{
    cr_assert(from >= INT64_MIN && to <= INT64_MIN + 1000);
    atomic_fetch_add((_Atomic int64_t *)data, to - from);
}
static void extremes(bask_client *c)
{
    _Atomic int64_t count = 0;
    cr_assert_eq(bask_for(c, INT64_MIN, INT64_MIN + 1000, all_negative, (void *)&count), BASK_OK);
    cr_assert_eq(count, 1000);
    cr_assert_eq(bask_for(c, INT64_MIN, 1, all_negative, NULL), BASK_EINVAL);
    cr_assert_eq(bask_for(c, 0, 1, NULL, NULL), BASK_EINVAL);
}
Test(loop, takes_any_range_that_can_be_counted)
{
    each_cluster(extremes);
}

/* ---- two dimensions ---- */

typedef struct grid {
    bask_range rows, columns;
    _Atomic uint8_t marks[100][100];
} grid;
static void mark_cells(bask_range rows, bask_range columns, void *data)
{
    grid *g = data;
    cr_assert(rows.from < rows.to && columns.from < columns.to);
    for (int64_t i = rows.from; i < rows.to; i++)
        for (int64_t j = columns.from; j < columns.to; j++)
            atomic_fetch_add(&g->marks[i][j], 1);
}
static void each_cell(bask_client *c)
{
    static const bask_range ranges[] = {{0, 100}, {3, 4}, {7, 7}, {9, 2}, {50, 99}};
    static grid g;
    for (size_t a = 0; a < 5; a++)
        for (size_t b = 0; b < 5; b++) {
            memset(&g, 0, sizeof g);
            cr_assert_eq(bask_for_2d(c, ranges[a], ranges[b], mark_cells, &g), BASK_OK);
            for (int64_t i = 0; i < 100; i++)
                for (int64_t j = 0; j < 100; j++)
                    cr_assert_eq(g.marks[i][j], i >= ranges[a].from && i < ranges[a].to &&
                                                    j >= ranges[b].from && j < ranges[b].to);
        }
    cr_assert_eq(bask_for_2d(c, ranges[0], ranges[0], NULL, NULL), BASK_EINVAL);
}
Test(loop, visits_each_cell_once)
{
    each_cluster(each_cell);
}

/* ---- reductions ---- */

static void add_harmonic(int64_t from, int64_t to, void *value, void *data)
{
    double sum = *(double *)value;
    for (int64_t i = from; i < to; i++)
        sum += 1 / (double)(i + 1 + *(int *)data);
    *(double *)value = sum;
}
static void add_double(void *left, const void *right, void *data)
{
    (void)data;
    *(double *)left += *(const double *)right;
}

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double zero, first_sums[4][40];
static void same_bits(bask_client *c)
{
    static const int64_t chunks[] = {0, 1, 7, 100000};
    for (int k = 0; k < 4; k++) {
        int at = 0, data = 3;
        bask_reduction sum = {sizeof sum,   sizeof(double), &zero,
                              add_harmonic, add_double,     chunks[k]};
        for (int64_t n = 0; n < MOST; n = n * 3 / 2 + 1, at++) {
            double x = -1, expected = 0;
            cr_assert_eq(bask_reduce(c, 0, n, &sum, &data, &x), BASK_OK);
            add_harmonic(0, n, &expected, &data);
            cr_assert(fabs(x - expected) < 1e-12);
            if (first_sums[k][at] == 0)
                first_sums[k][at] = x;
            cr_assert_eq(bits_of(x), bits_of(first_sums[k][at]));
        }
    }
}
Test(reduce, gives_the_same_bits_on_any_number_of_workers)
{
    each_cluster(same_bits);
    same_bits(NULL);
}

/* Strings of the letters in order: an operation that is associative and nothing else. */
typedef struct word {
    char letters[64];
} word;
static void append_letters(int64_t from, int64_t to, void *value, void *data)
{
    (void)data;
    for (int64_t i = from; i < to; i++)
        strncat(((word *)value)->letters, &"abcdefghijklmnopqrstuvwxyz"[i], 1);
}
static void append_word(void *left, const void *right, void *data)
{
    (void)data;
    strcat(((word *)left)->letters, ((const word *)right)->letters);
}
static const word no_word;
static void ordered(bask_client *c)
{
    for (int64_t chunk = 0; chunk < 30; chunk++)
        for (int64_t n = 0; n <= 26; n++) {
            bask_reduction r = {sizeof r,       sizeof(word), &no_word,
                                append_letters, append_word,  chunk};
            word w;
            cr_assert_eq(bask_reduce(c, 0, n, &r, NULL, &w), BASK_OK);
            cr_assert_eq(strlen(w.letters), (size_t)n);
            cr_assert(strncmp(w.letters, "abcdefghijklmnopqrstuvwxyz", (size_t)n) == 0);
        }
}
Test(reduce, keeps_the_order_of_the_indices)
{
    each_cluster(ordered);
}

static void wrong(bask_client *c)
{
    bask_reduction r = {sizeof r, sizeof(double), &zero, add_harmonic, add_double, 0};
    double x = 1;
    cr_assert_eq(bask_reduce(c, 0, 5, NULL, NULL, &x), BASK_EINVAL);
    r.chunk = -1;
    cr_assert_eq(bask_reduce(c, 0, 5, &r, NULL, &x), BASK_EINVAL);
    r.chunk = 0;
    r.size = 8;
    cr_assert_eq(bask_reduce(c, 0, 5, &r, NULL, &x), BASK_EINVAL);
    r.size = sizeof r;
    r.identity = NULL;
    cr_assert_eq(bask_reduce(c, 0, 5, &r, NULL, &x), BASK_EINVAL);
    r.identity = &zero;
    r.chunk = 1;
    cr_assert_eq(bask_reduce(c, 0, INT64_MAX, &r, NULL, &x), BASK_ENOMEM);
    cr_assert_eq(x, 1);
}
Test(reduce, says_what_is_wrong)
{
    each_cluster(wrong);
}

/* ---- scans ---- */

typedef struct sums {
    int64_t in[MOST], out[MOST];
} sums;
static void add_in(int64_t from, int64_t to, void *value, void *data)
{
    for (int64_t i = from; i < to; i++)
        *(int64_t *)value += ((sums *)data)->in[i];
}
static void add_int64(void *left, const void *right, void *data)
{
    (void)data;
    *(int64_t *)left += *(const int64_t *)right;
}
static void running_sum(int64_t from, int64_t to, const void *before, void *data)
{
    sums *s = data;
    int64_t sum = *(const int64_t *)before;
    for (int64_t i = from; i < to; i++)
        s->out[i] = sum += s->in[i];
}
static void prefix_sums(bask_client *c)
{
    static sums s;
    static const int64_t none;
    for (int64_t chunk = 0; chunk < 3000; chunk = chunk * 10 + 7)
        for (int64_t n = 0; n <= MOST; n = n * 3 + 1) {
            bask_reduction r = {sizeof r, sizeof none, &none, add_in, add_int64, chunk};
            int64_t total = -1, sum = 0;
            for (int64_t i = 0; i < n; i++)
                s.in[i] = i * 7919 % 1000 - 300;
            cr_assert_eq(bask_scan(c, 0, n, &r, running_sum, &s, &total), BASK_OK);
            for (int64_t i = 0; i < n; i++)
                cr_assert_eq(s.out[i], sum += s.in[i]);
            cr_assert_eq(total, sum);
        }
}
Test(scan, gives_each_chunk_what_is_before_it)
{
    each_cluster(prefix_sums);
}

static void append_prefix(int64_t from, int64_t to, const void *before, void *data)
{
    const word *w = before;
    (void)to;
    cr_assert_eq(strlen(w->letters), (size_t)from);
    cr_assert(strncmp(w->letters, "abcdefghijklmnopqrstuvwxyz", (size_t)from) == 0);
    atomic_fetch_add((_Atomic int *)data, 1);
}
static void scans_in_order(bask_client *c)
{
    for (int64_t chunk = 1; chunk < 28; chunk++) {
        bask_reduction r = {sizeof r, sizeof(word), &no_word, append_letters, append_word, chunk};
        _Atomic int calls = 0;
        cr_assert_eq(bask_scan(c, 0, 26, &r, append_prefix, (void *)&calls, NULL), BASK_OK);
        cr_assert_eq(calls, (26 + chunk - 1) / chunk);
    }
}
Test(scan, keeps_the_order_of_the_indices)
{
    each_cluster(scans_in_order);
}

/* ---- failures and nesting ---- */

static void fail_at_500(int64_t from, int64_t to, void *data)
{
    (void)data;
    if (from <= 500 && 500 < to)
        bask_fail(BASK_EIO, "row %d", 500);
}
static void fold_failing(int64_t from, int64_t to, void *value, void *data)
{
    (void)value;
    fail_at_500(from, to, data);
}
static void scan_failing(int64_t from, int64_t to, const void *before, void *data)
{
    (void)before;
    fail_at_500(from, to, data);
}
static void fail_cells(bask_range rows, bask_range columns, void *data)
{
    (void)columns;
    fail_at_500(rows.from, rows.to, data);
}
static void no_combination(void *left, const void *right, void *data)
{
    (void)left, (void)right, (void)data;
}
BASK_KERNEL(int, survives, (bask_client *, c))
{
    return bask_for(c, 0, 1000, fail_at_500, NULL) == BASK_EIO &&
           bask_for(NULL, 0, 1000, fail_at_500, NULL) == BASK_EIO;
}
static void loop_failures(bask_client *c)
{
    bask_reduction r = {sizeof r, sizeof zero, &zero, fold_failing, no_combination, 0};
    double x = 5;
    cr_assert_eq(bask_for(c, 0, 1000, fail_at_500, NULL), BASK_EIO);
    cr_assert_str_eq(bask_last_error(), "bask_for failed: row 500");
    cr_assert_eq(bask_for(c, 0, 500, fail_at_500, NULL), BASK_OK);
    cr_assert_eq(bask_for_2d(c, (bask_range){0, 1000}, (bask_range){0, 3}, fail_cells, NULL),
                 BASK_EIO);
    cr_assert_eq(bask_reduce(c, 0, 1000, &r, NULL, &x), BASK_EIO);
    cr_assert_str_eq(bask_last_error(), "bask_reduce failed: row 500");
    cr_assert_eq(x, 5);
    cr_assert_eq(bask_scan(c, 0, 1000, &r, scan_failing, NULL, &x), BASK_EIO);
    r.fold = add_harmonic;
    int data = 1;
    cr_assert_eq(bask_scan(c, 0, 1000, &r, scan_failing, &data, &x), BASK_EIO);
    int good = 0;
    cr_assert_eq(bask_invoke(c, &good, survives, c), BASK_OK);
    cr_assert_eq(good, 1);
}
Test(loop, returns_the_failure_of_its_body)
{
    each_cluster(loop_failures);
}

static void add_inner(int64_t from, int64_t to, void *data)
{
    atomic_fetch_add((_Atomic int64_t *)data, to - from);
}
static void inner_loops(int64_t from, int64_t to, void *data)
{
    for (int64_t i = from; i < to; i++)
        cr_assert_eq(bask_for(NULL, 0, i, add_inner, data), BASK_OK);
}
static void nested(bask_client *c)
{
    _Atomic int64_t sum = 0;
    cr_assert_eq(bask_for(c, 0, 500, inner_loops, (void *)&sum), BASK_OK);
    cr_assert_eq(sum, 500 * 499 / 2);
}
Test(loop, nests)
{
    each_cluster(nested);
}

/* Two indices that wait for each other: they must be on two workers. */
static void meet(int64_t from, int64_t to, void *data)
{
    _Atomic int *there = data;
    for (int64_t i = from; i < to; i++) {
        if (i != 0 && i != 999)
            continue;
        atomic_fetch_add(there, 1);
        while (atomic_load(there) < 2)
            ;
    }
}
static void meet_fold(int64_t from, int64_t to, void *value, void *data)
{
    (void)value;
    meet(from, to, data);
}
static void meet_cells(bask_range rows, bask_range columns, void *data)
{
    (void)columns;
    meet(rows.from, rows.to, data);
}
Test(loop, shares_its_range_with_other_workers)
{
    bask_client *c = open_client("threads://2");
    bask_reduction r = {sizeof r, sizeof zero, &zero, meet_fold, no_combination, 0};
    for (int i = 0; i < 20; i++) {
        double x;
        _Atomic int there = 0;
        cr_assert_eq(bask_for(c, 0, 1000, meet, (void *)&there), BASK_OK);
        there = 0;
        cr_assert_eq(bask_reduce(c, 0, 1000, &r, (void *)&there, &x), BASK_OK);
        there = 0;
        cr_assert_eq(
            bask_for_2d(c, (bask_range){0, 1000}, (bask_range){0, 1}, meet_cells, (void *)&there),
            BASK_OK);
    }
    bask_close(c);
}

/* ---- cancellation ---- */

static _Atomic int started;
static void spin_until_cancelled(int64_t from, int64_t to, void *data)
{
    (void)from, (void)to, (void)data;
    atomic_store(&started, 1);
    while (!bask_cancelled())
        ;
}
static _Atomic int loop_status;
BASK_KERNEL(int, loops_for_ever, (bask_client *, on))
{
    atomic_store(&loop_status, (int)bask_for(on, 0, 1000, spin_until_cancelled, NULL));
    return 0;
}
static void cancel_loop(bask_client *on)
{
    bask_client *c = open_client("threads://2");
    atomic_store(&loop_status, -1);
    atomic_store(&started, 0);
    bask_future *f = bask_submit(c, loops_for_ever, on);
    while (!atomic_load(&started))
        ;
    cr_assert_eq(bask_cancel(f), BASK_OK);
    bask_future_free(f);
    bask_close(c); /* waits for the kernel */
    cr_assert_eq(atomic_load(&loop_status), BASK_ECANCELLED);
}
Test(loop, is_cancelled_with_its_task, .timeout = 60)
{
    cancel_loop(NULL);
    each_cluster(cancel_loop); /* on the workers of another client */
}

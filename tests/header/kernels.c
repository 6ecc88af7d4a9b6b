/* SPDX-License-Identifier: Apache-2.0 */
/* Every shape of kernel and argument, as C and as C++; fails at the first value that is wrong. */
#include "outside.h"

/* Computes NODE, and fails unless its value, of TYPE, is WANTED. */
#define EXPECT(type, node, wanted)                                                                 \
    do {                                                                                           \
        type got_;                                                                                 \
        bask_future *future_ = compute(node);                                                      \
        bask_check(bask_result(future_, &got_));                                                   \
        expect(got_ == (wanted), __LINE__);                                                        \
        bask_future_free(future_);                                                                 \
    } while (0)

static bask_client *client;
static bask_graph *graph;

static void expect(bool holds, int line)
{
    if (!holds) {
        fprintf(stderr, "%s:%d: another value was expected\n", __FILE__, line);
        exit(EXIT_FAILURE);
    }
}

static bask_future *compute(bask_delayed *node)
{
    bask_future *future;
    bask_check(bask_compute(client, &node, 1, &future));
    return future;
}

/* ---- types of values ---- */

#define SECOND(type, name)                                                                         \
    BASK_KERNEL(type, name, (type, first), (type, second))                                         \
    {                                                                                              \
        (void)first;                                                                               \
        return second;                                                                             \
    }

SECOND(bool, second_bool)
SECOND(char, second_char)
SECOND(signed char, second_signed_char)
SECOND(unsigned char, second_unsigned_char)
SECOND(short, second_short)
SECOND(unsigned short, second_unsigned_short)
SECOND(int, second_int)
SECOND(unsigned, second_unsigned)
SECOND(long, second_long)
SECOND(unsigned long, second_unsigned_long)
SECOND(long long, second_long_long)
SECOND(unsigned long long, second_unsigned_long_long)
SECOND(size_t, second_size)
SECOND(int64_t, second_int64)
SECOND(uint8_t, second_uint8)
SECOND(float, second_float)
SECOND(double, second_double)
SECOND(long double, second_long_double)
SECOND(const char *, second_text)

/* A literal, and the result of another task, as an argument. */
#define EXPECT_SECOND(type, name, value)                                                           \
    do {                                                                                           \
        type value_ = value;                                                                       \
        bask_delayed *node_ = bask_delay(graph, name, value_, value_);                             \
        EXPECT(type, node_, value_);                                                               \
        EXPECT(type, bask_delay(graph, name, value_, node_), value_);                              \
    } while (0)

static void types(void)
{
    EXPECT_SECOND(bool, second_bool, true);
    EXPECT_SECOND(char, second_char, 'x');
    EXPECT_SECOND(signed char, second_signed_char, -100);
    EXPECT_SECOND(unsigned char, second_unsigned_char, 200);
    EXPECT_SECOND(short, second_short, -30000);
    EXPECT_SECOND(unsigned short, second_unsigned_short, 60000);
    EXPECT_SECOND(int, second_int, -2000000000);
    EXPECT_SECOND(unsigned, second_unsigned, 4000000000u);
    EXPECT_SECOND(long, second_long, -3000000000000000000);
    EXPECT_SECOND(unsigned long, second_unsigned_long, 10000000000000000000u);
    EXPECT_SECOND(long long, second_long_long, -3000000000000000000);
    EXPECT_SECOND(unsigned long long, second_unsigned_long_long, 10000000000000000000u);
    EXPECT_SECOND(size_t, second_size, SIZE_MAX);
    EXPECT_SECOND(int64_t, second_int64, INT64_MIN);
    EXPECT_SECOND(uint8_t, second_uint8, UINT8_MAX);
    EXPECT_SECOND(float, second_float, 1.5f);
    EXPECT_SECOND(double, second_double, -2.5);
    EXPECT_SECOND(long double, second_long_double, 2.5L);
    EXPECT_SECOND(const char *, second_text, "text");
}

typedef struct point {
    double x, y;
} point;
typedef struct pixel {
    unsigned char red, green, blue;
} pixel;
enum colour { RED, GREEN };

BASK_KERNEL(point, mirrored, (point, p))
{
    point q = {p.y, p.x};
    return q;
}
BASK_KERNEL(double, abscissa, (point, p))
{
    return p.x;
}
BASK_KERNEL(pixel, painted, (enum colour, colour), (pixel, p))
{
    if (colour == GREEN)
        p.green = 255;
    return p;
}
BASK_KERNEL(int, greenness, (struct pixel, p))
{
    return p.green;
}

static void structs(void)
{
    point p = {3, 4};
    EXPECT(double, bask_delay(graph, abscissa, bask_delay(graph, mirrored, p)), 4);
    pixel dark = {1, 2, 3};
    EXPECT(int, bask_delay(graph, greenness, bask_delay(graph, painted, GREEN, dark)), 255);
    EXPECT(int, bask_delay(graph, greenness, bask_delay(graph, painted, RED, dark)), 2);
}

BASK_KERNEL(bask_buffer *, filled, (size_t, n), (unsigned char, byte))
{
    bask_buffer *buffer = bask_buffer_new(n);
    if (buffer)
        memset(bask_buffer_data(buffer), byte, n);
    return buffer;
}
BASK_KERNEL(unsigned, total, (bask_span, bytes))
{
    unsigned sum = 0;
    for (size_t i = 0; i < bytes.size; i++)
        sum += ((const unsigned char *)bytes.data)[i];
    return sum;
}

static void buffers(void)
{
    size_t n = 1000;
    unsigned char byte = 7;
    bask_delayed *node = bask_delay(graph, filled, n, byte);
    EXPECT(unsigned, bask_delay(graph, total, node), 7000);
    bask_future *future = compute(node);
    bask_span span;
    bask_check(bask_result(future, &span));
    expect(span.size == n, __LINE__);
    bask_future_free(future);
}

/* ---- objects ---- */

typedef struct series {
    size_t n;
    double *x;
} series;

static series *series_new(size_t n)
{
    series *s = BASK_CAST_(series *, malloc(sizeof *s));
    s->n = n;
    s->x = BASK_CAST_(double *, calloc(n, sizeof *s->x));
    return s;
}
static bask_status series_pack(const series *s, bask_packer *to)
{
    return bask_packer_put(to, s->x, s->n * sizeof *s->x);
}
static series *series_unpack(bask_unpacker *from)
{
    size_t bytes = bask_unpacker_left(from);
    series *s = series_new(bytes / sizeof(double));
    bask_unpacker_get(from, s->x, s->n * sizeof *s->x);
    return s;
}
static void series_free(series *s)
{
    free(s->x);
    free(s);
}
static void series_print(const series *s, FILE *to)
{
    fprintf(to, "%lu numbers", BASK_CAST_(unsigned long, s->n));
}
BASK_TYPE(series, series_pack, series_unpack, series_free, series_print);

typedef int number;
BASK_TYPE_VERSION(number, 2, NULL, NULL, free, NULL);

BASK_KERNEL(bask_buffer *, ramp, (size_t, n))
{
    series *s = series_new(n);
    for (size_t i = 0; i < n; i++)
        s->x[i] = BASK_CAST_(double, i);
    return bask_object_new(series, s, n * sizeof *s->x);
}
BASK_KERNEL(bask_buffer *, repacked, (bask_span, in))
{
    bask_buffer *packed, *value = NULL;
    if (bask_pack(in, &packed) == BASK_OK)
        bask_unpack(bask_buffer_span(packed), &value);
    bask_buffer_release(packed);
    return value;
}
BASK_KERNEL(double, last_of, (bask_span, in))
{
    const series *s = bask_object(in, series);
    return s ? s->x[s->n - 1] : -1;
}
BASK_KERNEL(bask_buffer *, doubled, (bask_span, in))
{
    bask_buffer *buffer = bask_take(in);
    series *s = bask_buffer_object(buffer, series);
    for (size_t i = 0; s && i < s->n; i++)
        s->x[i] *= 2;
    return buffer;
}
BASK_KERNEL(int, not_a_number, (bask_span, in))
{
    const number *n = bask_object(in, number);
    return n ? *n : -1;
}

static void objects(void)
{
    bask_delayed *node = bask_delay(graph, repacked, bask_delay(graph, ramp, 10));
    EXPECT(double, bask_delay(graph, last_of, bask_delay(graph, doubled, node)), 18);
    bask_future *future = compute(node);
    char text[20];
    bask_check(bask_future_text(future, text, sizeof text, NULL));
    expect(strcmp(text, "10 numbers") == 0, __LINE__);
    bask_future *wrong = bask_submit(client, not_a_number, future);
    int n;
    expect(bask_result(wrong, &n) == BASK_ETYPE, __LINE__);
    bask_future_free(wrong);
    bask_future_free(future);
}

/* ---- numbers of parameters ---- */

BASK_KERNEL(void, nothing)
{
}
BASK_KERNEL(void, nothing_of, (int, a), (double, b))
{
    (void)a;
    (void)b;
}
BASK_KERNEL(int, sum_0)
{
    return 100;
}
BASK_KERNEL(int, sum_1, (int, a))
{
    return a;
}
BASK_KERNEL(int, sum_2, (int, a), (int, b))
{
    return a + b;
}
BASK_KERNEL(int, sum_3, (int, a), (int, b), (int, c))
{
    return a + b + c;
}
BASK_KERNEL(int, sum_4, (int, a), (int, b), (int, c), (int, d))
{
    return a + b + c + d;
}
BASK_KERNEL(int, sum_5, (int, a), (int, b), (int, c), (int, d), (int, e))
{
    return a + b + c + d + e;
}
BASK_KERNEL(int, sum_6, (int, a), (int, b), (int, c), (int, d), (int, e), (int, f))
{
    return a + b + c + d + e + f;
}
BASK_KERNEL(int, sum_7, (int, a), (int, b), (int, c), (int, d), (int, e), (int, f), (int, g))
{
    return a + b + c + d + e + f + g;
}
BASK_KERNEL(int, sum_8, (int, a), (int, b), (int, c), (int, d), (int, e), (int, f), (int, g),
            (int, h))
{
    return a + b + c + d + e + f + g + h;
}

#define EXPECT_SUBMITTED(type, wanted, ...)                                                        \
    do {                                                                                           \
        type got_;                                                                                 \
        bask_future *future_ = bask_submit(client, __VA_ARGS__);                                   \
        bask_check(bask_result(future_, &got_));                                                   \
        expect(got_ == (wanted), __LINE__);                                                        \
        bask_future_free(future_);                                                                 \
    } while (0)

static void counts(void)
{
    bask_delayed *voids[] = {bask_delay(graph, nothing), bask_delay(graph, nothing_of, 1, 2.0)};
    bask_future *futures[2];
    bask_check(bask_compute_sync(client, voids, 2, futures));
    bask_future_free(futures[0]);
    bask_future_free(futures[1]);

    bask_delayed *d = bask_delay(graph, sum_0);
    EXPECT(int, d, 100);
    EXPECT(int, bask_delay(graph, sum_1, 1), 1);
    EXPECT(int, bask_delay(graph, sum_2, 1, d), 101);
    EXPECT(int, bask_delay(graph, sum_3, 1, d, 3), 104);
    EXPECT(int, bask_delay(graph, sum_4, 1, d, 3, 4), 108);
    EXPECT(int, bask_delay(graph, sum_5, 1, d, 3, 4, 5), 113);
    EXPECT(int, bask_delay(graph, sum_6, 1, d, 3, 4, 5, 6), 119);
    EXPECT(int, bask_delay(graph, sum_7, 1, d, 3, 4, 5, 6, 7), 126);
    EXPECT(int, bask_delay(graph, sum_8, 1, d, 3, 4, 5, 6, 7, 8), 134);

    bask_future *f = bask_submit(client, sum_0);
    EXPECT_SUBMITTED(int, 1, sum_1, 1);
    EXPECT_SUBMITTED(int, 101, sum_2, 1, f);
    EXPECT_SUBMITTED(int, 104, sum_3, 1, f, 3);
    EXPECT_SUBMITTED(int, 108, sum_4, 1, f, 3, 4);
    EXPECT_SUBMITTED(int, 113, sum_5, 1, f, 3, 4, 5);
    EXPECT_SUBMITTED(int, 119, sum_6, 1, f, 3, 4, 5, 6);
    EXPECT_SUBMITTED(int, 126, sum_7, 1, f, 3, 4, 5, 6, 7);
    EXPECT_SUBMITTED(int, 134, sum_8, 1, f, 3, 4, 5, 6, 7, 8);
    EXPECT(int, bask_delay(graph, sum_2, d, f), 200);
    bask_future_free(f);
}

/* ---- options of tasks ---- */

BASK_KERNEL(int, twice, (int, x))
{
    return 2 * x;
}
BASK_PURE(twice);

static void options(void)
{
    bask_task_options gentle;
    memset(&gentle, 0, sizeof gentle);
    gentle.size = sizeof gentle;
    gentle.name = "gentle";
    gentle.retries = 2;
    int got = 0;
    bask_future *none = bask_submit_with(client, NULL, sum_0),
                *f = bask_submit_with(client, &gentle, sum_2, none, 'a'),
                *pure = bask_submit(client, twice, 4),
                *same = bask_submit_with(client, &gentle, twice, 4);
    bask_check(bask_result(f, &got));
    expect(got == 100 + 'a' && strcmp(bask_future_name(f), "gentle") == 0, __LINE__);
    bask_check(bask_result(pure, &got));
    expect(got == 8 && pure == same, __LINE__);
    bask_delayed *node = bask_delay_pure(graph, sum_2, pure, bask_delay_pure(graph, sum_0));
    expect(node == bask_delay_pure(graph, sum_2, pure, bask_delay_pure(graph, sum_0)), __LINE__);
    EXPECT(int, node, 108);
    bask_future *mapped[2];
    const int letters[2] = {'b', 'c'};
    bask_check(bask_map_with(client, &gentle, sum_2, 2, mapped, none, bask_each(letters)));
    bask_check(bask_result(mapped[1], &got));
    expect(got == 100 + 'c' && strcmp(bask_future_name(mapped[1]), "gentle") == 0, __LINE__);
    bask_future_free(mapped[0]);
    bask_future_free(mapped[1]);
    bask_future_free(none);
    bask_future_free(f);
    bask_future_free(pure);
    bask_future_free(same);
}

/* ---- other ways to a kernel ---- */

BASK_KERNEL(double, scale, (double, x))
{
    return 2 * x;
}
BASK_KERNEL_OF(double, outside_area, (double, width), (double, height));
BASK_KERNEL_UNTYPED(double, any_sum)
{
    double sum = 0, x = 0;
    for (size_t i = 0; i < bask_task_argument_count(task); i++) {
        bask_status status = bask_task_double(task, i, &x);
        if (status != BASK_OK)
            return status;
        sum += x;
    }
    return bask_return(task, &sum);
}

static void others(void)
{
    expect(scale(3) == 6, __LINE__);
    EXPECT(double, bask_delay(graph, scale, 3), 6);
    EXPECT(double, outside_scale(graph, 3), 3000);
    EXPECT(double, bask_delay(graph, outside_area, 3, 4.5), 13.5);

    bask_future *future = bask_submit(client, scale, 50);
    bask_arg args[] = {bask_literal(1),      bask_literal(2u),
                       bask_literal(3L),     bask_literal(4uL),
                       bask_literal(5.0f),   bask_literal(6.5),
                       bask_literal(future), bask_literal(bask_delay(graph, scale, 500))};
    EXPECT(double, bask_delay_array(graph, &any_sum_kernel, args, 8), 1121.5);
    bask_future_free(future);
}

/* ---- many tasks in one call ---- */

/* Maps with ... as arguments; the last of three tasks must give WANTED. */
#define EXPECT_MAPPED(type, kernel, wanted, ...)                                                   \
    do {                                                                                           \
        bask_future *mapped_[3];                                                                   \
        type got_;                                                                                 \
        bask_check(bask_map(client, kernel, 3, mapped_, __VA_ARGS__));                             \
        bask_check(bask_result(mapped_[2], &got_));                                                \
        expect(got_ == (wanted), __LINE__);                                                        \
        for (int i_ = 0; i_ < 3; i_++)                                                             \
            bask_future_free(mapped_[i_]);                                                         \
    } while (0)

static void maps(void)
{
    int changing[3] = {1, 2, 3};
    const int constant[3] = {4, 5, 6};
    const int *rows = constant;
    const char *texts[3] = {"a", "b", "c"};
    const bool bools[3] = {false, false, true};
    point points[3] = {{1, 2}, {3, 4}, {5, 6}};
    const bask_span spans[3] = {{NULL, 0}, {"", 1}, {"\1\2", 2}};
    bask_future *futures[3];
    EXPECT_MAPPED(int, second_int, 3, 7, bask_each(changing));
    EXPECT_MAPPED(int, second_int, 6, bask_each(changing), bask_each(constant));
    EXPECT_MAPPED(int, second_int, 6, 1, bask_each(rows));
    EXPECT_MAPPED(int, second_int, 9, 'x', 9L);
    EXPECT_MAPPED(const char *, second_text, texts[2], texts[0], bask_each(texts));
    EXPECT_MAPPED(const char *, second_text, texts[1], bask_each(texts), texts[1]);
    EXPECT_MAPPED(bool, second_bool, true, false, bask_each(bools));
    EXPECT_MAPPED(double, abscissa, 5, bask_each(points));
    EXPECT_MAPPED(unsigned, total, 3, bask_each(spans));
    bask_check(bask_map(client, second_int, 3, futures, 0, bask_each(changing)));
    EXPECT_MAPPED(int, second_int, 3, futures[0], bask_each_future(futures));
    EXPECT_MAPPED(int, second_int, 1, bask_each_future(futures), futures[0]);
    for (int i = 0; i < 3; i++)
        bask_future_free(futures[i]);
    bask_check(bask_map(client, sum_0, 0, futures));
}

/* ---- fork and join ---- */

static int nothings;
BASK_KERNEL(void, count_nothing)
{
    nothings++;
}
BASK_KERNEL(int, spawn_sum, (int, n))
{
    if (n < 2)
        return n;
    bask_spawn(first, spawn_sum, n / 2);
    bask_spawn(area, outside_area, n, 0.0);
    point p = {1, 0};
    p.y = n;
    bask_spawn(turned, mirrored, p);
    int second = bask_call(spawn_sum, n - n / 2);
    expect(bask_sync(turned).x > 1, __LINE__);
    expect(bask_sync(area) < 0.5, __LINE__);
    return bask_sync(first) + second;
}

static void spawns(void)
{
    int sum = 0;
    bask_check(bask_invoke(client, &sum, spawn_sum, 100));
    expect(sum == 100, __LINE__);
    nothings = 0;
    bask_check(bask_invoke(client, NULL, count_nothing));
    bask_spawn(one, count_nothing);
    bask_sync(one);
    bask_call(count_nothing);
    expect(nothings == 3, __LINE__);
    bask_spawned(spawn_sum) calls[3];
    for (int i = 0; i < 3; i++)
        bask_spawn_at(&calls[i], spawn_sum, i + 1);
    for (int i = 2; i >= 0; i--)
        expect(bask_sync_at(&calls[i], spawn_sum) == i + 1, __LINE__);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        bask_check(bask_open(argv[i], &client));
        graph = bask_graph_new(client);
        types();
        objects();
        structs();
        buffers();
        counts();
        options();
        others();
        maps();
        spawns();
        bask_graph_free(graph);
        bask_close(client);
    }
}

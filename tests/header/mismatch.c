/* SPDX-License-Identifier: Apache-2.0 */
/* What no compiler can see: the type behind a delayed or a future, and arrays of arguments. */
#include <bask.h>

BASK_KERNEL(double, scale, (double, x), (double, factor))
{
    return x * factor;
}
BASK_KERNEL(int, twice, (int, n))
{
    return 2 * n;
}
BASK_KERNEL(unsigned, size, (bask_span, bytes))
{
    return (unsigned)bytes.size;
}

/* HOLDS, and the last error names each of the words up to NULL. */
static void expect(bool holds, int line, const char *const *words)
{
    const char *said = bask_last_error();
    for (; *words; words++)
        holds = holds && strstr(said, *words);
    if (!holds) {
        fprintf(stderr, "%s:%d: the message is \"%s\"\n", __FILE__, line, said);
        exit(EXIT_FAILURE);
    }
}
#define EXPECT(holds, ...)                                                                         \
    do {                                                                                           \
        const char *const words[] = {__VA_ARGS__, NULL};                                           \
        expect(holds, __LINE__, words);                                                            \
    } while (0)

static void arguments(bask_client *client)
{
    bask_graph *graph = bask_graph_new(client);
    bask_delayed *number = bask_delay(graph, twice, 21);
    bask_future *future = bask_submit(client, twice, 21);
    EXPECT(!bask_delay(graph, scale, 1.5, number), "argument 2", "factor", "scale", "double",
           "twice", "int");
    EXPECT(!bask_delay(graph, scale, future, 1.5), "argument 1", "x", "scale", "double", "twice",
           "int");
    EXPECT(!bask_submit(client, scale, future, 1.5), "argument 1", "scale", "double", "twice",
           "int");
    EXPECT(!bask_delay(graph, size, number), "bytes", "size", "bask_span", "twice", "int");
    bask_arg delayed = bask_arg_delayed(number);
    EXPECT(!bask_submit_array(client, &twice_kernel, &delayed, 1), "argument 1", "twice",
           "delayed");

    bask_future *none;
    EXPECT(bask_compute(client, &number, 1, &none) == BASK_ETYPE, "factor", "scale");
    bask_future_free(future);
    bask_graph_free(graph);
}

static void arrays(bask_client *client)
{
    bask_graph *graph = bask_graph_new(client);
    bask_arg args[] = {bask_literal(1.5), bask_literal(2.5)};
    EXPECT(!bask_delay_array(graph, &scale_kernel, args, 1), "scale", "2", "1");
    EXPECT(!bask_delay_array(graph, &twice_kernel, args, 1), "argument 1", "twice", "int",
           "float64");
    bask_graph_free(graph);
}

static void results(bask_client *client)
{
    bask_future *future = bask_submit(client, twice, 21);
    double number = 0;
    bask_span span;
    EXPECT(bask_result(future, &number) == BASK_ETYPE, "twice", "int", "float64");
    EXPECT(bask_result(future, &span) == BASK_ETYPE, "twice", "int", "span");
    int value = 0;
    EXPECT(bask_result(future, &value) == BASK_OK && value == 42, "");
    bask_future_free(future);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        bask_client *client;
        bask_check(bask_open(argv[i], &client));
        arguments(client);
        arrays(client);
        results(client);
        bask_close(client);
    }
}

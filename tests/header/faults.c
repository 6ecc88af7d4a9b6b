/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiles as it stands. Each macro below adds one fault, which then must not compile: `error`
 * everywhere, `warning` with -Werror only. The compiler's words must match all that the rest of the
 * line asks for.
 */
#include <bask.h>

typedef struct point {
    double x, y;
} point;
typedef struct matrix {
    double of[2][2];
} matrix;

double area(double width, double height);
matrix turn(double angle);

BASK_KERNEL(double, one)
{
    return 1;
}
BASK_KERNEL(double, scale, (double, x), (double, factor))
{
    return x * factor;
}
BASK_KERNEL(int, twice, (int, n))
{
    return 2 * n;
}
BASK_KERNEL(bool, negate, (bool, x))
{
    return !x;
}
BASK_KERNEL(double, norm, (point, p))
{
    return p.x + p.y;
}
BASK_KERNEL(double, total, (bask_span, numbers))
{
    return (double)numbers.size;
}
BASK_KERNEL_OF(double, area, (double, width), (double, height));

typedef struct curve {
    double *x;
} curve;
static void curve_free(curve *c)
{
    free(c->x);
}
BASK_TYPE(curve, NULL, NULL, curve_free, NULL);

#ifdef FREE_OF_ANOTHER_TYPE /* warning: point and line */
typedef struct line {
    int x;
} line;
static void line_free(point *p)
{
    p->x = 0;
}
BASK_TYPE(line, NULL, NULL, line_free, NULL);
#endif
#ifdef RESULT_OF_MORE_THAN_16_BYTES /* error: a result of more than 16 bytes must be a bask_buffer */
BASK_KERNEL(matrix, identity)
{
    matrix m = {{{1, 0}, {0, 1}}};
    return m;
}
#endif
#ifdef PARAMETER_OF_MORE_THAN_16_BYTES /* error: a parameter of more than 16 bytes must be a bask_span */
BASK_KERNEL(double, trace, (matrix, m))
{
    return m.of[0][0] + m.of[1][1];
}
#endif
#ifdef NINE_PARAMETERS /* error: at_most_8 */
BASK_KERNEL(int, nine, (int, a), (int, b), (int, c), (int, d), (int, e), (int, f), (int, g),
            (int, h), (int, i))
{
    return a + b + c + d + e + f + g + h + i;
}
#endif
#ifdef STRING_RETURNED_AS_A_DOUBLE /* error: char */
BASK_KERNEL(double, text)
{
    return "text";
}
#endif
#ifdef WRAPPED_WITH_ANOTHER_NUMBER_OF_PARAMETERS /* error: too many arguments|no matching function */
double square(double x);
BASK_KERNEL_OF(double, square, (double, x), (double, y));
#endif
#ifdef WRAPPED_WITH_ANOTHER_RESULT /* error: double and matrix */
BASK_KERNEL_OF(double, turn, (double, angle));
#endif

int main(void)
{
    bask_client *client;
    bask_check(bask_open(NULL, &client));
    bask_graph *graph = bask_graph_new(client);
    point p = {3, 4};
    double x;
    bask_delayed *node = bask_delay(graph, scale, bask_delay(graph, one), 2.0);
    node = bask_delay(graph, norm, p);
    node = bask_delay(graph, twice, 2);
    node = bask_delay(graph, negate, 2 > 1);
    bask_future *future = bask_submit(client, scale, bask_submit(client, one), 2.0);
    bask_check(bask_result(future, &x));
    const double numbers[2] = {1, 2};
    bask_future *futures[2];
    bask_check(bask_map(client, scale, 2, futures, bask_each(numbers), 2));
    bask_future_free(futures[0]);
    bask_future_free(futures[1]);

#ifdef TOO_FEW_ARGUMENTS /* error: too few arguments|requires 3 arguments */
    node = bask_delay(graph, scale, 1.0);
#endif
#ifdef NO_ARGUMENTS /* error: too few arguments|requires 3 arguments */
    node = bask_delay(graph, scale);
#endif
#ifdef TOO_MANY_ARGUMENTS /* error: too many arguments|scale_\w+_2 */
    node = bask_delay(graph, scale, 1.0, 2.0, 3.0);
#endif
#ifdef ARGUMENT_OF_A_KERNEL_WITHOUT_PARAMETERS /* error: too many arguments|one_\w+_0 */
    node = bask_delay(graph, one, 1.0);
#endif
#ifdef NINE_ARGUMENTS /* error: at_most_8 */
    node = bask_delay(graph, scale, 1, 2, 3, 4, 5, 6, 7, 8, 9);
#endif
#ifdef TOO_FEW_ARGUMENTS_SUBMITTED /* error: too few arguments|requires 3 arguments */
    future = bask_submit(client, scale, 1.0);
#endif
#ifdef TOO_MANY_ARGUMENTS_SUBMITTED /* error: too many arguments|scale_\w+_2 */
    future = bask_submit(client, scale, 1.0, 2.0, 3.0);
#endif
#ifdef TOO_FEW_ARGUMENTS_MAPPED /* error: too few arguments|requires 6 arguments */
    bask_check(bask_map(client, scale, 2, futures, bask_each(numbers)));
#endif
#ifdef TOO_MANY_ARGUMENTS_MAPPED /* error: too many arguments|scale_\w+_2 */
    bask_check(bask_map(client, scale, 2, futures, 1, 2, 3));
#endif
#ifdef EACH_OF_ANOTHER_TYPE /* error: negative|array of the parameter's type */
    bask_check(bask_map(client, twice, 2, futures, bask_each(numbers)));
#endif
#ifdef EACH_OF_ANOTHER_TYPE_FOR_A_BOOL /* error: negative|array of the parameter's type */
    bask_check(bask_map(client, negate, 2, futures, bask_each(numbers)));
#endif
#ifdef EACH_OF_ANOTHER_TYPE_FOR_A_STRUCT /* error: point|array of the parameter's type */
    bask_check(bask_map(client, norm, 2, futures, bask_each(numbers)));
#endif
#ifdef EACH_FORGOTTEN /* error: negative|cannot be converted */
    bask_check(bask_map(client, scale, 2, futures, numbers, 2));
#endif
#ifdef EACH_FUTURE_FORGOTTEN /* error: negative|cannot be converted */
    bask_check(bask_map(client, negate, 2, futures, futures));
#endif
#ifdef STRING_FOR_A_DOUBLE_MAPPED /* error: negative|cannot be converted */
    bask_check(bask_map(client, scale, 2, futures, "one", 2));
#endif
#ifdef DELAYED_MAPPED /* warning: bask_delayed|deleted */
    bask_check(bask_map(client, twice, 2, futures, node));
#endif
#ifdef STRING_FOR_A_DOUBLE /* error: double and char */
    node = bask_delay(graph, scale, "one", 2.0);
#endif
#ifdef STRING_FOR_A_DOUBLE_SUBMITTED /* error: double and char */
    future = bask_submit(client, scale, "one", 2.0);
#endif
#ifdef STRING_FOR_AN_INT /* warning: int and char */
    node = bask_delay(graph, twice, "one");
#endif
#ifdef INDEX_FORGOTTEN /* warning: bask_delayed|argument cannot be converted */
    node = bask_delay(graph, negate, &node);
#endif
#ifdef DELAYED_SUBMITTED /* warning: bask_delayed|deleted */
    future = bask_submit(client, twice, node);
#endif
#ifdef STRUCT_FOR_A_DOUBLE /* error: double and point */
    node = bask_delay(graph, scale, p, 2.0);
#endif
#ifdef POINTER_FOR_A_DOUBLE /* error: double and bask_client */
    node = bask_delay(graph, scale, client, 2.0);
#endif
#ifdef DOUBLE_FOR_A_STRUCT /* error: point and double */
    node = bask_delay(graph, norm, 2.0);
#endif
#ifdef DOUBLE_FOR_A_SPAN /* error: bask_span and double */
    node = bask_delay(graph, total, 2.0);
#endif
#ifdef CLIENT_FOR_A_GRAPH /* warning: bask_graph and bask_client */
    node = bask_delay(client, scale, 1.0, 2.0);
#endif
#ifdef FUNCTION_THAT_IS_NO_KERNEL /* error: turn_ */
    node = bask_delay(graph, turn, 1.0);
#endif
#ifdef RESULT_INTO_A_VALUE /* error: double */
    bask_check(bask_result(future, x));
#endif
#ifdef STATUS_OF_COMPUTE_IGNORED /* warning: warn_unused_result */
    bask_compute(client, &node, 1, &future);
#endif
#ifdef STATUS_OF_RESULT_IGNORED /* warning: warn_unused_result */
    bask_result(future, &x);
#endif
#ifdef MESSAGE_WITH_ANOTHER_FORMAT /* warning: format */
    bask_fail(BASK_EKERNEL, "%s", 1);
#endif
    bask_span span = {NULL, 0};
    const curve *seen = bask_object(span, curve);
#ifdef OBJECT_OF_ANOTHER_TYPE /* warning: point and curve */
    bask_buffer_release(bask_object_new(curve, &p, sizeof p));
#endif
#ifdef OBJECT_SEEN_AS_ANOTHER_TYPE /* warning: point and curve */
    const point *other = bask_object(span, curve);
    (void)other;
#endif
#ifdef OBJECT_OF_A_TYPE_WITHOUT_A_DESCRIPTION /* warning: point_object */
    (void)bask_object(span, point);
#endif
    (void)seen;
    bask_future_free(future);
    (void)node;
    bask_graph_free(graph);
    bask_close(client);
}

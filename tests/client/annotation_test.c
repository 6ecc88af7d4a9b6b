/* SPDX-License-Identifier: Apache-2.0 */
/* Names and annotations: of tasks and computes, in kernels and beside them. */
#include "support/clusters.h"
#include <bask/task.h>

static char seen[3][64];

static void look(int place, const char *key)
{
    const char *value = bask_task_annotation(key);
    snprintf(seen[place], sizeof seen[place], "%s", value ? value : "(none)");
}
BASK_KERNEL(int64_t, part, (int64_t, x))
{
    look(2, "model");
    return x;
}
BASK_KERNEL(int64_t, looks, (int64_t, x))
{
    look(0, "model");
    look(1, "step");
    bask_spawn(child, part, x);
    return bask_sync(child);
}
BASK_KERNEL(int64_t, fails, (int64_t, x))
{
    bask_fail(BASK_EIO, "number %ld", (long)x);
    return x;
}
BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}

static void assert_seen(const char *model, const char *step)
{
    cr_assert_str_eq(seen[0], model);
    cr_assert_str_eq(seen[1], step);
    cr_assert_str_eq(seen[2], model, "a part of the task");
}
static void finish(bask_future *f)
{
    int64_t x = -1;
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    bask_future_free(f);
}

static void annotations(bask_client *c)
{
    char text[] = "model=linear;step=;steps=3";
    bask_task_options o = {.size = sizeof o, .annotations = text};
    bask_future *f = bask_submit_with(c, &o, looks, 1);
    memset(text, 'x', sizeof text - 1); /* copied */
    cr_assert_str_eq(bask_future_annotation(f, "model"), "linear");
    cr_assert_str_eq(bask_future_annotation(f, "steps"), "3");
    cr_assert_null(bask_future_annotation(f, "mode"));
    cr_assert_null(bask_future_annotation(f, "linear"));
    cr_assert_null(bask_future_annotation(f, NULL));
    finish(f);
    assert_seen("linear", "");
    f = bask_submit(c, looks, 1);
    cr_assert_null(bask_future_annotation(f, "model"));
    finish(f);
    assert_seen("(none)", "(none)");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, inc, bask_delay(g, looks, 1));
    bask_compute_options all = {.size = sizeof all, .annotations = "step=2;model=a=b"};
    cr_assert_eq(bask_compute_with(c, &d, 1, &f, &all), BASK_OK);
    cr_assert_str_eq(bask_future_annotation(f, "step"), "2");
    finish(f);
    assert_seen("a=b", "2");
    cr_assert_eq(bask_compute(c, &d, 1, &f), BASK_OK);
    cr_assert_null(bask_future_annotation(f, "step"));
    finish(f);
    assert_seen("(none)", "(none)");
    bask_graph_free(g);
    cr_assert_null(bask_task_annotation("model"), "no task");
    cr_assert_null(bask_future_annotation(NULL, "model"));
}
Test(annotation, of_tasks_and_computes)
{
    each_cluster(annotations);
}

static void refused(bask_client *c, const char *text)
{
    bask_task_options o = {.size = sizeof o, .annotations = text};
    cr_assert_null(bask_submit_with(c, &o, inc, 1));
    cr_assert(strstr(bask_last_error(), "no key=value"), "%s", bask_last_error());
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, inc, 1);
    bask_compute_options all = {.size = sizeof all, .annotations = text};
    bask_future *f;
    cr_assert_eq(bask_compute_with(c, &d, 1, &f, &all), BASK_EINVAL);
    cr_assert(strstr(bask_last_error(), "no key=value"), "%s", bask_last_error());
    cr_assert_null(f);
    bask_graph_free(g);
}
Test(annotation, misuse)
{
    bask_client *c = open_client("sync://");
    refused(c, "model");
    refused(c, "=a");
    refused(c, "a=b;;c=d");
    refused(c, "a=b;c");
    bask_close(c);
}

static void names(bask_client *c)
{
    char name[] = "the first";
    bask_task_options o = {.size = sizeof o, .name = name};
    bask_future *f = bask_submit_with(c, &o, fails, 7), *after = bask_submit(c, inc, f), *cancelled;
    memset(name, 'x', sizeof name - 1);
    cr_assert_str_eq(bask_future_name(f), "the first");
    cr_assert_eq(bask_wait(&after, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    cr_assert_eq(bask_future_status(f), BASK_EIO);
    cr_assert_str_eq(bask_future_error(f), "the first failed: number 7");
    cr_assert_str_eq(bask_future_name(after), "inc");
    bask_future_free(f);
    bask_future *last = bask_submit(c, inc, after);
    bask_future_free(after);
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, inc, last);
    bask_future *computed;
    cr_assert_eq(bask_compute(c, &d, 1, &computed), BASK_OK);
    cr_assert_eq(bask_wait((bask_future *[]){last, computed}, 2, BASK_ALL, BASK_FOREVER, NULL),
                 BASK_OK);
    cr_assert_str_eq(bask_future_error(last), "upstream task the first failed: number 7");
    bask_future_free(last);
    bask_graph_free(g);
    cr_assert_str_eq(bask_future_error(computed), "upstream task the first failed: number 7");
    bask_future_free(computed);
    o.name = "unwanted";
    f = bask_submit_with(c, &o, fails, 7);
    cancelled = bask_submit_with(c, &o, inc, f);
    bask_cancel(cancelled);
    cr_assert(strstr(bask_future_error(cancelled), "unwanted") || bask_client_address(c)[0] == 's');
    bask_future_free(f);
    bask_future_free(cancelled);
}
Test(annotation, names_are_what_errors_say)
{
    each_cluster(names);
}

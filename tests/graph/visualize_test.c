/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of graphs: the text, what Graphviz makes of it, and what happens without Graphviz. */
#include "support/clusters.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

BASK_KERNEL(int64_t, leaf, (int64_t, x))
{
    return x;
}
BASK_KERNEL(int64_t, five, (int64_t, a), (int64_t, b), (int64_t, c), (int64_t, d), (int64_t, e))
{
    return a + b + c + d + e;
}

BASK_KERNEL(int64_t, one, (int64_t, a))
{
    return a;
}
BASK_KERNEL(int64_t, two, (int64_t, a), (int64_t, b))
{
    return a + b;
}
BASK_KERNEL(int64_t, three, (int64_t, a), (int64_t, b), (int64_t, c))
{
    return a + b + c;
}
BASK_KERNEL(int64_t, unwanted, (int64_t, a))
{
    return a;
}

/* A client with a graph, and a directory for the pictures. */
typedef struct studio {
    bask_client *client;
    bask_graph *graph;
    char directory[32];
    char path[64];
    char text[4096]; /* of the file that was read last */
} studio;

static studio studio_new(void)
{
    studio s = {.client = open_client("threads://2"), .directory = "/tmp/bask-picture-XXXXXX"};
    s.graph = bask_graph_new(s.client);
    cr_assert_not_null(mkdtemp(s.directory));
    return s;
}

static void studio_free(studio *s)
{
    cr_assert_eq(rmdir(s->directory), 0, "a file was left over in %s", s->directory);
    bask_graph_free(s->graph);
    bask_close(s->client);
}

static const char *place(studio *s, const char *name)
{
    snprintf(s->path, sizeof s->path, "%s/%s", s->directory, name);
    return s->path;
}

/* Reads the file NAME, the beginning of it if it is long, and takes it away. */
static const char *take_file(studio *s, const char *name)
{
    FILE *f = fopen(place(s, name), "r");
    cr_assert_not_null(f, "there is no %s", s->path);
    s->text[fread(s->text, 1, sizeof s->text - 1, f)] = '\0';
    fclose(f);
    unlink(s->path);
    return s->text;
}

static bool has_dot(void)
{
    return system("dot -V 2>/dev/null") == 0;
}

Test(visualize, text_names_nodes_and_edges)
{
    studio s = studio_new();
    bask_delayed *l = bask_delay(s.graph, leaf, 10);
    bask_delayed *d = bask_delay(s.graph, five, 1, l, 1, l, l);
    (void)bask_delay(s.graph, leaf, 11); /* is not needed, so it is not drawn */
    cr_assert_eq(bask_visualize(&d, 1, place(&s, "graph.gv")), BASK_OK, "%s", bask_last_error());
    const char *text = take_file(&s, "graph.gv");
    cr_assert_eq(strncmp(text, "digraph", 7), 0, "%s", text);
    int nodes = 0, edges = 0;
    for (const char *at = text; (at = strstr(at, "label=")); at++)
        nodes++;
    for (const char *at = text; (at = strstr(at, "->")); at++)
        edges++;
    cr_assert_eq(nodes, 2, "%s", text);
    cr_assert_eq(edges, 3, "%s", text);
    cr_assert(strstr(text, "label=\"five\", peripheries=2"), "%s", text);
    studio_free(&s);
}

/* A kernel like leaf, with a name that no identifier can have. */
static bask_kernel named(const char *name)
{
    bask_kernel k = leaf_kernel;
    k.name = name;
    return k;
}

Test(visualize, names_are_quoted)
{
    studio s = studio_new();
    bask_kernel odd = named("say \"hi\" \\N\n\\");
    bask_arg one = bask_literal(1);
    bask_delayed *d = bask_delay_array(s.graph, &odd, &one, 1);
    d = bask_delay(s.graph, leaf, d);
    for (int large = 0; large < 2; large++) {
        cr_assert_eq(bask_visualize(&d, 1, place(&s, "graph.dot")), BASK_OK);
        const char *text = take_file(&s, "graph.dot");
        cr_assert(strstr(text, "label=\"say \\\"hi\\\" \\\\N\\n\\\\"), "%s", text);
        if (has_dot()) {
            cr_assert_eq(bask_visualize(&d, 1, place(&s, "graph.svg")), BASK_OK, "%s",
                         bask_last_error());
            take_file(&s, "graph.svg");
        }
        for (int i = 0; i < 600; i++)
            d = bask_delay(s.graph, leaf, d);
    }
    studio_free(&s);
}

Test(visualize, namesakes_are_told_apart)
{
    studio s = studio_new();
    bask_kernel namesake = named("leaf");
    bask_delayed *d = bask_delay(s.graph, leaf, 0);
    for (int i = 0; i < 600; i++) {
        bask_arg arg = bask_arg_delayed(d);
        d = bask_delay_array(s.graph, i % 3 ? &namesake : &leaf_kernel, &arg, 1);
    }
    cr_assert_eq(bask_visualize(&d, 1, place(&s, "graph.dot")), BASK_OK);
    const char *text = take_file(&s, "graph.dot");
    cr_assert(strstr(text, "leaf\\n201 nodes") && strstr(text, "leaf\\n400 nodes"), "%s", text);
    cr_assert_null(strstr(text, "\"leaf\" ->"), "%s", text);
    studio_free(&s);
}

Test(visualize, futures_are_drawn)
{
    studio s = studio_new();
    bask_future *f = bask_submit(s.client, leaf, 1);
    bask_delayed *d = bask_delay(s.graph, leaf, f);
    cr_assert_eq(bask_visualize(&d, 1, place(&s, "graph.dot")), BASK_OK, "%s", bask_last_error());
    cr_assert(strstr(take_file(&s, "graph.dot"), "ellipse"));
    bask_future_free(f);
    studio_free(&s);
}

Test(visualize, large_graphs_are_summarised)
{
    studio s = studio_new();
    bask_delayed *d = bask_delay(s.graph, leaf, 0);
    for (int i = 0; i < 200; i++)
        d = bask_delay(s.graph, five, d, d, bask_delay(s.graph, leaf, i), 1,
                       bask_delay(s.graph, leaf, i));
    cr_assert_eq(bask_visualize(&d, 1, place(&s, "graph.dot")), BASK_OK, "%s", bask_last_error());
    const char *text = take_file(&s, "graph.dot");
    cr_assert(strstr(text, "five\\n200 nodes"), "%s", text);
    cr_assert(strstr(text, "leaf\\n401 nodes"), "%s", text);
    cr_assert(strstr(text, "label=\"398\""), "five depends on five: %s", text);
    cr_assert(strstr(text, "label=\"402\""), "five depends on leaf: %s", text);
    studio_free(&s);
}

Test(visualize, pictures_where_graphviz_is)
{
    if (!has_dot())
        cr_skip_test("Graphviz is not installed");
    studio s = studio_new();
    bask_delayed *d = bask_delay(s.graph, leaf, bask_delay(s.graph, leaf, 1));
    cr_assert_eq(bask_visualize(&d, 1, place(&s, "graph.svg")), BASK_OK, "%s", bask_last_error());
    cr_assert(strstr(take_file(&s, "graph.svg"), "<svg"));
    studio_free(&s); /* the text is gone: the directory is empty */
}

Test(visualize, text_where_graphviz_is_not)
{
    studio s = studio_new();
    bask_delayed *d = bask_delay(s.graph, leaf, 1);
    setenv("PATH", s.directory, 1);
    cr_assert_eq(bask_visualize(&d, 1, place(&s, "graph.svg")), BASK_EUNSUPPORTED);
    cr_assert(strstr(bask_last_error(), "graph.svg.dot"), "%s", bask_last_error());
    cr_assert(strstr(take_file(&s, "graph.svg.dot"), "label=\"leaf\""));
    studio_free(&s);
}

/* A program named `dot`, first in the PATH. */
static void install_dot(studio *s, const char *commands)
{
    FILE *f = fopen(place(s, "dot"), "w");
    cr_assert(f && fprintf(f, "#!/bin/sh\n%s\n", commands) > 0 && fclose(f) == 0);
    cr_assert_eq(chmod(s->path, 0700), 0);
    setenv("PATH", s->directory, 1);
}

Test(visualize, a_picture_that_graphviz_cannot_make)
{
    static const char *const commands[] = {"exit 3", "kill -9 $$"};
    for (int i = 0; i < 2; i++) {
        studio s = studio_new();
        bask_delayed *d = bask_delay(s.graph, leaf, 1);
        install_dot(&s, commands[i]);
        cr_assert_eq(bask_visualize(&d, 1, place(&s, "graph.svg")), BASK_EIO);
        cr_assert(strstr(bask_last_error(), i ? "(exit status 1)" : "(exit status 3)"), "%s",
                  bask_last_error());
        cr_assert(strstr(take_file(&s, "graph.svg.dot"), "label=\"leaf\""));
        unlink(place(&s, "dot"));
        studio_free(&s);
    }
}

Test(visualize, a_full_disk)
{
    studio s = studio_new();
    bask_delayed *d = bask_delay(s.graph, leaf, 1);
    cr_assert_eq(symlink("/dev/full", place(&s, "graph.dot")), 0);
    cr_assert_eq(bask_visualize(&d, 1, s.path), BASK_EIO);
    cr_assert(strstr(bask_last_error(), "graph.dot cannot be written"), "%s", bask_last_error());
    unlink(s.path);
    cr_assert_eq(symlink("/dev/full", place(&s, "graph.svg.dot")), 0);
    cr_assert_eq(bask_visualize(&d, 1, place(&s, "graph.svg")), BASK_EIO);
    unlink(place(&s, "graph.svg.dot"));
    studio_free(&s);
}

/* Four kernels, each of which depends on each: more pairs than there is room for at first. */
Test(visualize, a_summary_of_what_outputs_need)
{
    studio s = studio_new();
    bask_delayed *before = bask_delay(s.graph, leaf, 1), *d = before;
    for (int i = 0; i < 600; i++) {
        bask_delayed *next = i / 4 % 4 == i % 4 ? bask_delay(s.graph, one, before)
                             : i % 3 == 0       ? bask_delay(s.graph, two, before, d)
                             : i % 3 == 1       ? bask_delay(s.graph, three, before, d, 1)
                                                : bask_delay(s.graph, five, before, d, 1, 2, d);
        (void)bask_delay(s.graph, unwanted, next);
        d = before;
        before = next;
    }
    cr_assert_eq(bask_visualize(&before, 1, place(&s, "graph.dot")), BASK_OK, "%s",
                 bask_last_error());
    const char *text = take_file(&s, "graph.dot");
    cr_assert(strstr(text, "label=\"leaf\\n1 nodes\""), "%s", text);
    cr_assert(!strstr(text, "unwanted"), "%s", text);
    studio_free(&s);
}

Test(visualize, misuse)
{
    studio s = studio_new();
    bask_graph *other = bask_graph_new(s.client);
    bask_delayed *d[] = {bask_delay(s.graph, leaf, 1), bask_delay(other, leaf, 1)}, *none = NULL;
    cr_assert_eq(bask_visualize(d, 1, place(&s, "graph.txt")), BASK_EINVAL);
    cr_assert(strstr(bask_last_error(), "graph.txt"));
    cr_assert_eq(bask_visualize(d, 1, place(&s, "graph")), BASK_EINVAL);
    cr_assert_eq(bask_visualize(d, 1, place(&s, "nowhere/graph.dot")), BASK_EIO);
    cr_assert(strstr(bask_last_error(), "nowhere/graph.dot"));
    cr_assert_eq(bask_visualize(d, 1, NULL), BASK_EINVAL);
    cr_assert_eq(bask_visualize(d, 0, place(&s, "graph.dot")), BASK_EINVAL);
    cr_assert_eq(bask_visualize(NULL, 1, s.path), BASK_EINVAL);
    cr_assert_eq(bask_visualize(&none, 1, s.path), BASK_EINVAL);
    cr_assert_eq(bask_visualize(d, 2, s.path), BASK_EINVAL);
    bask_graph_free(other);
    studio_free(&s);
}

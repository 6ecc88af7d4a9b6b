/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of graphs: DOT text, and what Graphviz makes of it. */
#include "base/status.h"
#include "graph/plan.h"
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { VISUALIZE_NODES = 500 }; /* larger graphs are drawn by kernel */

extern char **environ;

/* As it stands within the quotes of a label. */
static void write_name(FILE *f, const char *name)
{
    for (; *name; name++) {
        if (*name == '"' || *name == '\\')
            putc('\\', f);
        if (*name == '\n')
            fputs("\\n", f);
        else
            putc(*name, f);
    }
}

static void write_nodes(FILE *f, plan *p)
{
    plan_mark_outputs(p);
    for (ref r = plan_first(p); r < p->end; r = plan_after(p, r)) {
        const state *s = plan_state(p, r);
        if (!p->all && !(s->mark & MARK_WANTED))
            continue;
        const node *n = plan_node(p, r);
        fprintf(f, "  n%u [label=\"", r);
        write_name(f, n->kernel->name);
        fprintf(f, "\"%s];\n", s->mark & MARK_OUTPUT ? ", peripheries=2" : "");
        for (uint32_t i = 0; i < node_nargs(n); i++) {
            if (node_kind(n, i) == ARG_DEP)
                fprintf(f, "  n%u -> n%u;\n", node_arg(n, i)->dep.from, r);
            if (node_kind(n, i) != ARG_PROMISE)
                continue;
            fprintf(f, "  f%u_%u [label=\"", r, i);
            write_name(f, node_arg(n, i)->promise->kernel->name);
            fprintf(f, "\", shape=ellipse];\n  f%u_%u -> n%u;\n", r, i, r);
        }
    }
}

/* Counts of nodes by kernel, and of edges by pair of kernels. */
typedef struct tally {
    const bask_kernel *from, *to; /* from NULL: a count of nodes */
    size_t count;
} tally;

typedef struct tallies {
    tally *list;
    size_t n, capacity;
} tallies;

static bool count(tallies *t, const bask_kernel *from, const bask_kernel *to)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->list[i].from == from && t->list[i].to == to) {
            t->list[i].count++;
            return true;
        }
    if (t->n == t->capacity) {
        size_t more = t->capacity ? t->capacity * 2 : 16;
        tally *list = realloc(t->list, more * sizeof *list);
        if (!list)
            return false;
        t->list = list;
        t->capacity = more;
    }
    t->list[t->n++] = (tally){from, to, 1};
    return true;
}

/* The position of the count of K's nodes, by which the picture knows K: names may be shared. */
static size_t number_of(const tallies *t, const bask_kernel *k)
{
    size_t i = 0;
    while (t->list[i].from || t->list[i].to != k)
        i++;
    return i;
}

static bool write_summary(FILE *f, plan *p)
{
    tallies t = {0};
    bool ok = true;
    for (ref r = plan_first(p); ok && r < p->end; r = plan_after(p, r)) {
        if (!p->all && !(plan_state(p, r)->mark & MARK_WANTED))
            continue;
        const node *n = plan_node(p, r);
        ok = count(&t, NULL, n->kernel);
        for (uint32_t i = 0; ok && i < node_nargs(n); i++)
            if (node_kind(n, i) == ARG_DEP)
                ok = count(&t, plan_node(p, node_arg(n, i)->dep.from)->kernel, n->kernel);
    }
    for (size_t i = 0; ok && i < t.n; i++) {
        const tally *at = &t.list[i];
        if (at->from) {
            fprintf(f, "  k%zu -> k%zu [label=\"%zu\"];\n", number_of(&t, at->from),
                    number_of(&t, at->to), at->count);
            continue;
        }
        fprintf(f, "  k%zu [label=\"", i);
        write_name(f, at->to->name);
        fprintf(f, "\\n%zu nodes\"];\n", at->count);
    }
    free(t.list);
    return ok;
}

static bask_status write_dot(plan *p, const char *path)
{
    FILE *f = fopen(path, "we");
    if (!f)
        return status_set(BASK_EIO, "%s cannot be written: %s", path, strerror(errno));
    bool ok = true;
    fprintf(f, "digraph bask {\n  rankdir=BT;\n  node [shape=box, fontname=\"sans-serif\"];\n");
    if (p->wanted <= VISUALIZE_NODES)
        write_nodes(f, p);
    else
        ok = write_summary(f, p);
    fprintf(f, "}\n");
    bool written = !ferror(f);
    if (fclose(f) != 0 || !written)
        return status_set(BASK_EIO, "%s cannot be written: %s", path, strerror(errno));
    return ok ? BASK_OK : status_set(BASK_ENOMEM, "no memory to summarise the graph");
}

/* Runs `dot` and stores its exit status; why that cannot be done, 0 if it has been. */
static int run_dot(const char *format, const char *from, const char *to, int *code)
{
    char option[16];
    snprintf(option, sizeof option, "-T%s", format);
    char *argv[] = {"dot", option, "-o", (char *)to, (char *)from, NULL};
    pid_t pid;
    int status, error = posix_spawnp(&pid, "dot", NULL, NULL, argv, environ);
    if (error)
        return error;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return errno;
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    return 0;
}

static bask_status draw(plan *p, const char *path, const char *format)
{
    if (strcmp(format, "dot") == 0 || strcmp(format, "gv") == 0)
        return write_dot(p, path);
    size_t length = strlen(path) + sizeof ".dot";
    char *text = malloc(length);
    if (!text)
        return status_set(BASK_ENOMEM, "no memory for a file name");
    snprintf(text, length, "%s.dot", path);
    bask_status status = write_dot(p, text);
    if (status == BASK_OK) {
        int code = 0, error = run_dot(format, text, path, &code);
        if (error == ENOENT)
            status = status_set(
                BASK_EUNSUPPORTED,
                "Graphviz's program dot is not installed; the graph's text is in %s", text);
        else if (error)
            status = status_set(
                BASK_ESYSTEM, "Graphviz's program dot cannot be run: %s; the graph's text is in %s",
                strerror(error), text);
        else if (code != 0)
            status = status_set(BASK_EIO, "dot could not make %s of %s (exit status %d)", path,
                                text, code);
        else
            unlink(text);
    }
    free(text);
    return status;
}

bask_status bask_visualize(bask_delayed *const *outputs, size_t n, const char *path)
{
    if (!outputs || n == 0 || !path)
        return status_set(BASK_EINVAL, "bask_visualize: %s",
                          path ? "there are no outputs" : "path is NULL");
    for (size_t i = 0; i < n; i++)
        if (!outputs[i] || graph_of(outputs[i]) != graph_of(outputs[0]))
            return status_set(BASK_EINVAL, "bask_visualize: output %zu is %s", i,
                              outputs[i] ? "of another graph than output 0" : "NULL");
    const char *dot = strrchr(path, '.');
    static const char *const formats[] = {"dot", "gv", "svg", "png", "pdf"};
    size_t f = 0;
    while (dot && f < 5 && strcmp(dot + 1, formats[f]) != 0)
        f++;
    if (!dot || f == 5)
        return status_set(BASK_EINVAL,
                          "bask_visualize: \"%s\" does not end in .dot, .gv, .svg, .png or .pdf",
                          path);
    plan *p;
    bask_status status = plan_new(graph_of(outputs[0]), outputs, n, &p);
    if (status != BASK_OK)
        return status;
    status = draw(p, path, formats[f]);
    plan_free(p); /* the outputs' graph is the caller's: never the last reference */
    return status;
}

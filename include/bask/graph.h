/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lazy task graphs: describing work before anything runs.
 *
 * Ownership: a graph owns its delayed nodes; they live until bask_graph_free. Futures given as
 *   arguments are retained by the graph. A graph may be freed while a compute of it still runs.
 * Threads: any number of threads, and tasks, may call bask_delay on one graph at once. A node that
 *   another thread made must have been handed over with synchronisation (a join, a lock, a barrier,
 *   an atomic release and acquire). The calls that look at all of a graph must not overlap a
 *   bask_delay on it in another thread: bask_compute, bask_compute_sync, bask_compute_with,
 *   bask_plan_new, bask_visualize, bask_graph_size and bask_graph_free. As soon as they return the
 *   graph may be extended and computed again, also while it is still being computed. A running
 *   compute does not see later nodes.
 * Speed: two threads, each mostly naming nodes of its own, build a graph in 0.7 to 1.0 of the time of
 *   one; naming those of others costs more. Planning a graph that several threads have built visits
 *   all nodes which the outputs need, also where that is all of them: for the nodes alone it may not
 *   pay, but where their arguments are made in parallel too.
 * Errors: bask_delay returns NULL and sets bask_last_error. The graph remembers its first error,
 *   and computing it fails with that, so a program may check once, at bask_compute.
 * A cycle cannot be written: a node can only name nodes that exist already.
 */
#ifndef BASK_GRAPH_H
#define BASK_GRAPH_H

#include "kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Makes an empty graph for CLIENT. Returns NULL (BASK_EINVAL: client is NULL; BASK_ECLOSED;
 * BASK_ENOMEM). Threads: any. Owns: the caller; end it with bask_graph_free.
 */
BASK_API bask_graph *bask_graph_new(bask_client *client);

/* Frees GRAPH and its delayed nodes, after the computes that still use it. NULL is accepted. */
BASK_API void bask_graph_free(bask_graph *graph);

/* The number of nodes; 0 for NULL. */
BASK_API size_t bask_graph_size(const bask_graph *graph);

/*
 * bask_delay(graph, kernel, argument...): adds a node that will call KERNEL.
 * Each argument is a literal (converted to the parameter's type as in a function call), a
 * bask_delayed * or a bask_future * whose result has that type (a bask_buffer * fits a bask_span).
 * A wrong number or type of literals does not compile; a wrong type of a delayed or future fails
 * here. Returns the node; NULL: BASK_EINVAL (graph or argument is NULL), BASK_ETYPE, BASK_ECLIENT
 * (a node of another graph or a future of another client), BASK_ENOMEM.
 */
#define bask_delay(...) BASK_DELAY_2_(BASK_COUNT_(__VA_ARGS__), __VA_ARGS__, ~)
#define BASK_DELAY_2_(n, graph, kernel, ...)                                                       \
    kernel##_delay(graph BASK_EACH_(n, BASK_NEXT_ARGUMENT_, kernel, __VA_ARGS__))
#define BASK_NEXT_ARGUMENT_(i, kernel, value) , BASK_ARGUMENT_(i, kernel, value)

/*
 * bask_delay_pure(graph, kernel, argument...): as bask_delay, for a kernel that has no effect but its
 * result, which depends on nothing but its arguments. Where the graph has such a node already, added in
 * this way with the same kernel and arguments (equal bytes, the same nodes and futures), that is what
 * comes back: so equal parts of a graph are computed once. Costs a look-up under a lock of the graph.
 */
#define bask_delay_pure(...) BASK_DELAY_PURE_2_(BASK_COUNT_(__VA_ARGS__), __VA_ARGS__, ~)
#define BASK_DELAY_PURE_2_(n, graph, kernel, ...)                                                  \
    kernel##_delay_pure(graph BASK_EACH_(n, BASK_NEXT_ARGUMENT_, kernel, __VA_ARGS__))

/* The kernel's name of a node. */
BASK_API const char *bask_delayed_name(const bask_delayed *delayed);

/*
 * Draws what OUTPUTS need. PATH ends in ".dot" or ".gv" (text that Graphviz reads) or in ".svg",
 * ".png" or ".pdf" (made by Graphviz's program `dot`). Graphs of more than 500 nodes are drawn
 * summarised by kernel. Returns BASK_EINVAL (no outputs, NULL, unknown ending), BASK_EIO (message
 * names the file), BASK_ENOMEM, BASK_EUNSUPPORTED where a picture is asked for and `dot` is not
 * installed, BASK_ESYSTEM where it cannot be run; the text is then at PATH.dot. Blocks. Threads: as for
 * building.
 */
BASK_API BASK_MUST_CHECK bask_status bask_visualize(bask_delayed *const *outputs, size_t n,
                                                    const char *path);

/* ---- plans: run the same graph many times ---- */

/* A frozen selection of a graph: culled to what its outputs need, ordered, ready to run. */
typedef struct bask_plan bask_plan;

/*
 * Plans the N OUTPUTS, all nodes of one graph of CLIENT. Owns: the caller, bask_plan_free; the plan
 * retains the graph. Errors: BASK_EINVAL, BASK_ECLIENT, BASK_ECLOSED, BASK_ENOMEM.
 */
BASK_API BASK_MUST_CHECK bask_status bask_plan_new(bask_client *client,
                                                   bask_delayed *const *outputs, size_t n,
                                                   bask_plan **plan);

/*
 * Runs the plan and waits; the caller helps. Returns the first failed output's status (message:
 * bask_last_error). One run at a time for one plan. Threads: any, also inside a task.
 * Allocates nothing, neither in the first run nor later, where no task fails. That is but for what
 * the kernels do themselves (buffers come from blocks that each worker keeps once it has them), for
 * roots that a memory limit holds back, and for what OpenMP's runtime does to start a team.
 */
BASK_API BASK_MUST_CHECK bask_status bask_plan_run(bask_plan *plan);

/*
 * The I-th output of the last run. PLACE points to a variable of the output's type (bask_span for
 * buffers: a view until the next run or bask_plan_free).
 */
#define bask_plan_result(plan, i, place)                                                           \
    bask_plan_result_as((plan), (i), (place), BASK_DTYPE_OF_(*(place)), sizeof *(place))
BASK_API BASK_MUST_CHECK bask_status bask_plan_result_as(bask_plan *plan, size_t i, void *place,
                                                         bask_dtype dtype, size_t size);

/* The number of nodes that a run executes. */
BASK_API size_t bask_plan_size(const bask_plan *plan);

/* Frees PLAN, which must not be running. NULL is accepted. */
BASK_API void bask_plan_free(bask_plan *plan);

#ifdef __cplusplus
}
#endif

#endif

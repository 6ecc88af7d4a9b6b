/* SPDX-License-Identifier: Apache-2.0 */
/* A host that forks while the pool works: the child can use bask anew, the parent does not notice. */
#include "support/child.h"
#include "support/clusters.h"
#include <bask/log.h>
#include <pthread.h>
#include <sched.h>

static bask_client *client;

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}
BASK_KERNEL(bask_buffer *, bytes, (int64_t, n))
{
    bask_buffer *b = bask_buffer_new((size_t)n);
    if (b)
        memset(bask_buffer_data(b), 7, (size_t)n);
    return b;
}

static int64_t submit_and_wait(bask_client *c, int64_t x)
{
    bask_future *f = bask_submit(c, inc, x);
    int64_t y = -1;
    CHILD_MUST(f && bask_result(f, &y) == BASK_OK);
    bask_future_free(f);
    return y;
}

static void compute_some(const char *address)
{
    bask_client *c;
    CHILD_MUST(bask_open(address, &c) == BASK_OK);
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, inc, 0);
    for (int i = 0; i < 999; i++)
        d = bask_delay(g, inc, d);
    bask_future *f;
    int64_t x = 0;
    CHILD_MUST(bask_compute_sync(c, &d, 1, &f) == BASK_OK && bask_result(f, &x) == BASK_OK);
    CHILD_MUST(x == 1000 && submit_and_wait(c, 41) == 42);
    bask_future_free(f);
    bask_graph_free(g);
    bask_close(c);
}

/* ---- the child begins anew ---- */

static atomic_bool enough;
static _Atomic int at_work;

BASK_KERNEL(int64_t, works_on, (int64_t, x))
{
    atomic_fetch_add(&at_work, 1);
    while (!atomic_load(&enough))
        x = inc(x) - 1;
    return x;
}

static void be_grandchild(void)
{
    compute_some("threads://1");
}

static void use_fresh_client(void)
{
    compute_some("threads://2");
    compute_some("sync://");
    CHILD_MUST(child_status(be_grandchild) == 0);
}

Test(fork, child_uses_a_fresh_client_and_the_parent_never_notices)
{
    bask_future *f[3];
    client = open_client("threads://2");
    for (int64_t i = 0; i < 3; i++)
        f[i] = bask_submit(client, works_on, i);
    while (atomic_load(&at_work) <
           2) /* a sanitizer's allocator does not survive a fork in its midst */
        sched_yield();
    for (int i = 0; i < 20; i++)
        cr_assert_eq(child_status(use_fresh_client), 0);
    atomic_store(&enough, true);
    for (int64_t i = 0, x = -1; i < 3; i++) {
        cr_assert_eq(bask_result(f[i], &x), BASK_OK, "%s", bask_last_error());
        cr_assert_eq(x, i);
        bask_future_free(f[i]);
    }
    bask_close(client);
}

static void leave_by_exit(void)
{
    exit(0); /* the destructors of kernels and libraries run */
}

Test(fork, child_may_exit_with_the_parents_client_open)
{
    client = open_client("threads://2");
    bask_future *f = bask_submit(client, works_on, 5);
    while (!atomic_load(&at_work))
        sched_yield();
    cr_assert_eq(child_status(leave_by_exit), 0);
    atomic_store(&enough, true);
    int64_t x = 0;
    cr_assert_eq(bask_result(f, &x), BASK_OK);
    cr_assert_eq(x, 5);
    bask_future_free(f);
    bask_close(client);
}

/* ---- what was inherited ---- */

static bask_future *done, *pending, *buffer_future;
static bask_graph *graph;
static bask_delayed *node;
static bask_plan *plan;

#define MUST_BE_CLOSED(call) CHILD_MUST((call) == BASK_ECLOSED && strstr(bask_last_error(), "fork"))

static void touch_everything(void)
{
    bask_future *f;
    int64_t x = 0;
    CHILD_MUST(!bask_submit(client, inc, 1) && strstr(bask_last_error(), "fork"));
    CHILD_MUST(!bask_graph_new(client) && strstr(bask_last_error(), "fork"));
    MUST_BE_CLOSED(bask_compute(client, &node, 1, &f));
    MUST_BE_CLOSED(bask_compute_sync(client, &node, 1, &f));
    MUST_BE_CLOSED(bask_plan_run(plan));
    MUST_BE_CLOSED(bask_wait(&pending, 1, BASK_ALL, BASK_FOREVER, NULL));
    MUST_BE_CLOSED(bask_result(pending, &x));
    MUST_BE_CLOSED(bask_cancel(pending));
    MUST_BE_CLOSED(bask_wait_for_workers(client, 1, BASK_FOREVER));
    CHILD_MUST(bask_future_state(done) == BASK_FINISHED);
    CHILD_MUST(bask_future_status(done) == BASK_OK);
    CHILD_MUST(strcmp(bask_client_address(client), "threads://2") == 0);

    bask_delayed *d = node; /* may go on for a while in what memory the graph has */
    while ((d = bask_delay(graph, inc, d)))
        ;
    CHILD_MUST(strstr(bask_last_error(), "fork"));

    bask_client *fresh;
    CHILD_MUST(bask_open("threads://1", &fresh) == BASK_OK);
    CHILD_MUST(!bask_submit(fresh, inc, done)); /* another client's */
    bask_close(fresh);

    bask_future_free(done);
    bask_future_free(pending);
    bask_future_free(buffer_future);
    bask_plan_free(plan);
    bask_graph_free(graph);
    bask_close(client);
}

Test(fork, inherited_objects_say_so_and_may_be_freed)
{
    client = open_client("threads://2");
    graph = bask_graph_new(client);
    node = bask_delay(graph, inc, 1);
    cr_assert_eq(bask_plan_new(client, &node, 1, &plan), BASK_OK);
    cr_assert_eq(bask_plan_run(plan), BASK_OK);
    done = bask_submit(client, inc, 1);
    pending = bask_submit(client, works_on, 6);
    buffer_future = bask_submit(client, bytes, 100000);
    cr_assert_eq(bask_wait((bask_future *[]){done, buffer_future}, 2, BASK_ALL, BASK_FOREVER, NULL),
                 BASK_OK);
    cr_assert_eq(child_status(touch_everything), 0);

    int64_t x = 0;
    bask_span span;
    atomic_store(&enough, true);
    cr_assert_eq(bask_result(pending, &x), BASK_OK);
    cr_assert_eq(x, 6);
    cr_assert_eq(bask_result(buffer_future, &span), BASK_OK);
    cr_assert(((const char *)span.data)[99999] == 7);
    cr_assert_eq(bask_plan_run(plan), BASK_OK);
    bask_future_free(done);
    bask_future_free(pending);
    bask_future_free(buffer_future);
    bask_plan_free(plan);
    bask_graph_free(graph);
    bask_close(client);
}

/* ---- locks ---- */

static void to_nobody(bask_log_level level, const char *line, void *user)
{
    (void)level, (void)line, (void)user;
}

static void use_process_locks(bask_kernel *extra)
{
    *extra = inc_kernel;
    extra->name = "extra";
    bask_check(bask_register(extra));
    bask_log(BASK_LOG_INFO, "registered");
    bask_unregister(extra);
}

static void use_client_locks(bask_client *c)
{
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, inc, 1);
    bask_future *f;
    int64_t x = 0;
    bask_check(bask_compute(c, &d, 1, &f));
    bask_check(bask_result(f, &x));
    bask_future_free(f);
    bask_graph_free(g);
    f = bask_submit(c, bytes, 1000);
    bask_check(bask_wait(&f, 1, BASK_ALL, BASK_FOREVER, NULL));
    bask_future_free(f);
}

static void *keep_using_process_locks(void *extra)
{
    while (!atomic_load(&enough))
        use_process_locks(extra);
    return extra;
}

static void *keep_using_client_locks(void *unused)
{
    while (!atomic_load(&enough))
        use_client_locks(client);
    return unused;
}

static bask_span held;

static void use_locks_once(void)
{
    bask_client *c;
    CHILD_MUST(bask_kernel_find("inc") == &inc_kernel);
    CHILD_MUST(((const char *)held.data)[0] == 7);
    bask_future_free(buffer_future);
    CHILD_MUST(bask_open("threads://2", &c) == BASK_OK);
    static bask_kernel extra;
    use_process_locks(&extra);
    use_client_locks(c);
    bask_close(c);
}

#ifdef SANITIZED
static const bool allocator_survives_fork = false; /* where other threads allocate meanwhile */
#else
static const bool allocator_survives_fork = true;
#endif

Test(fork, no_lock_of_another_thread_stays_taken_in_the_child)
{
    enum { THREADS = 3, FORKS = 100 };
    if (!allocator_survives_fork)
        cr_skip_test("the sanitizers' allocators do not survive a fork");
    static bask_kernel extras[THREADS]; /* not on a stack, which the child gives to others */
    pthread_t threads[THREADS];
    bask_log_to(to_nobody, NULL, BASK_LOG_DEBUG);
    client = open_client("threads://2");
    buffer_future = bask_submit(client, bytes, 1000);
    cr_assert_eq(bask_result(buffer_future, &held), BASK_OK);
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL,
                                    i ? keep_using_process_locks : keep_using_client_locks,
                                    &extras[i]),
                     0);
    for (int i = 0; i < FORKS; i++)
        cr_assert_eq(child_status(use_locks_once), 0);
    atomic_store(&enough, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    bask_future_free(buffer_future);
    bask_close(client);
}

/* ---- from inside a task ---- */

static void child_of_a_task(void)
{
    bask_future *f;
    CHILD_MUST(bask_fail(BASK_EKERNEL, "of no task") == BASK_EKERNEL); /* no task runs here */
    CHILD_MUST((f = bask_submit(client, inc, 1)) == NULL);
    compute_some("threads://2");
}

static pid_t parent;

BASK_KERNEL(int64_t, stays_at_home, (int64_t, x))
{
    CHILD_MUST(getpid() == parent);
    return x;
}

BASK_KERNEL(int64_t, forks, (int64_t, x))
{
    for (int i = 0; i < 10; i++) /* what the worker has queued, the child does not run */
        bask_future_free(bask_submit(client, stays_at_home, i));
    int status = child_status(child_of_a_task);
    return status ? status : x;
}

Test(fork, task_may_fork)
{
    parent = getpid();
    client = open_client("threads://2");
    bask_graph *g = bask_graph_new(client);
    bask_delayed *d = bask_delay(g, forks, 9); /* by a worker, or a host thread that helps */
    for (int i = 0; i < 10; i++) {
        bask_future *f[2];
        cr_assert_eq(bask_compute_sync(client, &d, 1, &f[0]), BASK_OK, "%s", bask_last_error());
        f[1] = bask_submit(client, forks, 9);
        for (int k = 0; k < 2; k++) {
            int64_t x = 0;
            cr_assert_eq(bask_result(f[k], &x), BASK_OK, "%s", bask_last_error());
            cr_assert_eq(x, 9);
            bask_future_free(f[k]);
        }
    }
    bask_graph_free(g);
    bask_close(client);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* When memory is short, so that deques cannot grow, work is done in another order and nothing is lost.
 * With the smallest deques; malloc is refused by the linker's --wrap. */
#include "support/clusters.h"

static atomic_bool short_of_memory;
static _Atomic int refused;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    if (!atomic_load(&short_of_memory))
        return __real_malloc(size);
    atomic_fetch_add(&refused, 1);
    return NULL;
}

static bask_pool *start(int threads)
{
    bask_pool *pool;
    bask_pool_options o = {.size = sizeof o, .threads = threads};
    cr_assert_eq(bask_pool_start(&o, &pool), BASK_OK, "%s", bask_last_error());
    return pool;
}

static void assert_was_short(void)
{
    atomic_store(&short_of_memory, false);
    cr_assert_gt(atomic_load(&refused), 0, "memory was not asked for");
}

/* ---- jobs ---- */

enum { JOBS = 100 };

typedef struct crowd {
    bask_job job;
    bask_pool *pool;
    bask_job others[JOBS];
} crowd;

static bask_latch all_ran;
static _Atomic int ran;

static void run_one(bask_job *job)
{
    (void)job;
    atomic_fetch_add(&ran, 1);
    bask_latch_down(&all_ran);
}

static void submit_all(bask_job *job)
{
    crowd *c = (crowd *)job;
    atomic_store(&short_of_memory, true);
    for (int i = 0; i < JOBS; i++) {
        c->others[i].run = run_one;
        bask_pool_submit(c->pool, &c->others[i]);
    }
    bask_latch_down(&all_ran);
}

Test(shortage, jobs_that_do_not_fit_a_deque_run_once)
{
    static crowd c;
    c.pool = start(1);
    c.job.run = submit_all;
    bask_latch_init(&all_ran, c.pool, JOBS + 1);
    bask_pool_submit(c.pool, &c.job);
    bask_latch_wait(&all_ran);
    assert_was_short();
    cr_assert_eq(atomic_load(&ran), JOBS);
    bask_pool_stop(c.pool, NULL);
}

/* ---- children ---- */

typedef struct fib {
    bask_child child;
    int n;
    uint64_t value;
} fib;

static void fib_run(bask_child *child)
{
    fib *f = (fib *)child;
    if (f->n < 2) {
        f->value = (uint64_t)f->n;
        return;
    }
    fib kids[] = {{{.run = fib_run}, f->n - 1, 0}, {{.run = fib_run}, f->n - 2, 0}};
    bask_self->request = 1; /* as if somebody asked all the time */
    bask_fork(&kids[0].child);
    bask_fork(&kids[1].child);
    bask_join(&kids[1].child);
    bask_join(&kids[0].child);
    f->value = kids[0].value + kids[1].value;
}

typedef struct root {
    bask_job job;
    bask_latch done;
    fib fib;
} root;

static void root_run(bask_job *job)
{
    root *r = (root *)job;
    fib_run(&r->fib.child);
    bask_latch_down(&r->done);
}

Test(shortage, children_that_cannot_be_published_stay_private)
{
    bask_pool *pool = start(2);
    root r = {.job.run = root_run, .fib.n = 16};
    bask_latch_init(&r.done, pool, 1);
    atomic_store(&short_of_memory, true);
    bask_pool_submit(pool, &r.job);
    bask_latch_wait(&r.done);
    assert_was_short();
    cr_assert_eq(r.fib.value, 987);
    bask_pool_stop(pool, NULL);
}

enum { KIDS = 8 };

typedef struct kid {
    bask_child child;
} kid;

static bask_plan *plan; /* of a client that runs it in the calling thread */

static void kid_run(bask_child *child)
{
    (void)child;
    atomic_fetch_add(&ran, 1);
}
BASK_KERNEL(int, all_but, (int, x))
{
    return x - atomic_load(&ran);
}
BASK_KERNEL(int, forks_and_runs, (int, x))
{
    kid kids[KIDS];
    for (int i = 0; i < KIDS; i++) {
        kids[i].child.run = kid_run;
        bask_fork(&kids[i].child);
    }
    /* the plan's task runs on top of this one, and must not find the children private */
    atomic_store(&short_of_memory, true);
    if (bask_plan_run(plan) != BASK_OK || bask_plan_result(plan, 0, &x) != BASK_OK)
        x = -1;
    for (int i = KIDS; i-- > 0;)
        bask_join(&kids[i].child);
    return x;
}

Test(shortage, children_below_another_task_run_first)
{
    bask_client *c = open_client("threads://1"), *here = open_client("sync://");
    bask_graph *g = bask_graph_new(here);
    bask_delayed *d = bask_delay(g, all_but, 10);
    cr_assert_eq(bask_plan_new(here, &d, 1, &plan), BASK_OK);
    bask_future *f = bask_submit(c, forks_and_runs, 0);
    int x = 0;
    cr_assert_eq(bask_result(f, &x), BASK_OK, "%s", bask_last_error());
    assert_was_short();
    cr_assert_eq(x, 10 - KIDS);
    cr_assert_eq(atomic_load(&ran), KIDS);
    bask_future_free(f);
    bask_plan_free(plan);
    bask_graph_free(g);
    bask_close(here);
    bask_close(c);
}

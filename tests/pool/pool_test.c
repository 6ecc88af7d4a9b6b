/* SPDX-License-Identifier: Apache-2.0 */
#include <bask/pool.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <unistd.h>

static bask_pool *start(int threads, int64_t spin_ns)
{
    bask_pool_options o = {.size = sizeof o, .threads = threads, .spin_ns = spin_ns};
    bask_pool *pool;
    cr_assert_eq(bask_pool_start(&o, &pool), BASK_OK, "%s", bask_last_error());
    return pool;
}

typedef struct adder {
    bask_job job;
    bask_latch *latch;
    atomic_long *sum;
    long value;
} adder;

static void add(bask_job *job)
{
    adder *a = (adder *)job;
    atomic_fetch_add_explicit(a->sum, a->value, memory_order_relaxed);
    bask_latch_down(a->latch);
}

static void submit_and_wait(bask_pool *pool, int jobs)
{
    adder *a = calloc((size_t)jobs, sizeof *a);
    atomic_long sum = 0;
    bask_latch latch;
    bask_latch_init(&latch, pool, jobs);
    for (int i = 0; i < jobs; i++) {
        a[i] = (adder){{add, NULL}, &latch, &sum, i};
        bask_pool_submit(pool, &a[i].job);
    }
    bask_latch_wait(&latch);
    cr_assert_eq(sum, (long)jobs * (jobs - 1) / 2);
    free(a);
}

Test(pool, jobs_run_once_on_any_number_of_workers)
{
    static const int threads[] = {BASK_NO_THREADS, 1, 2, 8};
    for (size_t i = 0; i < 4; i++) {
        bask_pool *pool = start(threads[i], 0);
        for (int jobs = 1; jobs < 20000; jobs *= 7)
            submit_and_wait(pool, jobs);
        bask_pool_stop(pool, NULL);
    }
}

typedef struct fib_child {
    bask_child child;
    long n, result;
} fib_child;

static void fib_run(bask_child *child);

static long fib(long n)
{
    if (n < 2)
        return n;
    fib_child x = {.child.run = fib_run, .n = n - 1};
    bask_fork(&x.child);
    long rest = fib(n - 2);
    bask_join(&x.child);
    return rest + x.result;
}

static void fib_run(bask_child *child)
{
    fib_child *x = (fib_child *)child;
    x->result = fib(x->n);
}

typedef struct fib_job {
    bask_job job;
    bask_latch latch;
    long n, result;
} fib_job;

static void fib_job_run(bask_job *job)
{
    fib_job *f = (fib_job *)job;
    f->result = fib(f->n);
    bask_latch_down(&f->latch);
}

static long fib_on(bask_pool *pool, long n)
{
    fib_job f = {.job.run = fib_job_run, .n = n};
    bask_latch_init(&f.latch, pool, 1);
    bask_pool_submit(pool, &f.job);
    bask_latch_wait(&f.latch);
    return f.result;
}

Test(fork, outside_any_pool)
{
    cr_assert_eq(fib(15), 610);
}

static void *host(void *pool)
{
    for (int i = 0; i < 30; i++)
        if (fib_on(pool, 18) != 2584)
            return pool;
    for (int i = 0; i < 30; i++)
        submit_and_wait(pool, 300);
    return NULL;
}

Test(pool, stress_of_hosts_sleep_and_steal)
{
    for (int threads = 1; threads <= 4; threads++)
        for (int64_t spin = -1; spin < 100000; spin = spin < 0 ? 1000 : spin * 40) {
            bask_pool *pool = start(threads, spin);
            pthread_t hosts[3];
            for (int i = 0; i < 3; i++)
                pthread_create(&hosts[i], NULL, host, pool);
            for (int i = 0; i < 3; i++) {
                void *failed;
                pthread_join(hosts[i], &failed);
                cr_assert_null(failed);
            }
            bask_pool_stop(pool, NULL);
        }
}

static _Atomic int ran, discarded;
static _Atomic int gate;

static void count_run(bask_job *job)
{
    while (!atomic_load(&gate))
        ;
    atomic_fetch_add(&ran, 1);
    free(job);
}

static void count_discard(bask_job *job)
{
    atomic_fetch_add(&discarded, 1);
    atomic_store(&gate, 1);
    free(job);
}

/* ---- work that never ends ---- */

typedef struct circle {
    bask_job job;
    bask_pool *pool;
    bask_latch begun, done;
    atomic_bool over;
    int rounds;
} circle;

/* Goes round, on its worker's own deque, until the other job has run. */
static void go_round(bask_job *job)
{
    enum { MOST = 10000000 };
    circle *c = (circle *)job;
    if (c->rounds++ == 0)
        bask_latch_down(&c->begun);
    if (atomic_load(&c->over) || c->rounds == MOST)
        bask_latch_down(&c->done);
    else
        bask_pool_submit(c->pool, job);
}

typedef struct stopper {
    bask_job job;
    circle *circle;
} stopper;

static void stop_circle(bask_job *job)
{
    atomic_store(&((stopper *)job)->circle->over, true);
}

Test(pool, work_from_outside_gets_its_turn)
{
    bask_pool *pool = start(1, 0);
    circle c = {.job.run = go_round, .pool = pool};
    stopper s = {{stop_circle, NULL}, &c};
    bask_latch_init(&c.begun, pool, 1);
    bask_latch_init(&c.done, pool, 1);
    bask_pool_submit(pool, &c.job);
    while (!bask_latch_open(&c.begun))
        ;
    bask_pool_submit(pool, &s.job);
    while (!bask_latch_open(&c.done)) /* without helping */
        ;
    cr_assert(atomic_load(&c.over), "starved for %d rounds", c.rounds);
    bask_pool_stop(pool, NULL);
}

Test(pool, stop_drains)
{
    atomic_store(&gate, 1);
    for (int threads = -1; threads < 3; threads++) {
        atomic_store(&ran, 0);
        bask_pool *pool = start(threads ? threads : 4, 0);
        for (int i = 0; i < 1000; i++) {
            bask_job *job = malloc(sizeof *job);
            job->run = count_run;
            bask_pool_submit(pool, job);
        }
        bask_pool_stop(pool, NULL);
        cr_assert_eq(atomic_load(&ran), 1000);
    }
}

Test(pool, stop_discards_what_has_not_started)
{
    bask_pool *pool = start(1, 0);
    for (int i = 0; i < 1000; i++) {
        bask_job *job = malloc(sizeof *job);
        job->run = count_run;
        bask_pool_submit(pool, job);
    }
    bask_pool_stop(pool, count_discard);
    cr_assert_eq(atomic_load(&ran) + atomic_load(&discarded), 1000);
    cr_assert_geq(atomic_load(&discarded), 1);
}

/* Two jobs that keep both workers until the child has run; one has children and jobs queued. */
typedef struct keeper {
    bask_job job;
    bask_pool *pool;
    bask_child child;
    bask_latch *inside;
} keeper;

static _Atomic int children, let_go;

static void child_run(bask_child *child)
{
    (void)child;
    atomic_fetch_add(&children, 1);
    atomic_store(&let_go, 1); /* the newest, so the last to be come to */
}

static void keep(bask_job *job)
{
    keeper *k = (keeper *)job;
    if (k->pool) {
        for (int i = 0; i < 10; i++) {
            bask_job *more = malloc(sizeof *more);
            more->run = count_run;
            bask_pool_submit(k->pool, more);
        }
        k->child.run = child_run;
        bask_self->request = 1; /* as if somebody asked */
        bask_fork(&k->child);
    }
    bask_latch_down(k->inside);
    while (!atomic_load(&let_go))
        ;
    if (k->pool)
        bask_join(&k->child);
}

Test(pool, stop_hands_back_what_running_jobs_have_queued_but_not_their_children)
{
    bask_pool *pool = start(2, 0);
    bask_latch inside;
    keeper k[] = {{.job.run = keep, .pool = pool, .inside = &inside},
                  {.job.run = keep, .inside = &inside}};
    bask_latch_init(&inside, pool, 2);
    for (int i = 0; i < 2; i++)
        bask_pool_submit(pool, &k[i].job);
    while (!bask_latch_open(&inside)) /* without helping */
        ;
    bask_pool_stop(pool, count_discard);
    cr_assert_eq(atomic_load(&discarded), 10);
    cr_assert_eq(atomic_load(&children), 1);
}

Test(pool, options_are_checked)
{
    bask_pool *pool = NULL;
    cr_assert_eq(bask_pool_start(NULL, NULL), BASK_EINVAL);
    bask_pool_options o = {.size = 3};
    cr_assert_eq(bask_pool_start(&o, &pool), BASK_EINVAL);
    o = (bask_pool_options){.size = sizeof o, .threads = -7};
    cr_assert_eq(bask_pool_start(&o, &pool), BASK_EINVAL);
    o = (bask_pool_options){.size = sizeof o, .threads = (1 << 20) + 1};
    cr_assert_eq(bask_pool_start(&o, &pool), BASK_EINVAL);
    o = (bask_pool_options){.size = sizeof o, .threads = 1, .inner_threads = -2};
    cr_assert_eq(bask_pool_start(&o, &pool), BASK_EINVAL);
    o = (bask_pool_options){.size = sizeof o, .threads = 1, .stack_size = 1};
    cr_assert_eq(bask_pool_start(&o, &pool), BASK_EINVAL, "no stack of 1 byte");
    cr_assert_null(pool);
    setenv("BASK_NUM_THREADS", "1", 1);
    cr_assert_eq(bask_pool_start(NULL, &pool), BASK_OK);
    cr_assert_eq(bask_pool_threads(pool), 1);
    bask_pool_stop(pool, NULL);
    o = (bask_pool_options){.size = sizeof o, .threads = 2, .pin = true, .name = "pinned"};
    cr_assert_eq(bask_pool_start(&o, &pool), BASK_OK, "%s", bask_last_error());
    cr_assert_eq(fib_on(pool, 10), 55);
    bask_pool_stats stats;
    bask_pool_get_stats(pool, &stats);
    cr_assert_eq(stats.workers, 2);
    bask_pool_stop(pool, NULL);
    bask_pool_stop(NULL, NULL);
}

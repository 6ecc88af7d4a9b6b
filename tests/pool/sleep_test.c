/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "pool/sleep.h"
#include "pool/source.h"
#include "pool/word.h"
#include <criterion/criterion.h>
#include <sched.h>

static bask_pool *start_spinning(int threads, int64_t spin_ns)
{
    bask_pool_options o = {.size = sizeof o, .threads = threads, .spin_ns = spin_ns};
    bask_pool *pool;
    cr_assert_eq(bask_pool_start(&o, &pool), BASK_OK, "%s", bask_last_error());
    return pool;
}

static bask_pool *start(int threads)
{
    return start_spinning(threads, -1);
}

typedef struct opener {
    bask_child child;
    bask_latch *latch;
} opener;

static void open_latch(bask_child *child)
{
    bask_latch_down(((opener *)child)->latch);
}

typedef struct waiter {
    bask_job job;
    bask_pool *pool;
    bask_latch done;
} waiter;

static void wait_for_own_children(bask_job *job)
{
    waiter *w = (waiter *)job;
    bask_latch latch;
    bask_latch_init(&latch, w->pool, 3);
    opener kids[3];
    for (int i = 0; i < 3; i++) {
        kids[i] = (opener){{.run = open_latch}, &latch};
        bask_fork(&kids[i].child);
    }
    bask_latch_wait(&latch);
    for (int i = 0; i < 3; i++)
        bask_join(&kids[i].child);
    bask_latch_down(&w->done);
}

Test(sleep, who_waits_runs_its_private_children)
{
    static const int threads[] = {BASK_NO_THREADS, 1, 2};
    for (int i = 0; i < 3; i++) {
        bask_pool *pool = start(threads[i]);
        waiter w = {.job.run = wait_for_own_children, .pool = pool};
        bask_latch_init(&w.done, pool, 1);
        bask_pool_submit(pool, &w.job);
        bask_latch_wait(&w.done);
        bask_pool_stop(pool, NULL);
    }
}

static void run_nothing(source *s, worker *w, uint64_t from, uint64_t to)
{
    (void)s, (void)w, (void)from, (void)to;
}

static void discard_nothing(bask_job *job)
{
    (void)job;
}

Test(sleep, a_deadline_ends_a_wait_beside_endless_roots)
{
    bask_pool *pool = start(BASK_NO_THREADS);
    source endless = {.end = UINT64_MAX / 2, .run = run_nothing};
    source_offer(pool, &endless);
    _Atomic uint32_t never = 0;
    cr_assert_not(word_wait(pool, &never, clock_ns() + 1000000, true));
    cr_assert(source_waiting(pool));
    bask_pool_stop(pool, discard_nothing);
}

typedef struct forker {
    bask_job job;
    bask_latch done;
    bool was_public;
} forker;

static void do_nothing(bask_child *child)
{
    (void)child;
}

static void fork_one(bask_job *job)
{
    forker *f = (forker *)job;
    bask_child child = {.run = do_nothing};
    bask_fork(&child);
    f->was_public = bask_self->newest != &child;
    bask_join(&child);
    bask_latch_down(&f->done);
}

Test(sleep, a_new_seat_has_been_asked_for_work)
{
    bask_pool *pool = start(BASK_NO_THREADS);
    forker f = {.job.run = fork_one};
    bask_latch_init(&f.done, pool, 1);
    bask_pool_submit(pool, &f.job);
    bask_latch_wait(&f.done);
    cr_assert(f.was_public);
    bask_pool_stop(pool, NULL);
}

static void time_out(bask_job *job)
{
    waiter *w = (waiter *)job;
    _Atomic uint32_t never = 0;
    for (int i = 0; i < 3; i++)
        cr_assert_not(word_wait(w->pool, &never, clock_ns() + 100000, false));
    bask_latch_down(&w->done);
}

Test(sleep, a_parked_waiter_times_out)
{
    static const int threads[] = {BASK_NO_THREADS, 1, 2};
    for (int i = 0; i < 3; i++) {
        bask_pool *pool = start(threads[i]);
        waiter w = {.job.run = time_out, .pool = pool};
        bask_latch_init(&w.done, pool, 1);
        bask_pool_submit(pool, &w.job);
        bask_latch_wait(&w.done);
        _Atomic uint32_t never = 0;
        cr_assert_not(word_wait(pool, &never, clock_ns() + 100000, true));
        bask_pool_stop(pool, NULL);
    }
}

typedef struct errand {
    bask_job job;
    source source;
    bask_latch done;
    int64_t patience; /* of the worker that ran it */
} errand;

static void run(errand *e, worker *w)
{
    e->patience = w->patience;
    bask_latch_down(&e->done);
}

static void run_errand(bask_job *job)
{
    run((errand *)((char *)job - offsetof(errand, job)), (worker *)bask_self);
}

static void run_root(source *s, worker *w, uint64_t from, uint64_t to)
{
    (void)from, (void)to;
    run((errand *)((char *)s - offsetof(errand, source)), w);
}

static void wait_until_all_sleep(bask_pool *pool)
{
    while (idle_sleepers(atomic_load(&pool->idle)) < (uint64_t)pool->nworkers)
        sched_yield();
}

static void send(bask_pool *pool, errand *e, bool as_job)
{
    if (as_job)
        bask_pool_submit(pool, &e->job);
    else
        source_offer(pool, &e->source);
    word_block(pool, &e->done.word, INT64_MAX);
}

Test(sleep, one_task_wakes_one_worker)
{
    enum { ROUNDS = 200 };
    bask_pool *pool = start(2);
    for (int i = 0; i < ROUNDS; i++) {
        errand e = {.job.run = run_errand, .source = {.end = 1, .run = run_root}};
        bask_latch_init(&e.done, pool, 1);
        wait_until_all_sleep(pool);
        send(pool, &e, i % 2);
    }
    wait_until_all_sleep(pool);
    bask_pool_stats stats;
    bask_pool_get_stats(pool, &stats);
    cr_assert_leq(stats.wakes, ROUNDS);
    bask_pool_stop(pool, NULL);
}

Test(sleep, patience_ends_with_a_long_sleep_until_work_is_shared)
{
    enum { SPIN_NS = 1 }; /* every sleep is longer */
    bask_pool *pool = start_spinning(1, SPIN_NS);
    for (int i = 0; i < 4; i++) {
        errand e = {.job.run = run_errand, .source = {.end = 1, .run = run_root}};
        bask_latch_init(&e.done, pool, 1);
        wait_until_all_sleep(pool);
        send(pool, &e, i % 2);
        cr_assert_eq(e.patience, i % 2 ? 0 : SPIN_NS);
    }
    bask_pool_stop(pool, NULL);
}

Test(sleep, nobody_spins_on_a_single_cpu)
{
    cpu_set_t before, one;
    cr_assert_eq(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    CPU_SET((unsigned)sched_getcpu(), &one);
    cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
    bask_pool *pool = start_spinning(2, 0), *asked_to = start_spinning(2, 1000);
    cr_assert_eq(sched_setaffinity(0, sizeof before, &before), 0);
    cr_assert_eq(pool->spin_ns, 0);
    cr_assert_eq(asked_to->spin_ns, 1000);
    bask_pool_stop(pool, NULL);
    bask_pool_stop(asked_to, NULL);
}

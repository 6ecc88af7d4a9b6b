/* SPDX-License-Identifier: Apache-2.0 */
/* Spares, on a pool alone: a worker that waits is replaced for as long as it does. */
#include "pool/spare.h"

#include "base/service.h"
#include "pool/stack.h"
#include "pool/word.h"
#include <criterion/criterion.h>
#include <unistd.h>

#define SPARE_TEST(name) Test(spare, name, .timeout = 120)

static bask_pool *start(int threads)
{
    bask_pool *pool;
    bask_pool_options o = {.size = sizeof o, .threads = threads};
    cr_assert_eq(bask_pool_start(&o, &pool), BASK_OK, "%s", bask_last_error());
    return pool;
}

static size_t count_spares(bask_pool *pool)
{
    size_t n = 0;
    pthread_mutex_lock(&pool->spares_lock);
    for (const spare *s = pool->all_spares; s;
         s = *(spare *const *)s) /* `next` is the first field */
        n++;
    pthread_mutex_unlock(&pool->spares_lock);
    return n;
}

/* A job that waits for a word which a second job, behind it, finishes. */
typedef struct pair {
    bask_job waits, finishes;
    bask_pool *pool;
    _Atomic uint32_t word;
    bool nested; /* the second is submitted by the first */
    bask_latch *latch;
    pthread_t waiter, finisher;
} pair;

static void finish(bask_job *job)
{
    pair *p = (pair *)((char *)job - offsetof(pair, finishes));
    p->finisher = pthread_self();
    word_finish(p->pool, &p->word, 0, NULL);
}

static void wait(bask_job *job)
{
    pair *p = (pair *)job;
    worker *w = (worker *)bask_self;
    p->waiter = pthread_self();
    if (p->nested)
        bask_pool_submit(p->pool, &p->finishes);
    worker_wait(w, &p->word, INT64_MAX, &wanted_nothing);
    cr_assert(word_done(&p->word));
    cr_assert(bask_self == &w->face);
    bask_latch_down(p->latch);
}

static void run_pairs(bask_pool *pool, pair *pairs, int n, bool nested)
{
    bask_latch latch;
    bask_latch_init(&latch, pool, n);
    for (int i = 0; i < n; i++) {
        pairs[i] = (pair){.waits.run = wait,
                          .finishes.run = finish,
                          .pool = pool,
                          .nested = nested,
                          .latch = &latch};
        bask_pool_submit(pool, &pairs[i].waits);
    }
    for (int i = 0; i < n && !nested; i++)
        bask_pool_submit(pool, &pairs[i].finishes);
    while (!bask_latch_open(&latch)) /* a host thread that helps would be a worker more */
        usleep(100);
}

SPARE_TEST(one_worker_waits_and_another_thread_works)
{
    bask_pool *pool = start(1);
    pair p;
    run_pairs(pool, &p, 1, true);
    cr_assert_neq(p.waiter, p.finisher);
    cr_assert_eq(count_spares(pool), 1);
    bask_pool_stop(pool, NULL);
}

SPARE_TEST(one_spare_does_for_many_waits_one_after_the_other)
{
    enum { N = 2000 };
    bask_pool *pool = start(1);
    for (int i = 0; i < N; i++) {
        pair p;
        run_pairs(pool, &p, 1, true);
    }
    cr_assert_leq(count_spares(pool),
                  2); /* one, and another where the first was still about to rest */
    bask_pool_stop(pool, NULL);
}

SPARE_TEST(as_many_as_wait_at_once)
{
    enum { N = 50 };
    static const int threads[] = {1, 2, 8};
    static pair pairs[N];
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        bask_pool *pool = start(threads[i]);
        for (int k = 0; k < 5; k++)
            run_pairs(pool, pairs, N, k % 2 != 0);
        cr_assert_leq(count_spares(pool), 2 * N);
        bask_pool_stop(pool, NULL);
    }
}

SPARE_TEST(nobody_is_too_many_for_long)
{
    enum { N = 8 };
    static pair pairs[N];
    bask_pool *pool = start(2);
    run_pairs(pool, pairs, N, false);
    /* every spare that looks for work finds that it is too many */
    for (int i = 0; atomic_load(&pool->surplus) > 0 && i < 10000; i++) {
        pair p;
        run_pairs(pool, &p, 1, false);
    }
    cr_assert_eq(atomic_load(&pool->spares), atomic_load(&pool->surplus));
    bask_pool_stop(pool, NULL);
}

SPARE_TEST(without_threads_a_waiting_worker_works_itself)
{
    bask_pool *pool = start(1);
    pair p;
    pool->stack_size = (size_t)1 << 46; /* no memory for a stack as large as that */
    run_pairs(pool, &p, 1, true);
    cr_assert_eq(p.waiter, p.finisher);
    cr_assert_eq(count_spares(pool), 0);
    bask_pool_stop(pool, NULL);
}

SPARE_TEST(waiting_ends_at_the_deadline)
{
    bask_pool *pool = start(1);
    bool lent = true;
    _Atomic uint32_t word = 0;
    /* on a host thread: it is the wait itself that is looked at */
    lent = spare_block(pool, &word, 1);
    cr_assert(lent && !word_done(&word));
    bask_pool_stop(pool, NULL);
}

/* ---- the end ---- */

static atomic_bool second_runs, last_has_run;

static void run_last(bask_job *job)
{
    (void)job;
    atomic_store(&last_has_run, true);
}
static bask_job last = {.run = run_last};

/* Submits one more when the workers have ended, and the spare that it runs on is one too many. */
static void finish_late(bask_job *job)
{
    pair *p = (pair *)((char *)job - offsetof(pair, finishes));
    word_finish(p->pool, &p->word, 0, NULL);
    atomic_store(&second_runs, true);
    while (count_spares(p->pool) > 0) /* spares_stop has not begun */
        usleep(100);
    cr_assert_eq(atomic_load(&p->pool->surplus), 1);
    bask_pool_submit(p->pool, &last);
}

SPARE_TEST(what_a_spare_submits_at_the_very_end_is_run)
{
    bask_latch latch;
    bask_pool *pool = start(1);
    bask_latch_init(&latch, pool, 1);
    pair p = {.waits.run = wait,
              .finishes.run = finish_late,
              .pool = pool,
              .nested = true,
              .latch = &latch};
    bask_pool_submit(pool, &p.waits);
    while (!atomic_load(&second_runs))
        usleep(100);
    bask_pool_stop(pool, NULL);
    cr_assert(atomic_load(&last_has_run));
}

/* ---- stacks ---- */

static void deeper(void *data)
{
    int *depth = data;
    char some[4096];
    __asm__ volatile("" : : "r"(some) : "memory"); /* it is there, all of it */
    ++*depth;
    if (!stack_short())
        deeper(depth);
    __asm__ volatile("" : : "r"(some) : "memory");
}

static void measured(void *data)
{
    stack_measure();
    deeper(data);
}

SPARE_TEST(a_stack_runs_short_before_it_ends)
{
    enum { SIZE = 1 << 20 };
    int depth = 0;
    service s;
    cr_assert_eq(service_start(&s, "short", SIZE, measured, &depth), BASK_OK);
    service_join(&s);
    cr_assert_gt(depth, 10);
    cr_assert_lt(depth, SIZE / 4096); /* a quarter was left */
}

SPARE_TEST(an_unknown_stack_is_never_short)
{
    stack_bounds before = stack_own;
    stack_own = (stack_bounds){0, 0};
    cr_assert(!stack_short());
    stack_own = before;
}

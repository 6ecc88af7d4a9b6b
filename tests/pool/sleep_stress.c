/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sleeping, waking and waiting under load: workers park at once (spin_ns < 0), work comes in short
 * bursts, and every wait ends or the program hangs until its time-out.
 */
#include "base/clock.h"
#include "pool/sleep.h"
#include "pool/word.h"
#include "support/stress.h"
#include <pthread.h>
#include <string.h>

enum { HOSTS = 3, MOST_WORKERS = 4 };

static bask_pool *start(int threads, int64_t spin_ns)
{
    bask_pool_options o = {.size = sizeof o, .threads = threads, .spin_ns = spin_ns};
    bask_pool *pool = NULL;
    stress_check(bask_pool_start(&o, &pool) == BASK_OK, "%d workers do not start", threads);
    return pool;
}

/* Runs BODY on HOSTS threads at once. */
typedef struct host {
    pthread_t thread;
    bask_pool *pool;
    stress_random random;
    int rounds;
} host;

static void on_hosts(bask_pool *pool, int rounds, void *(*body)(void *))
{
    host hosts[HOSTS];
    for (int i = 0; i < HOSTS; i++) {
        hosts[i] = (host){.pool = pool, .random = {(uint32_t)i * 77 + 1}, .rounds = rounds};
        pthread_create(&hosts[i].thread, NULL, body, &hosts[i]);
    }
    for (int i = 0; i < HOSTS; i++)
        pthread_join(hosts[i].thread, NULL);
}

/* The same with pools of any number of workers, none included. */
static void on_pools(const char *name, int rounds, void *(*body)(void *))
{
    for (int threads = 0; threads <= MOST_WORKERS; threads++) {
        bask_pool *pool = start(threads ? threads : BASK_NO_THREADS, -1);
        on_hosts(pool, stress_rounds(rounds), body);
        bask_pool_stop(pool, NULL);
    }
    stress_passed(name);
}

/* ---- bursts of jobs ---- */

typedef struct counted {
    bask_job job;
    bask_latch *latch;
} counted;

static void count_down(bask_job *job)
{
    bask_latch_down(((counted *)job)->latch);
}

static void burst(bask_pool *pool, uint32_t n)
{
    counted jobs[8];
    bask_latch latch;
    bask_latch_init(&latch, pool, n);
    for (uint32_t i = 0; i < n; i++) {
        jobs[i] = (counted){{count_down, NULL}, &latch};
        bask_pool_submit(pool, &jobs[i].job);
    }
    bask_latch_wait(&latch);
}

static void *bursts(void *arg)
{
    host *h = arg;
    for (int i = 0; i < h->rounds; i++)
        burst(h->pool, stress_below(&h->random, 8) + 1);
    return NULL;
}

/* ---- fork and join ---- */

typedef struct tree {
    bask_child child;
    long depth, leaves;
} tree;

static void grow(bask_child *child)
{
    tree *t = (tree *)child;
    if (t->depth == 0) {
        t->leaves = 1;
        return;
    }
    tree kids[3] = {{.child.run = grow, .depth = t->depth - 1},
                    {.child.run = grow, .depth = t->depth - 1},
                    {.child.run = grow, .depth = t->depth - 1}};
    for (int i = 0; i < 3; i++)
        bask_fork(&kids[i].child);
    if (t->depth % 2 == 0) { /* out of order: public, private and stolen ones in any order */
        bask_join(&kids[0].child);
        bask_join(&kids[2].child);
        bask_join(&kids[1].child);
    } else {
        for (int i = 2; i >= 0; i--)
            bask_join(&kids[i].child);
    }
    t->leaves = kids[0].leaves + kids[1].leaves + kids[2].leaves;
}

typedef struct root {
    bask_job job;
    bask_latch latch;
    tree tree;
} root;

static void grow_root(bask_job *job)
{
    root *r = (root *)job;
    grow(&r->tree.child);
    bask_latch_down(&r->latch);
}

static void *trees(void *arg)
{
    host *h = arg;
    for (int i = 0; i < h->rounds; i++) {
        long depth = stress_below(&h->random, 6), leaves = 1;
        root r = {.job.run = grow_root, .tree.depth = depth};
        bask_latch_init(&r.latch, h->pool, 1);
        bask_pool_submit(h->pool, &r.job);
        bask_latch_wait(&r.latch);
        while (depth--)
            leaves *= 3;
        stress_check(r.tree.leaves == leaves, "%ld leaves, not %ld", r.tree.leaves, leaves);
    }
    return NULL;
}

/* ---- waits in jobs, for one's own private children and for jobs that one has submitted ---- */

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
    bask_latch *latch;
    uint32_t kids, jobs;
} waiter;

static void wait_in_job(bask_job *job)
{
    waiter *w = (waiter *)job;
    opener kids[4];
    counted jobs[4];
    bask_latch latch;
    bask_latch_init(&latch, w->pool, w->kids + w->jobs);
    for (uint32_t i = 0; i < w->kids; i++) {
        kids[i] = (opener){{.run = open_latch}, &latch};
        bask_fork(&kids[i].child);
    }
    for (uint32_t i = 0; i < w->jobs; i++) {
        jobs[i] = (counted){{count_down, NULL}, &latch};
        bask_pool_submit(w->pool, &jobs[i].job);
    }
    bask_latch_wait(&latch);
    for (uint32_t i = w->kids; i-- > 0;)
        bask_join(&kids[i].child);
    bask_latch_down(w->latch);
}

static void *waits_in_jobs(void *arg)
{
    host *h = arg;
    for (int i = 0; i < h->rounds; i++) {
        waiter jobs[3];
        uint32_t n = stress_below(&h->random, 3) + 1;
        bask_latch latch;
        bask_latch_init(&latch, h->pool, n);
        for (uint32_t k = 0; k < n; k++) {
            jobs[k] = (waiter){.job.run = wait_in_job,
                               .pool = h->pool,
                               .latch = &latch,
                               .kids = stress_below(&h->random, 5),
                               .jobs = stress_below(&h->random, 5)};
            bask_pool_submit(h->pool, &jobs[k].job);
        }
        bask_latch_wait(&latch);
    }
    return NULL;
}

/* ---- one word, awaited by workers and hosts, with deadlines, and finished by any of them ---- */

typedef struct shared_word {
    _Atomic uint32_t word;
    bask_latch users;
    int value; /* plain: written before the word is finished */
} shared_word;

static void await(bask_pool *pool, shared_word *s, uint32_t microseconds, bool help)
{
    /* once or more with a deadline that may well pass, then to the end */
    for (int tries = 0; tries < 2; tries++) {
        if (word_wait(pool, &s->word, clock_ns() + microseconds * 1000, help))
            break;
    }
    stress_check(word_wait(pool, &s->word, INT64_MAX, help), "an endless wait ended too soon");
    stress_check(s->value == 42, "the word was done before what it stands for");
}

typedef struct word_waiter {
    bask_job job;
    bask_pool *pool;
    shared_word *word;
    uint32_t microseconds;
} word_waiter;

static void await_in_job(bask_job *job)
{
    word_waiter *w = (word_waiter *)job;
    await(w->pool, w->word, w->microseconds, false);
    bask_latch_down(&w->word->users);
}

static void *words(void *arg)
{
    host *h = arg;
    for (int i = 0; i < h->rounds; i++) {
        /* in the stack frame, so that words come back at the same address */
        shared_word s = {.word = 0};
        word_waiter jobs[2];
        bask_latch_init(&s.users, h->pool, 2);
        for (int k = 0; k < 2; k++) {
            jobs[k] =
                (word_waiter){{await_in_job, NULL}, h->pool, &s, stress_below(&h->random, 300)};
            bask_pool_submit(h->pool, &jobs[k].job);
        }
        for (uint32_t pause = stress_below(&h->random, 20000); pause; pause--)
            cpu_relax();
        s.value = 42;
        uint32_t former = 0;
        stress_check(word_finish(h->pool, &s.word, WORD_USER, &former), "finished twice");
        stress_check(!word_finish(h->pool, &s.word, WORD_USER, NULL), "finished twice");
        stress_check(!(former & WORD_DONE), "done before it was finished");
        await(h->pool, &s, stress_below(&h->random, 300), true);
        bask_latch_wait(&s.users);
    }
    return NULL;
}

/* ---- children that are stolen for certain ---- */

static void nothing(bask_child *child)
{
    (void)child;
}

/* Forks CHILD, and returns when a thief runs it. */
static void fork_to_thief(bask_child *child, atomic_bool *stolen)
{
    bask_fork(child);
    while (!atomic_load(stolen)) { /* fork and join answer requests */
        bask_child poll = {.run = nothing};
        bask_fork(&poll);
        bask_join(&poll);
    }
}

/* ---- a deep join beside work that only a sleeper can run ---- */

typedef struct deep {
    bask_job job, *late;
    bask_pool *pool;
    bask_latch latch;
    atomic_bool stolen, ran;
    int depth;
} deep;

typedef struct late_job {
    bask_job job;
    deep *deep;
} late_job;

static void run_late(bask_job *job)
{
    atomic_store(&((late_job *)job)->deep->ran, true);
}

typedef struct stolen_child {
    bask_child child;
    deep *deep;
} stolen_child;

/* Submits a job and will not end before somebody else has run it. */
static void hold_until_late(bask_child *child)
{
    deep *d = ((stolen_child *)child)->deep;
    atomic_store(&d->stolen, true);
    for (int i = 0; i < 200; i++)
        sched_yield(); /* so that most often the others are idle, and the joiner joins */
    bask_pool_submit(d->pool, d->late);
    while (!atomic_load(&d->ran))
        sched_yield();
}

static void dive(bask_job *job)
{
    deep *d = (deep *)job;
    if (d->depth-- > 0) { /* a task more on this stack */
        deep below = {.job.run = dive, .pool = d->pool, .late = d->late, .depth = d->depth};
        bask_latch_init(&below.latch, d->pool, 1);
        late_job late = {{run_late, NULL}, &below};
        below.late = &late.job;
        bask_pool_submit(d->pool, &below.job);
        bask_latch_wait(&below.latch);
    } else {
        stolen_child held = {{.run = hold_until_late}, d};
        fork_to_thief(&held.child, &d->stolen);
        bask_join(&held.child);
    }
    bask_latch_down(&d->latch);
}

static void deep_joins(void)
{
    for (int threads = 3; threads <= MOST_WORKERS; threads++) {
        bask_pool *pool = start(threads, -1);
        for (int i = stress_rounds(100); i > 0; i--) {
            deep top = {.job.run = dive, .pool = pool, .depth = 3};
            bask_latch_init(&top.latch, pool, 1);
            bask_pool_submit(pool, &top.job);
            while (!bask_latch_open(&top.latch)) /* without helping */
                sched_yield();
        }
        bask_pool_stop(pool, NULL);
    }
    stress_passed("a deep join leaves work to the sleepers");
}

/* ---- a joiner that must be woken while somebody else is being woken ---- */

typedef struct join_job {
    bask_job job;
    bask_latch latch;
    atomic_bool stolen, go;
} join_job;

typedef struct held_child {
    bask_child child;
    join_job *by;
} held_child;

static void hold_until_go(bask_child *child)
{
    join_job *j = ((held_child *)child)->by;
    atomic_store(&j->stolen, true);
    while (!atomic_load(&j->go))
        cpu_relax();
}

static void join_stolen(bask_job *job)
{
    join_job *j = (join_job *)job;
    held_child held = {{.run = hold_until_go}, j};
    fork_to_thief(&held.child, &j->stolen);
    bask_join(&held.child);
    bask_latch_down(&j->latch);
}

static void wake_beside_wake(void)
{
    bask_pool *pool = start(2, -1);
    for (int i = stress_rounds(20000); i > 0; i--) {
        join_job j = {.job.run = join_stolen};
        bask_latch_init(&j.latch, pool, 1);
        bask_pool_submit(pool, &j.job);
        while (!atomic_load(&j.stolen) || idle_sleepers(atomic_load(&pool->idle)) == 0)
            sched_yield();
        /* one worker is parked for the child that the other runs, and this job calls for a worker */
        atomic_store(&j.go, true);
        burst(pool, 1);
        bask_latch_wait(&j.latch);
    }
    bask_pool_stop(pool, NULL);
    stress_passed("a word is finished while its waiter's wake is under way");
}

/* ---- stop in the middle ---- */

static _Atomic int ran, discarded;

typedef struct chain {
    bask_job job;
    bask_pool *pool;
    int more;
} chain;

/* Runs or discards one job of a chain, each of which submits the next. */
static void run_link(bask_job *job)
{
    chain *c = (chain *)job;
    tree t = {.child.run = grow, .depth = 2};
    grow(&t.child);
    atomic_fetch_add(&ran, 1);
    if (c->more-- > 0)
        bask_pool_submit(c->pool, job);
}

static void discard_link(bask_job *job)
{
    atomic_fetch_add(&discarded, 1 + ((chain *)job)->more);
}

static void stops(bask_job_fn *discard, const char *name)
{
    enum { CHAINS = 5, LINKS = 4 };
    stress_random random = {4711};
    for (int i = stress_rounds(600); i > 0; i--) {
        int threads = (int)stress_below(&random, MOST_WORKERS + 1);
        int64_t spin_ns = stress_below(&random, 2) ? -1 : 20000;
        bask_pool *pool = start(threads ? threads : BASK_NO_THREADS, spin_ns);
        if (stress_below(&random, 2)) /* some have parked, some have not started yet */
            burst(pool, 2);
        atomic_store(&ran, 0);
        atomic_store(&discarded, 0);
        chain chains[CHAINS];
        for (int k = 0; k < CHAINS; k++) {
            chains[k] = (chain){{run_link, NULL}, pool, LINKS - 1};
            bask_pool_submit(pool, &chains[k].job);
        }
        bask_pool_stop(pool, discard);
        stress_check(atomic_load(&ran) + atomic_load(&discarded) == CHAINS * LINKS,
                     "%d ran and %d were discarded of %d", ran, discarded, CHAINS * LINKS);
        stress_check(discard || atomic_load(&discarded) == 0, "discarded in a drain");
    }
    stress_passed(name);
}

int main(void)
{
    stress_plan(8);
    on_pools("bursts of jobs from several hosts", 1500, bursts);
    on_pools("trees of children, joined in any order", 400, trees);
    on_pools("jobs that wait for their children and jobs", 800, waits_in_jobs);
    on_pools("words awaited by workers and hosts, with deadlines", 600, words);
    deep_joins();
    wake_beside_wake();
    stops(NULL, "stop runs what is queued");
    stops(discard_link, "stop discards what has not started");
}

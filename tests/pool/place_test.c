/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/place.h"

#include <criterion/criterion.h>
#include <unistd.h>

static cpu_set_t mask(void)
{
    cpu_set_t now;
    cr_assert_eq(sched_getaffinity(0, sizeof now, &now), 0);
    return now;
}

static bool equal(cpu_set_t a, cpu_set_t b)
{
    return CPU_EQUAL(&a, &b);
}

Test(place, elsewhere_is_any_cpu_but_one_and_anywhere_is_as_before)
{
    worker w = {.cpu = -1, .tid = gettid()};
    cpu_set_t before = mask();
    place_elsewhere(&w);
    cr_assert_eq(w.displaced, CPU_COUNT(&before) > 1);
    cpu_set_t narrowed = mask(), both;
    CPU_AND(&both, &narrowed, &before);
    cr_assert(equal(both, narrowed));
    cr_assert_eq(CPU_COUNT(&narrowed), CPU_COUNT(&before) - w.displaced);
    place_anywhere(&w);
    cr_assert(!w.displaced);
    cr_assert(equal(mask(), before));
}

Test(place, a_single_cpu_pinned_workers_and_seats_are_left_alone)
{
    worker pinned = {.cpu = 0, .tid = gettid()}, seat = {.cpu = -1},
           w = {.cpu = -1, .tid = gettid()};
    cpu_set_t before = mask(), one;
    place_elsewhere(&pinned);
    place_elsewhere(&seat);
    cr_assert(!pinned.displaced && !seat.displaced);
    cr_assert(equal(mask(), before));
    CPU_ZERO(&one);
    CPU_SET((unsigned)sched_getcpu(), &one);
    cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
    place_elsewhere(&w);
    cr_assert(!w.displaced);
    cr_assert(equal(mask(), one));
}

static void *sit_elsewhere(void *arg)
{
    worker *w = arg;
    w->tid = gettid();
    cr_assert_eq(sched_setaffinity(0, sizeof w->inherited, &w->inherited), 0);
    __atomic_store_n(&w->id, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&w->id, __ATOMIC_SEQ_CST) == 1)
        sched_yield();
    return NULL;
}

Test(place, who_is_elsewhere_already_or_gone_is_left_alone)
{
    worker gone = {.cpu = -1, .tid = 1 << 30}, w = {.cpu = -1};
    cpu_set_t all = mask(), one;
    place_elsewhere(&gone);
    cr_assert(!gone.displaced);
    if (CPU_COUNT(&all) < 2)
        return;
    CPU_ZERO(&one);
    CPU_SET((unsigned)sched_getcpu(), &one);
    cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
    CPU_XOR(&w.inherited, &all, &one);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, sit_elsewhere, &w), 0);
    while (__atomic_load_n(&w.id, __ATOMIC_SEQ_CST) == 0)
        sched_yield();
    place_elsewhere(&w);
    cr_assert(!w.displaced);
    __atomic_store_n(&w.id, 2, __ATOMIC_SEQ_CST);
    pthread_join(thread, NULL);
}

typedef struct root {
    bask_job job;
    bask_latch done;
    cpu_set_t seen; /* by a child that another worker ran, if one did */
    bool stolen;
} root;

typedef struct kid {
    bask_child child;
    root *root;
    _Atomic(bask_worker *) ran_on;
} kid;

static void run_kid(bask_child *child)
{
    kid *k = (kid *)child;
    k->root->seen = mask();
    atomic_store(&k->ran_on, bask_self);
}

/* Its child is public at once, so the other worker is woken for it. */
static void run_root(bask_job *job)
{
    root *r = (root *)job;
    kid k = {.child.run = run_kid, .root = r};
    bask_fork(&k.child);
    while (!atomic_load(&k.ran_on))
        sched_yield();
    bask_join(&k.child);
    r->stolen = atomic_load(&k.ran_on) != bask_self;
    bask_latch_down(&r->done);
}

Test(place, a_woken_worker_has_its_mask_again_before_it_runs_anything)
{
    cpu_set_t before = mask();
    bask_pool_options o = {.size = sizeof o, .threads = 2, .spin_ns = -1};
    bask_pool *pool;
    cr_assert_eq(bask_pool_start(&o, &pool), BASK_OK);
    for (int i = 0; i < 100; i++) {
        root r = {.job.run = run_root};
        bask_latch_init(&r.done, pool, 1);
        bask_pool_submit(pool, &r.job);
        bask_latch_wait(&r.done);
        cr_assert(r.stolen);
        cr_assert(equal(r.seen, before));
    }
    bask_pool_stop(pool, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker does all day: run its own work, pull roots, search, steal, park. */
#include "pool/worker.h"

#include "base/clock.h"
#include "pool/inbox.h"
#include "pool/sleep.h"
#include "pool/source.h"
#include "pool/spare.h"
#include "pool/word.h"
#include <string.h>

/* Joins on a deeper stack than this wait for the thief instead of taking more foreign work. */
#ifdef BASK_TINY
enum { WORKER_DEEP = 2 };
#else
enum { WORKER_DEEP = 64 };
#endif

bask_worker worker_nobody = {.newest = NULL, .request = 1};

__thread bask_worker *bask_self __attribute__((tls_model("initial-exec"))) = &worker_nobody;
__thread struct bask_task *task_current __attribute__((tls_model("initial-exec")));

/* A child has no pools: the thread that forked is no worker there, whatever it was. */
static void in_child(void)
{
    bask_self = &worker_nobody;
    task_current = NULL;
}

__attribute__((constructor)) static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, in_child);
}

bool worker_init(worker *w, bask_pool *pool, int id)
{
    memset(w, 0, sizeof *w);
    w->pool = pool;
    w->id = id;
    w->cpu = -1;
    w->width.threads = pool->inner;
    w->chunk = 1;
    thief_init(&w->thief);
    w->patience = pool->spin_ns;
    w->random = 2654435761u * (uint32_t)(id + 2) | 1;
    bins_init(&w->bins, pool->budget->kept);
    return deque_init(&w->deque);
}

void worker_free(worker *w)
{
    bins_free(&w->bins);
    deque_free(&w->deque);
}

void worker_execute(worker *w, item x)
{
    void *place = (void *)(x & ~(item)ITEM_TAG);
    struct bask_task *task = task_current;
    w->nest++;
    task_current = NULL; /* what follows is no part of it */
    switch (x & ITEM_TAG) {
    case ITEM_CELL:
        ((cell_block *)cell_block_of(place))->run(w, place);
        break;
    case ITEM_CHILD: {
        bask_child *child = place;
        bask_pool *pool = ((worker *)child->owner)->pool;
        counter_add(&w->tasks, 1);
        if (child->owner != &w->face)
            worker_share_first(w);
        child->run(child);
        word_finish(pool, &child->word, 0, NULL);
        break;
    }
    default: {
        bask_job *job = place;
        counter_add(&w->tasks, 1);
        worker_share_first(w);
        job->run(job);
    }
    }
    task_current = task;
    w->nest--;
}

void worker_push(worker *w, item x)
{
    if (!deque_reserve(&w->deque, 1)) { /* memory is short */
        if ((x & ITEM_TAG) == ITEM_JOB)
            inbox_push(w->pool, (bask_job *)x); /* the caller may hold a lock that it needs */
        else
            worker_execute(w, x);
        return;
    }
    deque_lay(&w->deque, 0, x);
    deque_publish(&w->deque, 1);
    sleep_notify(w->pool);
}

/* It was NOW at some time in this search. */
static item steal(worker *w, int64_t now)
{
    bask_pool *pool = w->pool;
    w->random ^= w->random << 13, w->random ^= w->random >> 17, w->random ^= w->random << 5;
    worker *first = pool->nworkers ? &pool->workers[w->random % (uint32_t)pool->nworkers] : NULL;
    worker *v = first;
    do {
        if (v && v != w) {
            item x = deque_steal(&v->deque);
            /* ask for more in time: also when this took the last piece */
            if (thief_may_ask(&w->thief, now) && !deque_nonempty(&v->deque) &&
                atomic_load_explicit(&v->face.request, memory_order_relaxed) == 0) {
                atomic_store_explicit(&v->face.request, 1, memory_order_seq_cst);
                thief_has_asked(&w->thief, clock_ns());
            }
            if (x) {
                counter_add(&w->steals, 1);
                return x;
            }
            counter_add(&w->failed_steals, 1);
        }
        v = pool_next(pool, v);
        if (!v && first)
            v = pool_next(pool, NULL);
    } while (v != first);
    return 0;
}

bool pool_has_work(bask_pool *pool)
{
    if (inbox_nonempty(pool) || source_waiting(pool) || bands_nonempty(&pool->bands))
        return true;
    for (worker *v = NULL; (v = pool_next(pool, v));)
        if (deque_nonempty(&v->deque))
            return true;
    return false;
}

static bool over(worker *w, _Atomic uint32_t *until, int flags)
{
    if (until)
        return word_done(until);
    if (flags & WORKER_SPARE && spare_retires(w->pool))
        return true;
    return atomic_load_explicit(&w->pool->stopping, memory_order_relaxed) &&
           !pool_has_work(w->pool);
}

/* One item, or a range of roots. */
typedef struct find {
    item x; /* 0: none */
    bool stolen;
    source_range range;
} find;

/* Nodes of graphs are not what thieves ask for, and may be shorter than two looks at the clock. */
static bool pays(const find *f)
{
    return f->stolen && (f->x & ITEM_TAG) != ITEM_CELL;
}

static void run_find(worker *w, const find *f)
{
    if (pays(f)) {
        int64_t start = clock_ns();
        worker_execute(w, f->x);
        thief_earns(&w->thief, clock_ns() - start);
    } else if (f->x) {
        worker_execute(w, f->x);
    } else {
        source_run(&f->range, w);
    }
}

/* Jobs come without a tag: ITEM_JOB. */
static bool take_urgent(worker *w, find *f)
{
    return (f->x = (item)bands_urgent(&w->pool->bands)) != 0;
}

static bool take_outside(worker *w, find *f)
{
    return take_urgent(w, f) || (f->x = inbox_take(w)) ||
           source_claim(w->pool, w, false, &f->range);
}

/* Looks for work, parking where there is none. False: it is over. Others rely on a searcher, so it
 * must take what it finds; and it takes it before it leaves, or the last searcher would wake
 * somebody for it. */
static bool search(worker *w, _Atomic uint32_t *until, int64_t deadline, int flags, find *f)
{
    bask_pool *pool = w->pool;
    int64_t start = 0, now = 0;
    bool found = false;
    sleep_search(w);
    for (unsigned round = 0;; round++) {
        if (over(w, until, flags))
            break;
        if ((found = (!(flags & WORKER_PICKY) && take_urgent(w, f)) || (f->x = inbox_take(w))) ||
            (flags & WORKER_PICKY && (source_waiting(pool) || bands_nonempty(&pool->bands))))
            break;
        if ((found = (!(flags & WORKER_PICKY) && source_claim(pool, w, false, &f->range)) ||
                     (f->stolen = (f->x = steal(w, now)) != 0))) {
            w->patience = pool->spin_ns; /* several are at work: more will follow */
            break;
        }
        if ((found = !(flags & WORKER_PICKY) && (f->x = (item)bands_leisure(&pool->bands)) != 0))
            break;
        if (!(flags & WORKER_PICKY) && source_held(pool) && sleep_leave_alone(pool)) {
            if (source_claim(pool, w, true, &f->range))
                return true;
            sleep_search(w); /* somebody else has taken it */
        }
        cpu_relax();
        if (round % 16 != 0) /* the clock costs as much as a few looks */
            continue;
        now = clock_ns();
        if (now >= deadline)
            break;
        if (start == 0)
            start = now;
        if (now - start < w->patience)
            continue;
        if (flags & WORKER_HELPER)
            break;
        sleep_park(w, until, deadline);
        start = 0;
    }
    sleep_leave(pool, IDLE_SEARCHER);
    return found;
}

/* Every so often a worker that waits for nothing looks outside first, or work that goes on submitting
 * more of its kind would keep everybody else's from it. */
static bool outside_first(worker *w, find *f)
{
    enum { OUTSIDE_TURN = 64 };
    return ++w->turns % OUTSIDE_TURN == 0 && take_outside(w, f);
}

void worker_run(worker *w, _Atomic uint32_t *until, int64_t deadline, int flags)
{
    while (!until || !word_done(until)) {
        find f = {0};
        if (flags & WORKER_SPARE && spare_retires(w->pool))
            return;
        bool found = !until && (take_urgent(w, &f) || outside_first(w, &f));
        /* private children first: who waits must not keep them from the others */
        if (!found && w->face.newest)
            found = (f.x = fork_take(w));
        if (!found)
            found = (f.x = deque_take(&w->deque));
        if (!found && flags & WORKER_JOIN && w->nest >= WORKER_DEEP) {
            sleep_block(w->pool, until, deadline); /* as if in a long leaf */
            return;
        }
        if (!found && !take_outside(w, &f) && !search(w, until, deadline, flags, &f))
            return;
        run_find(w, &f);
        if (deadline != INT64_MAX && clock_ns() >= deadline)
            return;
    }
}

/* ---- in the midst of a task ---- */

static bool is_nothing(const wanted *self, item x)
{
    (void)self, (void)x;
    return false;
}
const wanted wanted_nothing = {is_nothing};

void worker_let_go(worker *w)
{
    fork_release(w);
    for (held *h; (h = w->held);) {
        w->held = h->below;
        h->gone = true;
        h->let_go(h, w);
    }
}

/* Takes X back out of F, and puts it where it was, if it is not wanted. */
static bool keep_wanted(worker *w, const wanted *only, find *f)
{
    if (f->x && !only->is(only, f->x)) {
        worker_push(w, f->x);
        f->x = 0;
    }
    return f->x != 0;
}

static bool find_wanted(worker *w, _Atomic uint32_t *until, int64_t deadline, const wanted *only,
                        find *f)
{
    if (!w->guarded) {
        if ((w->face.newest && (f->x = fork_take(w))) || (f->x = deque_take(&w->deque)))
            if (keep_wanted(w, only, f))
                return true;
    }
    worker_let_go(w);
    if (w->guarded || deque_nonempty(&w->deque))
        return false;
    (void)search(w, until, deadline, WORKER_PICKY, f);
    return keep_wanted(w, only, f);
}

void worker_wait(worker *w, _Atomic uint32_t *until, int64_t deadline, const wanted *only)
{
    bask_pool *pool = w->pool;
    if (w->blocking) { /* it has lent its place already */
        worker_let_go(w);
        word_block(pool, until, deadline);
        return;
    }
    if (pool->nworkers == 0) {
        worker_run(w, until, deadline, 0);
        return;
    }
    while (!word_done(until) && (deadline == INT64_MAX || clock_ns() < deadline)) {
        find f = {0};
        if (find_wanted(w, until, deadline, only, &f)) {
            int64_t start = f.stolen ? clock_ns() : 0;
            spare_execute(w, f.x);
            if (f.stolen)
                thief_earns(&w->thief, clock_ns() - start);
        } else if (!word_done(until) && !(pool->nworkers > 1 && word_look(pool, until, deadline)) &&
                   !spare_block(pool, until, deadline)) {
            worker_run(w, until, deadline, 0);
        }
    }
}

void worker_join(worker *w, _Atomic uint32_t *until, const wanted *only)
{
    worker_wait(w, until, INT64_MAX, w->nest < WORKER_DEEP ? only : &wanted_nothing);
}

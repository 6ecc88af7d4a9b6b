/* SPDX-License-Identifier: Apache-2.0 */
/* Workers and the pool that holds them: the data that all files of this layer share. */
#ifndef BASK_POOL_WORKER_H
#define BASK_POOL_WORKER_H

#include "pool/band.h"
#include "pool/budget.h"
#include "pool/cell.h"
#include "pool/deque.h"
#include "pool/thief.h"
#include <bask/pool.h>
#include <pthread.h>
#include <sched.h>
#include <sys/types.h>

/* Statistics are written by one thread and read by any: relaxed, no ordering wanted. */
typedef _Atomic uint64_t counter;

static inline void counter_add(counter *c, uint64_t n)
{
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

typedef struct held held;

/* How many threads OpenMP and BLAS may use in what a thread runs, and how many sleepers that keeps
 * asleep. */
typedef struct width {
    int threads, sleepers;
} width;

/*
 * A worker: a thread of the pool, or a seat that a helping host thread or a spare holds for a while.
 * Fields are the owner's unless they say otherwise.
 */
struct worker {
    bask_worker face; /* the private list and the request word; first, so that the two convert */
    bask_pool *pool;
    int id;
    unsigned nest;          /* tasks on this thread's stack */
    unsigned turns;         /* of worker_run's loop, while it waits for nothing */
    uint32_t random;        /* state of a xorshift generator: where a search begins */
    int64_t patience;       /* how long its next search lasts before it parks: sleep.c */
    uint64_t chunk;         /* sources: how many roots the last claim took, */
    int64_t chunk_start;    /* and when */
    _Atomic(worker *) next; /* seats: the list of all; not written any more once it is public */
    atomic_bool taken;      /* seats: a host thread holds it (CAS acquire, store release) */
    thief thief;
    deque deque;
    /* 1 while parked, 2 while it is being woken by whoever turned it from 1, else 0 (sleep.c). A
     * futex word. */
    _Alignas(128) _Atomic uint32_t parked;
    /* the word that a parked worker waits for; written by the owner before it parks, read by
     * word_finish, which compares addresses only */
    _Atomic(_Atomic uint32_t *) waiting_for;
    counter tasks, steals, failed_steals, parks, wakes;
    ledger ledger; /* of the results that it makes and frees */
    bins bins;     /* freed blocks */
    pthread_t thread;
    int cpu;   /* to be bound to, -1: none */
    pid_t tid; /* as the system knows it; 0: a seat */
    /* place.c: the affinity is narrowed, from what it was, until the worker runs. The waker's while
     * `parked` is 2, else the owner's */
    bool displaced;
    cpu_set_t inherited;
    width width;       /* of what it runs now */
    held *held;        /* innermost first */
    unsigned blocking; /* sections that it is in: blocking.h; ... */
    bool lent;         /* ... a spare works in its place meanwhile */
    unsigned guarded;  /* the running task wants nothing to run on top of it while it waits */
};

typedef struct source source;
typedef struct spare spare;

/*
 * Work that a frame on a worker's stack has taken and not begun, such as a range of roots. When a task
 * above that frame comes to wait, others must be able to have it: the task may wait for it.
 */
struct held {
    held *below;                        /* on the same stack */
    void (*let_go)(held *h, worker *w); /* makes it public; called once, by its own thread */
    bool gone;                          /* ... and was */
};

struct bask_pool {
    int nworkers;
    int team;  /* without workers: how many threads are to run its work, where that is known */
    int inner; /* threads of OpenMP and BLAS inside what a worker runs; 0: they are left alone */
    worker *workers;
    int64_t spin_ns;
    char name[16];
    _Alignas(128) _Atomic uint64_t idle;     /* searchers, sleepers, helpers: sleep.c */
    _Alignas(128) _Atomic(bask_job *) inbox; /* injected jobs, newest first: inbox.h */
    _Alignas(128) _Atomic uint64_t nsources; /* sources that may have roots to claim, */
    _Atomic uint64_t nheld;                  /* and those whose roots may be held back */
    _Atomic uint64_t blocked; /* workers in sleep_block; seq_cst, as the idle word: sleep.c, (e) */
    bands bands;
    pthread_mutex_t sources_lock; /* guards the list below and every claim */
    source *first_source, *last_source;
    _Atomic(worker *) seats;    /* grows only; for host threads that help */
    pthread_mutex_t seats_lock; /* guards the next two */
    worker *spare_seats;        /* of which nobody has taken one yet */
    int nseats;                 /* these and those in `seats` */
    /* Spares that work, or are called: they count as workers do. seq_cst, with `blocked` */
    _Atomic uint64_t spares;
    _Atomic uint64_t surplus;    /* of these: how many whose worker is back; relaxed, a count */
    pthread_mutex_t spares_lock; /* guards the next two: spare.c */
    spare *all_spares, *resting;
    size_t stack_size;    /* of its threads; 0: the system's default */
    atomic_bool stopping; /* seq_cst: pairs with a parker's last look */
    budget *budget;
};

extern bask_worker worker_nobody; /* what bask_self points to on threads that are no workers */

/* What runs on this thread now (graph/task.h); the pool only keeps track of it. All private children
 * of a worker were forked by its current task: who sets another one calls fork_release first. */
extern __thread struct bask_task *task_current __attribute__((tls_model("initial-exec")));

bool worker_init(worker *w, bask_pool *pool, int id); /* false: memory is short */
void worker_free(worker *w);

/* The calling thread's worker if it is one of POOL's, else NULL. */
static inline worker *worker_self(const bask_pool *pool)
{
    worker *w = (worker *)bask_self;
    return bask_self != &worker_nobody && w->pool == pool ? w : NULL;
}

/* Owner: queues one item where others can steal it, and wakes a sleeper if that is called for. */
void worker_push(worker *w, item x);

/* Runs one item that was taken from a deque. */
void worker_execute(worker *w, item x);

/* The first child that is forked from now on goes public at once: it is the largest, most likely, and
 * its owner may sit in a long leaf later. */
static inline void worker_share_first(worker *w)
{
    if (w->pool->nworkers != 1)
        atomic_store_explicit(&w->face.request, 1, memory_order_relaxed);
}

/* The pool has counted a job that is no task, but only carries some. */
static inline void worker_uncount_job(worker *w)
{
    counter_add(&w->tasks, (uint64_t)-1);
}

/* Owner: the newest private child, to be run like a public one; 0 when there is none (any more). */
item fork_take(worker *w);
/* Is CHILD, which was joined out of order, the caller's to run: still private, though maybe below newer
 * ones, or the caller no worker? Then it is private no more. */
bool fork_take_back(bask_worker *self, const bask_child *child);
/* Owner: makes all private children public. */
void fork_release(worker *w);

/* True once when a thief wants work that W holds privately (and clears the request). */
static inline bool worker_asked(worker *w)
{
    if (atomic_load_explicit(&w->face.request, memory_order_relaxed) == 0)
        return false;
    /* seq_cst exchange: sees the last request, so its writer's entry in the idle word is visible to
     * the sleep_notify that follows the publication */
    return atomic_exchange_explicit(&w->face.request, 0, memory_order_seq_cst) != 0;
}

/*
 * Runs work until *UNTIL has WORD_DONE, the DEADLINE (clock_ns) has passed or, with UNTIL NULL, the
 * pool stops. JOIN: what is waited for is being run by another worker, so deep stacks need not
 * help. HELPER: a host thread's seat, which returns instead of parking when nothing is to be found.
 * SPARE: it ends also when there is a spare too many. PICKY: for worker_wait only.
 */
enum { WORKER_JOIN = 1, WORKER_HELPER = 2, WORKER_SPARE = 4, WORKER_PICKY = 8 };
void worker_run(worker *w, _Atomic uint32_t *until, int64_t deadline, int flags);

static inline void worker_hold(worker *w, held *h)
{
    h->below = w->held;
    w->held = h;
}
static inline void worker_drop(worker *w, const held *h)
{
    if (!h->gone)
        w->held = h->below;
}
/* Makes public all that W's stack holds. */
void worker_let_go(worker *w);

/* What may run on top of a task that waits: that which it waits for needs it. */
typedef struct wanted wanted;
struct wanted {
    bool (*is)(const wanted *self, item x);
};
extern const wanted wanted_nothing;

/*
 * The same for a task that waits for something of which only ONLY is a part: nothing else runs on top of
 * it. Where there is other work, a spare does it meanwhile; and where there is none either, W does, as
 * worker_run. In zero-worker mode there are no spares, and W runs everything.
 */
void worker_wait(worker *w, _Atomic uint32_t *until, int64_t deadline, const wanted *only);
/* The same for a join: on a deep stack nothing runs on top of it at all. */
void worker_join(worker *w, _Atomic uint32_t *until, const wanted *only);

/* Is there anything that a searcher could find now? seq_cst loads: a parker's last look. */
bool pool_has_work(bask_pool *pool);

/* The workers and then the seats, one after the other: for (v = NULL; (v = pool_next(pool, v));) */
static inline worker *pool_next(bask_pool *pool, worker *v)
{
    if (!v && pool->nworkers > 0)
        return pool->workers;
    if (v && v->id >= 0 && v->id + 1 < pool->nworkers)
        return v + 1;
    /* pairs with the CAS that made the seat public; seq_cst: a parker that does not see a seat has
     * done P1 before that seat's first look at the idle word (sleep.c, a and c) */
    return atomic_load_explicit(v && v->id < 0 ? &v->next : &pool->seats, memory_order_seq_cst);
}

static inline void cpu_relax(void)
{
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("yield");
#endif
}

#endif

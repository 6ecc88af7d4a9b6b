/* SPDX-License-Identifier: Apache-2.0 */
/* Starting, feeding and stopping a pool. */
#include "base/service.h"
#include "base/status.h"
#include "pool/inbox.h"
#include "pool/inner.h"
#include "pool/seat.h"
#include "pool/spare.h"
#include "pool/stack.h"
#include "pool/topology.h"
#include "pool/word.h"
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* How long a worker searches before it parks: about what it costs to be woken, so that searching
 * longer cannot pay. On a single CPU it only keeps off who would bring work. */
static int64_t default_spin(void)
{
    return topology_cpus() > 1 ? 50000 : 0;
}

static void *worker_main(void *arg)
{
    worker *w = arg;
    bask_self = &w->face;
    w->tid = gettid();
    if (w->cpu >= 0)
        topology_bind(w->cpu);
    char name[32];
    snprintf(name, sizeof name, "%.10s-%d", w->pool->name, w->id);
    name[15] = '\0';
    pthread_setname_np(pthread_self(), name);
    inner_apply(w);
    stack_measure();
    worker_run(w, NULL, INT64_MAX, 0);
    return NULL;
}

static bask_status options_check(const bask_pool_options *o)
{
    if (o->size != sizeof *o)
        return status_set(BASK_EINVAL, "bask_pool_options.size is %zu, not %zu: set it to sizeof",
                          o->size, sizeof *o);
    if (o->threads < BASK_NO_THREADS || o->threads > 1 << 20)
        return status_set(BASK_EINVAL, "bask_pool_options.threads is %d, not -1 to %d", o->threads,
                          1 << 20);
    if (o->inner_threads < BASK_LEAVE_ALONE)
        return status_set(BASK_EINVAL, "bask_pool_options.inner_threads is %d", o->inner_threads);
    return BASK_OK;
}

static int inner_of(const bask_pool_options *o, int workers)
{
    if (o->inner_threads == BASK_LEAVE_ALONE || (o->inner_threads == 0 && workers == 0))
        return 0;
    return o->inner_threads ? o->inner_threads : inner_default(workers);
}

static void pool_free(bask_pool *pool)
{
    int64_t results = 0;
    for (worker *v = NULL; (v = pool_next(pool, v));)
        results += v->ledger.results;
    for (int i = 0; i < pool->nworkers; i++)
        worker_free(&pool->workers[i]);
    free(pool->workers);
    seats_free(pool);
    pthread_mutex_destroy(&pool->bands.lock);
    pthread_mutex_destroy(&pool->sources_lock);
    pthread_mutex_destroy(&pool->spares_lock);
    if (pool->budget)
        budget_close(pool->budget, results);
    free(pool);
}

/* Tells the first N workers to end once nothing is left to do, and waits for them. */
static void join_workers(bask_pool *pool, int n)
{
    atomic_store_explicit(&pool->stopping, true, memory_order_seq_cst); /* pairs with P3 */
    for (int i = 0; i < n; i++)
        sleep_wake(&pool->workers[i]);
    for (int i = 0; i < n; i++)
        pthread_join(pool->workers[i].thread, NULL);
}

static bask_status start_threads(bask_pool *pool, size_t stack_size)
{
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    int error = stack_size ? pthread_attr_setstacksize(&attr, stack_size) : 0;
    if (error) {
        pthread_attr_destroy(&attr);
        return status_set(BASK_EINVAL, "a worker's stack cannot have %zu bytes: %s", stack_size,
                          strerror(error));
    }
    sigset_t before;
    service_block_signals(&before);
    int started = 0;
    while (started < pool->nworkers && !error) {
        worker *w = &pool->workers[started];
        error = pthread_create(&w->thread, &attr, worker_main, w);
        started += !error;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (!error)
        return BASK_OK;
    join_workers(pool, started);
    return status_set(BASK_ESYSTEM, "worker thread %d of %d could not be started: %s", started + 1,
                      pool->nworkers, strerror(error));
}

static bask_status place_workers(bask_pool *pool)
{
    int *cpus = malloc((size_t)pool->nworkers * sizeof *cpus);
    if (!cpus)
        return status_set(BASK_ENOMEM, "no memory to place %d workers", pool->nworkers);
    bask_status status = topology_place(pool->nworkers, cpus);
    for (int i = 0; status == BASK_OK && i < pool->nworkers; i++)
        pool->workers[i].cpu = cpus[i];
    free(cpus);
    return status;
}

bask_status bask_pool_start(const bask_pool_options *options, bask_pool **result)
{
    bask_pool_options o = {.size = sizeof o};
    if (!result)
        return status_set(BASK_EINVAL, "bask_pool_start: pool is NULL");
    *result = NULL;
    if (options)
        o = *options;
    bask_status status = options_check(&o);
    if (status != BASK_OK)
        return status;
    int n = o.threads == BASK_NO_THREADS ? 0 : o.threads ? o.threads : bask_default_threads();
    bask_pool *pool = aligned_alloc(_Alignof(bask_pool), sizeof *pool);
    if (!pool)
        return status_set(BASK_ENOMEM, "no memory for a pool");
    memset(pool, 0, sizeof *pool);
    pthread_mutex_init(&pool->bands.lock, NULL);
    pthread_mutex_init(&pool->sources_lock, NULL);
    pthread_mutex_init(&pool->seats_lock, NULL);
    pthread_mutex_init(&pool->spares_lock, NULL);
    pool->stack_size = o.stack_size;
    pool->spin_ns = o.spin_ns > 0 ? o.spin_ns : o.spin_ns < 0 ? 0 : default_spin();
    snprintf(pool->name, sizeof pool->name, "%.10s", o.name ? o.name : "bask");
    pool->budget = budget_new(pool, n, o.memory_limit);
    pool->inner = inner_of(&o, n);
    if (n > 0)
        pool->workers = aligned_alloc(_Alignof(worker), (size_t)n * sizeof(worker));
    bool ok = pool->budget && (n == 0 || pool->workers);
    while (ok && pool->nworkers < n)
        ok = worker_init(&pool->workers[pool->nworkers], pool, pool->nworkers) && ++pool->nworkers;
    if (ok && n == 0)
        ok = seats_provide(pool, 1); /* who waits must always be able to run what it waits for */
    if (!ok)
        status = status_set(BASK_ENOMEM, "no memory for a pool of %d workers", n);
    if (status == BASK_OK && o.pin && n > 0)
        status = place_workers(pool);
    if (status == BASK_OK)
        status = start_threads(pool, o.stack_size);
    if (status != BASK_OK) {
        pool_free(pool);
        return status;
    }
    inner_begin(pool);
    *result = pool;
    return BASK_OK;
}

/* Takes everything that is queued; the workers find nothing to start any more. */
static void discard_queued(bask_pool *pool, bask_job_fn *discard)
{
    bask_job *job = atomic_exchange_explicit(&pool->inbox, NULL, memory_order_seq_cst);
    while (job) {
        bask_job *next = job->next;
        discard(job);
        job = next;
    }
    while ((job = bands_urgent(&pool->bands)) || (job = bands_leisure(&pool->bands)))
        discard(job);
    for (worker *v = NULL; (v = pool_next(pool, v));)
        for (item x; (x = deque_steal(&v->deque)) || deque_nonempty(&v->deque);) {
            if (!x)
                continue; /* another thread was faster */
            if ((x & ITEM_TAG) == ITEM_JOB)
                discard((bask_job *)x);
            else if ((x & ITEM_TAG) == ITEM_CHILD) {
                /* its forker waits for it, so it belongs to running work */
                bask_child *child = (bask_child *)(x & ~(item)ITEM_TAG);
                child->run(child);
                word_finish(pool, &child->word, 0, NULL);
            } /* no cells: whoever runs graphs ends its runs before it stops the pool */
        }
}

void bask_pool_stop(bask_pool *pool, bask_job_fn *discard)
{
    if (!pool)
        return;
    if (discard)
        discard_queued(pool, discard);
    if (pool->nworkers > 0) {
        join_workers(pool, pool->nworkers);
        spares_stop(pool);
    } else if (!discard && pool_has_work(pool)) {
        /* zero-worker mode: the caller drains, on a seat, as a worker of a stopping pool would */
        atomic_store_explicit(&pool->stopping, true, memory_order_seq_cst);
        (void)seat_help(pool, NULL, INT64_MAX); /* a seat is free: nobody else uses the pool */
    }
    /* what running jobs have queued has been run, or a worker or spare would not have ended; without
     * any there may be what DISCARD has submitted itself */
    if (discard)
        discard_queued(pool, discard);
    inner_end(pool);
    pool_free(pool);
}

int bask_pool_threads(const bask_pool *pool)
{
    return pool->nworkers;
}

void bask_pool_submit(bask_pool *pool, bask_job *job)
{
    worker *self = worker_self(pool);
    if (self)
        worker_push(self, (item)job | ITEM_JOB);
    else if (inbox_push(pool, job))
        seat_note_wake();
}

void bask_pool_get_stats(const bask_pool *pool, bask_pool_stats *stats)
{
    memset(stats, 0, sizeof *stats);
    stats->workers = (uint64_t)pool->nworkers;
    budget_stats(pool, stats);
    for (worker *v = NULL; (v = pool_next((bask_pool *)pool, v));) {
        stats->tasks += atomic_load_explicit(&v->tasks, memory_order_relaxed);
        stats->steals += atomic_load_explicit(&v->steals, memory_order_relaxed);
        stats->failed_steals += atomic_load_explicit(&v->failed_steals, memory_order_relaxed);
        stats->parks += atomic_load_explicit(&v->parks, memory_order_relaxed);
        stats->wakes += atomic_load_explicit(&v->wakes, memory_order_relaxed);
    }
}

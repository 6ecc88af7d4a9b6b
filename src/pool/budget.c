/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/budget.h"

#include "base/process.h"
#include "pool/sleep.h"
#include "pool/source.h"
#include <stdlib.h>

/* What the pool counts as among the results. */
#define THE_POOL (INT64_MAX / 2)

#ifdef __has_feature
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif
#if defined __SANITIZE_ADDRESS__ || HAS_FEATURE(address_sanitizer)
enum { KEEPS_BLOCKS = 0 }; /* a use after the free would go unseen */
#else
enum { KEEPS_BLOCKS = 1 };
#endif

budget *budget_new(bask_pool *pool, int threads, size_t limit)
{
    budget *b = aligned_alloc(_Alignof(budget), sizeof *b);
    if (!b)
        return NULL;
    size_t n = threads > 0 ? (size_t)threads : 1;
    size_t slack = limit ? limit / (8 * n) : BUDGET_SLACK;
    size_t kept = limit ? limit / (4 * n) : BUDGET_KEPT; /* less than the results that it holds */
    *b = (budget){.pool = pool, .limit = limit && limit < INT64_MAX ? (int64_t)limit : INT64_MAX};
    b->process = process_number();
    b->slack = (int64_t)(slack < BUDGET_SLACK ? slack : BUDGET_SLACK);
    if (KEEPS_BLOCKS && threads > 0)
        b->kept = kept < BUDGET_KEPT ? kept : BUDGET_KEPT;
    depot_init(&b->depot, b->kept * n);
    pthread_mutex_init(&b->lock, NULL);
    atomic_store_explicit(&b->others, THE_POOL, memory_order_relaxed);
    return b;
}

/* So many results that were counted as the others' are gone. */
static void forget(budget *b, int64_t results)
{
    /* acq_rel: whoever takes the last sees what all others did with B */
    if (atomic_fetch_sub_explicit(&b->others, results, memory_order_acq_rel) != results)
        return;
    depot_free(&b->depot);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

void budget_close(budget *b, int64_t results)
{
    pthread_mutex_lock(&b->lock);
    b->pool = NULL;
    pthread_mutex_unlock(&b->lock);
    depot_close(&b->depot);
    forget(b, THE_POOL - results);
}

/* Roots may be claimed again: somebody may sleep who would. */
static void call_for_roots(budget *b)
{
    pthread_mutex_lock(&b->lock); /* the pool does not stop meanwhile */
    if (b->pool && source_waiting(b->pool))
        sleep_notify(b->pool);
    pthread_mutex_unlock(&b->lock);
}

/* HIGH is the most that N was on its way. */
static void carry_over(budget *b, int64_t n, int64_t high)
{
    /* seq_cst: visible to a parker's last look, or that parker is visible to sleep_notify */
    int64_t before = atomic_fetch_add_explicit(&b->bytes, n, memory_order_seq_cst);
    int64_t peak = atomic_load_explicit(&b->peak, memory_order_relaxed);
    while (peak < before + high &&
           !atomic_compare_exchange_weak_explicit(&b->peak, &peak, before + high,
                                                  memory_order_relaxed, memory_order_relaxed))
        ;
    if (before > b->limit && before + n <= b->limit)
        call_for_roots(b);
}

static worker *own_worker(const budget *b)
{
    worker *w = (worker *)bask_self;
    return bask_self != &worker_nobody && w->pool->budget == b ? w : NULL;
}

static void enter(budget *b, ledger *l, int64_t n)
{
    int64_t bytes = atomic_load_explicit(&l->bytes, memory_order_relaxed) + n;
    int64_t high = atomic_load_explicit(&l->high, memory_order_relaxed);
    if (bytes > high)
        high = bytes;
    if (bytes > b->slack || bytes < -b->slack) {
        carry_over(b, bytes, high);
        bytes = high = 0;
    }
    atomic_store_explicit(&l->bytes, bytes, memory_order_relaxed);
    atomic_store_explicit(&l->high, high, memory_order_relaxed);
}

void budget_charge(budget *b, size_t bytes)
{
    worker *w = own_worker(b);
    if (w) {
        w->ledger.results++;
        enter(b, &w->ledger, (int64_t)bytes);
    } else {
        atomic_fetch_add_explicit(&b->others, 1, memory_order_relaxed);
        carry_over(b, (int64_t)bytes, (int64_t)bytes);
    }
}

void budget_discharge(budget *b, size_t bytes)
{
    worker *w = own_worker(b);
    if (w) {
        w->ledger.results--;
        enter(b, &w->ledger, -(int64_t)bytes);
    } else {
        carry_over(b, -(int64_t)bytes, 0);
        forget(b, 1);
    }
}

void budget_stats(const bask_pool *pool, bask_pool_stats *stats)
{
    const budget *b = pool->budget;
    int64_t bytes = atomic_load_explicit(&b->bytes, memory_order_relaxed), high = bytes;
    for (worker *v = NULL; (v = pool_next((bask_pool *)pool, v));) {
        bytes += atomic_load_explicit(&v->ledger.bytes, memory_order_relaxed);
        high += atomic_load_explicit(&v->ledger.high, memory_order_relaxed);
    }
    int64_t peak = atomic_load_explicit(&b->peak, memory_order_relaxed);
    stats->live_bytes = bytes > 0 ? (uint64_t)bytes : 0;
    stats->peak_bytes = (uint64_t)(peak > high ? peak : high);
}

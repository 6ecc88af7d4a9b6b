/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/source.h"

#include "base/clock.h"
#include "pool/seat.h"
#include <stdlib.h>

enum { SOURCE_RANGE_NS = 20000, SOURCE_MAX_CHUNK = 1 << 15 };

static _Atomic uint64_t *count_of(bask_pool *pool, const source *s)
{
    return s->held ? &pool->nheld : &pool->nsources;
}

/* Under the lock. */
static void list(bask_pool *pool, source *s, bool first)
{
    if (!pool->first_source || first) {
        s->next = pool->first_source;
        pool->first_source = s;
    } else {
        pool->last_source->next = s;
    }
    if (!s->next)
        pool->last_source = s;
    /* visible work, then notify: pairs with a parker's P1, P3 */
    atomic_fetch_add_explicit(count_of(pool, s), 1, memory_order_seq_cst);
}

/* Returns whether that woke one. */
static bool call_claimers(bask_pool *pool)
{
    return source_waiting(pool) && sleep_notify(pool);
}

void source_offer(bask_pool *pool, source *s)
{
    s->next = NULL;
    pthread_mutex_lock(&pool->sources_lock);
    list(pool, s, false);
    pthread_mutex_unlock(&pool->sources_lock);
    if (call_claimers(pool))
        seat_note_wake();
}

bool source_give_back(bask_pool *pool, source *s, uint64_t from, uint64_t to)
{
    if (budget_open(pool->budget))
        return false;
    source_rest *rest = malloc(sizeof *rest);
    if (!rest)
        return false;
    pthread_mutex_lock(&pool->sources_lock);
    bool listed = s->cursor < s->end || s->rests;
    *rest = (source_rest){s->rests, from, to};
    s->rests = rest;
    if (!listed) /* first: who waits for a run in the midst of a task finishes that before others */
        list(pool, s, true);
    pthread_mutex_unlock(&pool->sources_lock);
    call_claimers(pool);
    return true;
}

/* How many to take: twice as many as last time while that took less than SOURCE_RANGE_NS, half as
 * many when it took longer, and never more than leaves the other workers their share. */
static uint64_t chunk_for(bask_pool *pool, worker *w, uint64_t left)
{
    int64_t now = clock_ns();
    if (now - w->chunk_start > SOURCE_RANGE_NS)
        w->chunk = w->chunk > 1 ? w->chunk / 2 : 1;
    else if (w->chunk < SOURCE_MAX_CHUNK)
        w->chunk *= 2;
    w->chunk_start = now;
    uint64_t threads = (uint64_t)(pool->nworkers ? pool->nworkers : pool->team ? pool->team : 1);
    uint64_t share = threads == 1 ? left : left / (4 * threads) + 1;
    return w->chunk < share ? w->chunk : share;
}

/* Under the lock: the first source to claim from, ALL: held or not; and the one before it. */
static source *first_open(bask_pool *pool, bool all, source **before)
{
    source *s = pool->first_source;
    for (*before = NULL; s && s->held && !all; s = s->next)
        *before = s;
    return s;
}

static void unlist(bask_pool *pool, source *s, source *before)
{
    if (before)
        before->next = s->next;
    else
        pool->first_source = s->next;
    if (pool->last_source == s)
        pool->last_source = before;
    atomic_fetch_sub_explicit(count_of(pool, s), 1, memory_order_seq_cst);
}

/* Under the lock. */
static source_range claim(bask_pool *pool, worker *w, source *s, bool let_through)
{
    source_rest *rest = s->rests;
    uint64_t *cursor = rest ? &rest->from : &s->cursor, end = rest ? rest->to : s->end;
    uint64_t take = let_through ? 1 : chunk_for(pool, w, end - *cursor);
    source_range range = {s, *cursor, *cursor + take};
    *cursor = range.to;
    if (rest && *cursor == end) {
        s->rests = rest->next;
        free(rest);
    }
    return range;
}

bool source_claim(bask_pool *pool, worker *w, bool let_through, source_range *range)
{
    bool all = let_through || budget_open(pool->budget);
    /* relaxed: a hint; whoever goes to sleep looks again (P3) */
    if (atomic_load_explicit(&pool->nsources, memory_order_relaxed) == 0 &&
        !(all && atomic_load_explicit(&pool->nheld, memory_order_relaxed)))
        return false;
    source *before;
    pthread_mutex_lock(&pool->sources_lock);
    source *s = first_open(pool, all, &before);
    if (!s) {
        pthread_mutex_unlock(&pool->sources_lock);
        return false;
    }
    *range = claim(pool, w, s, let_through && s->held);
    if (s->cursor == s->end && !s->rests)
        unlist(pool, s, before);
    pthread_mutex_unlock(&pool->sources_lock);
    call_claimers(pool); /* each claimer calls the next one, so that a wide graph wakes all */
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/source.h"

#include "base/clock.h"
#include "pool/sleep.h"

enum { SOURCE_RANGE_NS = 20000, SOURCE_MAX_CHUNK = 1 << 15 };

void source_offer(bask_pool *pool, source *s)
{
    s->next = NULL;
    pthread_mutex_lock(&pool->sources_lock);
    if (pool->first_source)
        pool->last_source->next = s;
    else
        pool->first_source = s;
    pool->last_source = s;
    /* visible work, then notify: pairs with a parker's P1, P3 */
    atomic_fetch_add_explicit(&pool->nsources, 1, memory_order_seq_cst);
    pthread_mutex_unlock(&pool->sources_lock);
    sleep_notify(pool);
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
    uint64_t threads = pool->nworkers > 1 ? (uint64_t)pool->nworkers : 1;
    uint64_t share = threads == 1 ? left : left / (4 * threads) + 1;
    return w->chunk < share ? w->chunk : share;
}

bool source_run(bask_pool *pool, worker *w)
{
    /* relaxed: a hint; whoever goes to sleep looks again (P3) */
    if (atomic_load_explicit(&pool->nsources, memory_order_relaxed) == 0)
        return false;
    pthread_mutex_lock(&pool->sources_lock);
    source *s = pool->first_source;
    if (!s) {
        pthread_mutex_unlock(&pool->sources_lock);
        return false;
    }
    uint64_t from = s->cursor, take = chunk_for(pool, w, s->end - from);
    s->cursor = from + take;
    bool more = s->cursor < s->end;
    if (!more) {
        pool->first_source = s->next;
        atomic_fetch_sub_explicit(&pool->nsources, 1, memory_order_seq_cst);
    }
    more = pool->first_source != NULL;
    pthread_mutex_unlock(&pool->sources_lock);
    if (more)
        sleep_notify(pool); /* each claimer calls the next one, so that a wide graph wakes all */
    s->run(s, w, from, from + take);
    return true;
}

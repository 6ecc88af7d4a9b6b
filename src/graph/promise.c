/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/promise.h"

enum { PROMISE_CLAIMED = 16 }; /* a bit of the word beside the WORD_ bits */

bool promise_claim(promise *p)
{
    /* relaxed: it only decides who writes; the result is released by promise_finish */
    return (atomic_fetch_or_explicit(&p->word, PROMISE_CLAIMED, memory_order_relaxed) &
            PROMISE_CLAIMED) == 0;
}

void promise_home_init(promise_home *home)
{
    pthread_mutex_init(&home->lock, NULL);
    pthread_cond_init(&home->rung, NULL);
}

void promise_home_destroy(promise_home *home)
{
    pthread_mutex_destroy(&home->lock);
    pthread_cond_destroy(&home->rung);
}

/* Tells the early ones, in the order in which they came. */
static void tell_early(promise *p)
{
    listener *early = NULL;
    pthread_mutex_lock(&p->home->lock);
    for (listener **link = &p->listeners, *l; (l = *link);) {
        if (!l->early) {
            link = &l->next;
            continue;
        }
        *link = l->next;
        l->next = early;
        early = l;
    }
    while (early) {
        listener *next = early->next;
        early->done(early);
        early = next;
    }
    pthread_mutex_unlock(&p->home->lock);
}

/* One after the other, since one that waits in the list may be forgotten meanwhile. */
static void tell(promise *p)
{
    promise_home *home = p->home;
    ringer me = {0};
    pthread_mutex_lock(&home->lock);
    me.next = home->ringers;
    home->ringers = &me;
    for (listener *l; (l = p->listeners);) {
        p->listeners = l->next;
        me.at = l;
        pthread_mutex_unlock(&home->lock);
        l->done(l);
        pthread_mutex_lock(&home->lock);
        me.at = NULL;
        pthread_cond_broadcast(&home->rung);
    }
    ringer **link = &home->ringers;
    while (*link != &me)
        link = &(*link)->next;
    *link = me.next;
    pthread_mutex_unlock(&home->lock);
}

void promise_finish(promise *p, bask_state state)
{
    uint32_t former = 0;
    /* relaxed: an early listener that comes too late for this is told by tell */
    if (atomic_load_explicit(&p->word, memory_order_relaxed) & WORD_LISTENERS)
        tell_early(p);
    /* a listener that comes after this sees WORD_DONE itself: promise_listen */
    word_finish(p->home->pool, &p->word, WORD_USER * (uint32_t)state, &former);
    if (former & WORD_LISTENERS)
        tell(p);
}

bool promise_listen(promise *p, listener *l)
{
    pthread_mutex_lock(&p->home->lock);
    l->next = p->listeners;
    p->listeners = l;
    /* seq_cst RMW on the word that word_finish changes: one of the two sees the other */
    uint32_t old = atomic_fetch_or_explicit(&p->word, WORD_LISTENERS, memory_order_seq_cst);
    bool done = (old & WORD_DONE) != 0;
    if (done)
        p->listeners = l->next;
    pthread_mutex_unlock(&p->home->lock);
    return !done;
}

static bool being_told(const promise_home *home, const listener *l)
{
    const ringer *r = home->ringers;
    while (r && r->at != l)
        r = r->next;
    return r != NULL;
}

void promise_forget(promise *p, listener *l)
{
    promise_home *home = p->home;
    pthread_mutex_lock(&home->lock);
    for (listener **link = &p->listeners; *link; link = &(*link)->next)
        if (*link == l) {
            *link = l->next;
            break;
        }
    while (being_told(home, l))
        pthread_cond_wait(&home->rung, &home->lock);
    pthread_mutex_unlock(&home->lock);
}

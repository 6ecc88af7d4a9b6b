/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/promise.h"

enum { PROMISE_CLAIMED = 16 }; /* a bit of the word beside the WORD_ bits */

bool promise_claim(promise *p)
{
    /* relaxed: it only decides who writes; the result is released by promise_finish */
    return (atomic_fetch_or_explicit(&p->word, PROMISE_CLAIMED, memory_order_relaxed) &
            PROMISE_CLAIMED) == 0;
}

void promise_finish(promise *p, bask_state state)
{
    promise_home *home = p->home;
    uint32_t former = 0;
    /* a listener that comes after this sees WORD_DONE itself: promise_listen */
    word_finish(home->pool, &p->word, WORD_USER * (uint32_t)state, &former);
    if (!(former & WORD_LISTENERS))
        return;
    pthread_mutex_lock(&home->lock);
    listener *l = p->listeners;
    p->listeners = NULL;
    while (l) {
        listener *next = l->next;
        l->done(l);
        l = next;
    }
    pthread_mutex_unlock(&home->lock);
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

void promise_forget(promise *p, listener *l)
{
    pthread_mutex_lock(&p->home->lock);
    for (listener **link = &p->listeners; *link; link = &(*link)->next)
        if (*link == l) {
            *link = l->next;
            break;
        }
    pthread_mutex_unlock(&p->home->lock);
}

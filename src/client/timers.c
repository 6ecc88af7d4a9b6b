/* SPDX-License-Identifier: Apache-2.0 */
#include "client/timers.h"

#include "base/clock.h"
#include "base/status.h"
#include <stdlib.h>

void timers_init(timers *t)
{
    *t = (timers){.n = 0};
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->sooner, &attr);
    pthread_cond_init(&t->rung, NULL);
    pthread_condattr_destroy(&attr);
}

void timers_destroy(timers *t)
{
    free(t->heap);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->sooner);
    pthread_cond_destroy(&t->rung);
}

/* ---- the heap ---- */

static void put(timers *t, size_t place, timer *one)
{
    t->heap[place] = one;
    one->place = place;
}

static void rise(timers *t, timer *one, size_t place)
{
    for (; place > 1 && t->heap[place / 2]->at > one->at; place /= 2)
        put(t, place, t->heap[place / 2]);
    put(t, place, one);
}

static void sink(timers *t, timer *one, size_t place)
{
    for (size_t child; (child = 2 * place) <= t->n; place = child) {
        if (child < t->n && t->heap[child + 1]->at < t->heap[child]->at)
            child++;
        if (t->heap[child]->at >= one->at)
            break;
        put(t, place, t->heap[child]);
    }
    put(t, place, one);
}

static void take_out(timers *t, timer *one)
{
    size_t place = one->place;
    timer *last = t->heap[t->n--];
    one->place = 0;
    if (last == one)
        return;
    if (place > 1 && t->heap[place / 2]->at > last->at)
        rise(t, last, place);
    else
        sink(t, last, place);
}

static bool reserve(timers *t)
{
    if (t->n + 1 < t->capacity)
        return true;
    size_t more = t->capacity ? 2 * t->capacity : 16;
    timer **heap = realloc(t->heap, more * sizeof(timer *));
    if (!heap)
        return false;
    t->heap = heap;
    t->capacity = more;
    return true;
}

/* ---- the thread ---- */

static void wait_for_the_soonest(timers *t)
{
    if (t->n == 0) {
        pthread_cond_wait(&t->sooner, &t->lock);
        return;
    }
    int64_t at = t->heap[1]->at;
    struct timespec until = {.tv_sec = at / 1000000000, .tv_nsec = at % 1000000000};
    pthread_cond_timedwait(&t->sooner, &t->lock, &until);
}

static void ring_all(void *data)
{
    timers *t = data;
    pthread_mutex_lock(&t->lock);
    while (!t->stopping) {
        if (t->n == 0 || t->heap[1]->at > clock_ns()) {
            wait_for_the_soonest(t);
            continue;
        }
        timer *due = t->heap[1];
        take_out(t, due);
        t->ringing = due;
        pthread_mutex_unlock(&t->lock);
        due->ring(due);
        pthread_mutex_lock(&t->lock);
        t->ringing = NULL;
        pthread_cond_broadcast(&t->rung);
    }
    pthread_mutex_unlock(&t->lock);
}

void timers_stop(timers *t)
{
    pthread_mutex_lock(&t->lock);
    t->stopping = true;
    pthread_cond_signal(&t->sooner);
    bool started = t->started;
    pthread_mutex_unlock(&t->lock);
    if (started)
        service_join(&t->thread);
}

/* ---- setting ---- */

bask_status timers_set(timers *t, timer *one)
{
    bask_status status = BASK_OK;
    pthread_mutex_lock(&t->lock);
    if (!t->started) {
        status = service_start(&t->thread, "bask-timers", 0, ring_all, t);
        t->started = status == BASK_OK;
    }
    if (status == BASK_OK && !reserve(t))
        status = status_set(BASK_ENOMEM, "no memory for a time limit");
    if (status == BASK_OK) {
        rise(t, one, ++t->n);
        if (one->place == 1)
            pthread_cond_signal(&t->sooner);
    }
    pthread_mutex_unlock(&t->lock);
    return status;
}

void timers_clear(timers *t, timer *one)
{
    pthread_mutex_lock(&t->lock);
    if (one->place)
        take_out(t, one);
    while (t->ringing == one)
        pthread_cond_wait(&t->rung, &t->lock);
    pthread_mutex_unlock(&t->lock);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Queues and variables: values and futures that tasks hand to each other. */
#include "client/coordinate.h"

#include "base/status.h"
#include <string.h>

/* A literal, or a future if there is one (retained). */
typedef struct value {
    bask_future *future;
    bask_dtype dtype;
    size_t size;
    unsigned char bytes[BASK_MAX_VALUE];
} value;

/* What a getter wants, and where it gets it: a future, or a literal of this type. */
typedef struct wish {
    bask_future **future;
    void *place;
    bask_dtype dtype;
    size_t size;
} wish;

static bask_status value_of(value *v, const void *place, bask_dtype dtype, size_t size,
                            const char *call)
{
    if (!place)
        return status_set(BASK_EINVAL, "%s: the place of the value is NULL", call);
    if (size > BASK_MAX_VALUE || dtype == BASK_SPAN || dtype == BASK_VOID)
        return status_set(BASK_ETYPE,
                          "%s: a value of %zu bytes (%s) is not a literal of up to %d bytes: hand "
                          "over a future of it",
                          call, size, bask_dtype_name(dtype), BASK_MAX_VALUE);
    *v = (value){.dtype = dtype, .size = size};
    memcpy(v->bytes, place, size);
    return BASK_OK;
}

static bool grants(const value *v, const wish *w)
{
    return w->future ? v->future != NULL : !v->future && v->dtype == w->dtype && v->size == w->size;
}

/* The reference of V's future goes along. */
static void hand_over(const value *v, const wish *w)
{
    if (w->future)
        *w->future = v->future;
    else
        memcpy(w->place, v->bytes, v->size);
}

static bask_status check_wish(const wish *w, const char *call)
{
    if (w->future || w->place)
        return BASK_OK;
    return status_set(BASK_EINVAL, "%s: the place for the value is NULL", call);
}

static bask_status wrong_type(const char *call)
{
    return status_set(BASK_ETYPE, "%s: the next value is of another type than the one asked for",
                      call);
}

/* ---- queue ---- */

typedef struct entry {
    struct entry *next;
    value value;
} entry;

/* Whoever waits: getters while there is no entry, putters while there is no room. */
struct bask_queue {
    coordinated base;
    size_t max;       /* 0: none */
    _Atomic size_t n; /* written under the lock; relaxed, others read it as a number only */
    entry *first, **last;
};

bask_queue *bask_queue_new(bask_client *c, size_t max_size)
{
    bask_queue *q = coordinated_new(c, sizeof *q, "queue", "bask_queue_new");
    if (q) {
        q->max = max_size;
        q->last = &q->first;
    }
    return q;
}

void bask_queue_free(bask_queue *q)
{
    for (entry *e = q ? q->first : NULL, *next; e; e = next) {
        next = e->next;
        bask_future_free(e->value.future);
        free(e);
    }
    coordinated_free((coordinated *)q);
}

size_t bask_queue_size(const bask_queue *q)
{
    return q ? atomic_load_explicit(&q->n, memory_order_relaxed) : 0;
}

static void set_size(bask_queue *q, size_t n)
{
    atomic_store_explicit(&q->n, n, memory_order_relaxed);
}

static void append(bask_queue *q, entry *e)
{
    e->next = NULL;
    *q->last = e;
    q->last = &e->next;
    set_size(q, bask_queue_size(q) + 1);
}

static entry *take_first(bask_queue *q)
{
    entry *e = q->first;
    q->first = e->next;
    if (!q->first)
        q->last = &q->first;
    set_size(q, bask_queue_size(q) - 1);
    return e;
}

/* An entry has come: those who wait for one are served in turn. It is freed, or left to the next. */
static void serve_getters(bask_queue *q)
{
    while (q->base.first && q->first) {
        const wish *w = q->base.first->wish;
        if (!grants(&q->first->value, w)) {
            coordinated_grant(&q->base, BASK_ETYPE);
            continue;
        }
        entry *e = take_first(q);
        hand_over(&e->value, w);
        coordinated_grant(&q->base, BASK_OK);
        free(e);
    }
}

static bask_status put(bask_queue *q, const value *v, int64_t timeout_ms, const char *call)
{
    bask_status status = coordinated_check((coordinated *)q, call);
    if (status != BASK_OK)
        return status;
    entry *e = malloc(sizeof *e);
    if (!e)
        return status_set(BASK_ENOMEM, "%s: no memory for another value", call);
    e->value = *v;
    bask_future_retain(v->future);
    pthread_mutex_lock(&q->base.lock);
    if (q->max == 0 || bask_queue_size(q) < q->max) {
        append(q, e);
        serve_getters(q);
        pthread_mutex_unlock(&q->base.lock);
        return BASK_OK;
    }
    status = coordinated_wait(&q->base, e, timeout_ms, call);
    if (status != BASK_OK) {
        bask_future_free(v->future);
        free(e);
    }
    return status;
}

static bask_status get(bask_queue *q, wish *w, int64_t timeout_ms, const char *call)
{
    bask_status status = coordinated_check((coordinated *)q, call);
    if (status == BASK_OK)
        status = check_wish(w, call);
    if (status != BASK_OK)
        return status;
    pthread_mutex_lock(&q->base.lock);
    if (!q->first) {
        status = coordinated_wait(&q->base, w, timeout_ms, call);
        return status == BASK_ETYPE ? wrong_type(call) : status;
    }
    if (!grants(&q->first->value, w)) {
        pthread_mutex_unlock(&q->base.lock);
        return wrong_type(call);
    }
    entry *e = take_first(q);
    hand_over(&e->value, w);
    free(e);
    if (q->base.first) { /* a putter, since there was an entry */
        append(q, q->base.first->wish);
        coordinated_grant(&q->base, BASK_OK);
    }
    pthread_mutex_unlock(&q->base.lock);
    return BASK_OK;
}

bask_status bask_queue_put_as(bask_queue *q, const void *place, bask_dtype dtype, size_t size,
                              int64_t timeout_ms)
{
    value v;
    bask_status status = value_of(&v, place, dtype, size, "bask_queue_put");
    return status == BASK_OK ? put(q, &v, timeout_ms, "bask_queue_put") : status;
}

bask_status bask_queue_get_as(bask_queue *q, void *place, bask_dtype dtype, size_t size,
                              int64_t timeout_ms)
{
    wish w = {.place = place, .dtype = dtype, .size = size};
    return get(q, &w, timeout_ms, "bask_queue_get");
}

bask_status bask_queue_put_future(bask_queue *q, bask_future *future, int64_t timeout_ms)
{
    value v = {.future = future};
    if (!future)
        return status_set(BASK_EINVAL, "bask_queue_put_future: the future is NULL");
    return put(q, &v, timeout_ms, "bask_queue_put_future");
}

bask_status bask_queue_get_future(bask_queue *q, bask_future **future, int64_t timeout_ms)
{
    wish w = {.future = future};
    return get(q, &w, timeout_ms, "bask_queue_get_future");
}

/* ---- variable ---- */

struct bask_variable {
    coordinated base;
    bool has; /* guarded by the lock, as is the next one */
    value value;
};

bask_variable *bask_variable_new(bask_client *c)
{
    return coordinated_new(c, sizeof(bask_variable), "variable", "bask_variable_new");
}

void bask_variable_free(bask_variable *v)
{
    if (v)
        bask_future_free(v->value.future);
    coordinated_free((coordinated *)v);
}

/* Under the lock. */
static bask_status read_variable(bask_variable *v, const wish *w)
{
    if (!grants(&v->value, w))
        return BASK_ETYPE;
    bask_future_retain(v->value.future);
    hand_over(&v->value, w);
    return BASK_OK;
}

static bask_status set(bask_variable *v, const value *to, const char *call)
{
    bask_status status = coordinated_check((coordinated *)v, call);
    if (status != BASK_OK)
        return status;
    bask_future_retain(to->future);
    pthread_mutex_lock(&v->base.lock);
    bask_future *former = v->value.future;
    v->value = *to;
    v->has = true;
    while (v->base.first)
        coordinated_grant(&v->base, read_variable(v, v->base.first->wish));
    pthread_mutex_unlock(&v->base.lock);
    bask_future_free(former);
    return BASK_OK;
}

static bask_status get_variable(bask_variable *v, wish *w, int64_t timeout_ms, const char *call)
{
    bask_status status = coordinated_check((coordinated *)v, call);
    if (status == BASK_OK)
        status = check_wish(w, call);
    if (status != BASK_OK)
        return status;
    pthread_mutex_lock(&v->base.lock);
    if (v->has) {
        status = read_variable(v, w);
        pthread_mutex_unlock(&v->base.lock);
    } else {
        status = coordinated_wait(&v->base, w, timeout_ms, call);
    }
    return status == BASK_ETYPE ? wrong_type(call) : status;
}

bask_status bask_variable_set_as(bask_variable *v, const void *place, bask_dtype dtype, size_t size)
{
    value to;
    bask_status status = value_of(&to, place, dtype, size, "bask_variable_set");
    return status == BASK_OK ? set(v, &to, "bask_variable_set") : status;
}

bask_status bask_variable_get_as(bask_variable *v, void *place, bask_dtype dtype, size_t size,
                                 int64_t timeout_ms)
{
    wish w = {.place = place, .dtype = dtype, .size = size};
    return get_variable(v, &w, timeout_ms, "bask_variable_get");
}

bask_status bask_variable_set_future(bask_variable *v, bask_future *future)
{
    value to = {.future = future};
    if (!future)
        return status_set(BASK_EINVAL, "bask_variable_set_future: the future is NULL");
    return set(v, &to, "bask_variable_set_future");
}

bask_status bask_variable_get_future(bask_variable *v, bask_future **future, int64_t timeout_ms)
{
    wish w = {.future = future};
    return get_variable(v, &w, timeout_ms, "bask_variable_get_future");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/resources.h"

#include "base/status.h"
#include <stdlib.h>
#include <string.h>

struct resource {
    resource *next;
    int64_t total, free;
    size_t wanted; /* claimants that wait and ask for it */
    bool kept;     /* for somebody who comes before the one that is looked at */
    char name[];
};

void resources_init(resources *r)
{
    *r = (resources){.first = NULL};
    pthread_mutex_init(&r->lock, NULL);
}

void resources_destroy(resources *r)
{
    for (resource *one = r->first, *next; one; one = next) {
        next = one->next;
        free(one);
    }
    pthread_mutex_destroy(&r->lock);
}

/* ---- names ---- */

static resource *find(const resources *r, const char *name, size_t length)
{
    resource *one = r->first;
    while (one && !(strncmp(one->name, name, length) == 0 && one->name[length] == '\0'))
        one = one->next;
    return one;
}

static resource *add(resources *r, const char *name, size_t length)
{
    resource *one = calloc(1, sizeof *one + length + 1);
    if (!one)
        return NULL;
    memcpy(one->name, name, length);
    one->next = r->first;
    r->first = one;
    return one;
}

/* One "name:count", or "name", of TEXT; moves *TEXT behind it and its comma. */
static bask_status read_one(const char *call, const char **text, size_t *length, int64_t *count)
{
    const char *name = *text, *end = name + strcspn(name, ",");
    *length = strcspn(name, ":,");
    *count = 1;
    char *stop = (char *)(uintptr_t)(name + *length);
    if (*stop == ':')
        *count = strtoll(name + *length + 1, &stop, 10);
    if (*length == 0 || stop != end || *count < 1 || (name[*length] == ':' && end[-1] == ':'))
        return status_set(
            BASK_EINVAL,
            "%s: \"%.*s\" is no resource: write name:count, with a count of at least 1", call,
            (int)(end - name), name);
    *text = *end ? end + 1 : end;
    return BASK_OK;
}

static void serve(resources *r);

static bask_status define(resources *r, const char *call, const char *name, size_t length,
                          int64_t total)
{
    bask_status status = BASK_OK;
    pthread_mutex_lock(&r->lock);
    resource *one = find(r, name, length);
    if (!one && !(one = add(r, name, length)))
        status = status_set(BASK_ENOMEM, "%s: no memory for a resource", call);
    else if (total < one->total)
        status = status_set(BASK_EINVAL, "%s: there are %lld of %s already: %lld are fewer", call,
                            (long long)one->total, one->name, (long long)total);
    if (status == BASK_OK) {
        one->free += total - one->total;
        one->total = total;
    }
    pthread_mutex_unlock(&r->lock);
    if (status == BASK_OK)
        serve(r);
    return status;
}

bask_status resources_define(resources *r, const char *call, const char *name, int64_t total)
{
    if (!name || !name[0] || strpbrk(name, ":,"))
        return status_set(BASK_EINVAL, "%s: %s%s%s is no name of a resource", call,
                          name ? "\"" : "", name ? name : "NULL", name ? "\"" : "");
    if (total < 1)
        return status_set(BASK_EINVAL, "%s: there cannot be %lld of %s", call, (long long)total,
                          name);
    return define(r, call, name, strlen(name), total);
}

bask_status resources_define_all(resources *r, const char *call, const char *text)
{
    bask_status status = BASK_OK;
    while (status == BASK_OK && *text) {
        const char *name = text;
        size_t length;
        int64_t total;
        status = read_one(call, &text, &length, &total);
        if (status == BASK_OK)
            status = define(r, call, name, length, total);
    }
    return status;
}

size_t resources_count(const char *text)
{
    size_t n = text && text[0] ? 1 : 0;
    for (const char *s = text; s && *s; s++)
        n += *s == ',';
    return n;
}

/* Under the lock. */
static bask_status read_share(const resources *r, const char **text, share *result)
{
    const char *name = *text;
    size_t length;
    int64_t count;
    bask_status status = read_one("resources", text, &length, &count);
    if (status != BASK_OK)
        return status;
    resource *one = find(r, name, length);
    if (!one)
        return status_set(BASK_EINVAL, "there is no resource \"%.*s\": see bask_client_resource",
                          (int)length, name);
    if (count > one->total)
        return status_set(BASK_EINVAL, "%lld of %s are asked for, but there are %lld",
                          (long long)count, one->name, (long long)one->total);
    *result = (share){one, count};
    return BASK_OK;
}

bask_status resources_read(resources *r, const char *text, share *shares, size_t *n)
{
    bask_status status = BASK_OK;
    *n = 0;
    pthread_mutex_lock(&r->lock);
    while (status == BASK_OK && text && *text) {
        status = read_share(r, &text, &shares[*n]);
        for (size_t i = 0; status == BASK_OK && i < *n; i++)
            if (shares[i].of == shares[*n].of)
                status = status_set(BASK_EINVAL, "resources name %s twice", shares[i].of->name);
        *n += status == BASK_OK;
    }
    pthread_mutex_unlock(&r->lock);
    return status;
}

/* ---- who gets what; under the lock ---- */

static void queue_add(claimant_queue *q, claimant *c)
{
    c->next = NULL;
    *(q->last ? &q->last->next : &q->first) = c;
    q->last = c;
}

static bool there(const claimant *c)
{
    for (size_t i = 0; i < c->nshares; i++)
        if (c->shares[i].of->kept || c->shares[i].of->free < c->shares[i].count)
            return false;
    return true;
}

/* C waits no more, and has all. */
static void take(resources *r, const claimant *c)
{
    for (size_t i = 0; i < c->nshares; i++) {
        resource *of = c->shares[i].of;
        of->free -= c->shares[i].count;
        r->nwanted -= --of->wanted == 0;
    }
}

/* Returns for how many resources that is new. */
static size_t keep_for(const claimant *c)
{
    size_t more = 0;
    for (size_t i = 0; i < c->nshares; i++) {
        more += !c->shares[i].of->kept;
        c->shares[i].of->kept = true;
    }
    return more;
}

/* Moves those of Q who have all now to GRANTED. Once all is kept nobody else can have any. */
static void grant(resources *r, claimant_queue *q, size_t *kept, claimant_queue *granted)
{
    claimant *before = NULL;
    for (claimant *c = q->first, *next; c && *kept < r->nwanted; c = next) {
        next = c->next;
        if (!there(c)) {
            *kept += keep_for(c);
            before = c;
            continue;
        }
        take(r, c);
        *(before ? &before->next : &q->first) = next;
        if (!next)
            q->last = before;
        queue_add(granted, c);
    }
}

static void serve(resources *r)
{
    claimant_queue granted = {NULL, NULL};
    size_t kept = 0;
    pthread_mutex_lock(&r->lock);
    for (size_t i = sizeof r->waiting / sizeof r->waiting[0]; i-- > 0 && kept < r->nwanted;)
        grant(r, &r->waiting[i], &kept, &granted);
    for (resource *one = r->first; one && kept; one = one->next)
        one->kept = false;
    pthread_mutex_unlock(&r->lock);
    for (claimant *c = granted.first, *next; c; c = next) {
        next = c->next; /* C may be gone afterwards */
        c->granted(c);
    }
}

void resources_ask(resources *r, claimant *c)
{
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < c->nshares; i++)
        r->nwanted += c->shares[i].of->wanted++ == 0;
    queue_add(&r->waiting[c->priority + BAND_MOST], c);
    pthread_mutex_unlock(&r->lock);
    serve(r);
}

void resources_give_back(resources *r, claimant *c)
{
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < c->nshares; i++)
        c->shares[i].of->free += c->shares[i].count;
    pthread_mutex_unlock(&r->lock);
    serve(r);
}

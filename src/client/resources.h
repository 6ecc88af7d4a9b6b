/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Named resources: counts of things that tasks need while they run. A claimant gets all that it asks for
 * at once or nothing, so that none holds what another one waits for. Those who wait are looked through
 * in their order; what one of them lacks is kept for it, so that nobody is passed by for ever.
 */
#ifndef BASK_CLIENT_RESOURCES_H
#define BASK_CLIENT_RESOURCES_H

#include "pool/band.h"
#include <bask/status.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct resource resource;
typedef struct claimant claimant;

/* The oldest is the first. */
typedef struct claimant_queue {
    claimant *first, *last;
} claimant_queue;

typedef struct resources {
    pthread_mutex_t lock;                      /* guards the rest */
    resource *first;                           /* only grows */
    size_t nwanted;                            /* of which some claimant waits */
    claimant_queue waiting[2 * BAND_MOST + 1]; /* by priority, the lowest first */
} resources;

/* So many of it. */
typedef struct share {
    resource *of;
    int64_t count;
} share;

/* In its owner's memory, from resources_ask to resources_give_back. */
struct claimant {
    claimant *next;
    int priority;
    const share *shares;
    size_t nshares;
    void (*granted)(claimant *c); /* with no lock held */
};

void resources_init(resources *r);
void resources_destroy(resources *r);

/* See bask_client_resource; CALL is named by errors. */
bask_status resources_define(resources *r, const char *call, const char *name, int64_t total);
/* All of TEXT, such as "gpu:2,licence". */
bask_status resources_define_all(resources *r, const char *call, const char *text);

/* The most shares that TEXT can stand for; 0 for NULL and "". */
size_t resources_count(const char *text);
/* Reads TEXT to SHARES: BASK_EINVAL for what there is not, or not so many of. */
bask_status resources_read(resources *r, const char *text, share *shares, size_t *n);

/* Calls c->granted as soon as C has all, maybe at once. */
void resources_ask(resources *r, claimant *c);
void resources_give_back(resources *r, claimant *c);

#endif

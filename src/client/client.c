/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing a client. */
#include "base/address.h"
#include "base/clock.h"
#include "base/status.h"
#include "client/core.h"
#include "pool/spare.h"
#include "pool/stack.h"
#include "pool/team.h"
#include <bask.h>
#include <string.h>

void client_retain(bask_client *c)
{
    atomic_fetch_add_explicit(&c->references, 1, memory_order_relaxed);
}

void client_release(bask_client *c)
{
    /* acq_rel: the last one sees all uses ended */
    if (atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) != 1)
        return;
    slab_cache_free(&c->slabs);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->quiet);
    pressure_destroy(&c->pressure);
    promise_home_destroy(&c->home);
    callbacks_destroy(&c->callbacks);
    timers_destroy(&c->timers);
    resources_destroy(&c->resources);
    pure_destroy(&c->pure);
    free(c->address);
    free(c);
}

bask_status client_check(const bask_client *c, const char *call)
{
    if (!c)
        return status_set(BASK_EINVAL, "%s: the client is NULL", call);
    if (client_inherited(c))
        return status_set(BASK_ECLOSED,
                          "%s: the client of %s was opened before a fork, by the parent process: "
                          "open another one",
                          call, c->address);
    if (atomic_load_explicit(&c->closed, memory_order_acquire))
        return status_set(BASK_ECLOSED, "%s: the client of %s is closed", call, c->address);
    return BASK_OK;
}

void client_begin(bask_client *c, activity *a)
{
    pthread_mutex_lock(&c->lock);
    a->next = c->active;
    a->link = &c->active;
    if (a->next)
        a->next->link = &a->next;
    c->active = a;
    pressure_add(&c->pressure, a->weight);
    /* relaxed: where it is not seen yet, bask_close comes to the lock after us and finds A */
    if (atomic_load_explicit(&c->closed, memory_order_relaxed))
        a->cancel(a);
    pthread_mutex_unlock(&c->lock);
}

void client_end(bask_client *c, activity *a)
{
    pthread_mutex_lock(&c->lock);
    *a->link = a->next;
    if (a->next)
        a->next->link = a->link;
    pressure_remove(&c->pressure, a->weight);
    if (!c->active)
        pthread_cond_broadcast(&c->quiet);
    pthread_mutex_unlock(&c->lock);
}

void client_call_here(void (*run)(void *arg), void *arg)
{
    if (task_current)
        stack_measure();
    if (!task_current || !stack_short() || !spare_call(0, run, arg))
        run(arg);
}

/* Jobs that became ready while another one finished, in that order. */
typedef struct followers {
    bask_job *first, **last;
} followers;

/* Of the job that runs here, and the same while it finishes. */
static __thread followers *job_followers, *open_followers;

/* A job and all that comes of it, depth first, as if each were called where it becomes ready; but a
 * chain of any length needs no more stack than one. */
static void run_jobs(void *arg)
{
    followers *outer = job_followers;
    bask_job *job = arg;
    job->next = NULL;
    while (job) {
        followers own = {.last = &own.first};
        bask_job *rest = job->next;
        job_followers = &own;
        job->run(job);
        *own.last = rest;
        job = own.first;
    }
    job_followers = outer;
}

void client_job_here(bask_job *job)
{
    followers *f = open_followers;
    if (!f) {
        client_call_here(run_jobs, job);
        return;
    }
    job->next = NULL;
    *f->last = job;
    f->last = &job->next;
}

void client_finishing(const bask_client *c, bool finishing)
{
    if (c->sync)
        open_followers = finishing ? job_followers : NULL;
}

typedef struct run_here {
    plan *plan;
    uint64_t tasks;
} run_here;

static void run_plan_here(void *arg)
{
    run_here *r = arg;
    r->tasks = plan_run_here(r->plan);
}

void client_run_here(bask_client *c, plan *p, _Atomic uint32_t *ended)
{
    /* a worker of another pool waits for nothing but its own pool's work: P may need it */
    if (c->team && word_pool(c->pool) == c->pool) {
        plan_start(p);
        team_run(c->pool, c->team, ended);
        return;
    }
    /* another thread may be computing what P has as arguments */
    for (size_t i = 0; i < p->ngates; i++)
        (void)future_wait_until((bask_future *)p->gates[i].promise, INT64_MAX, false);
    run_here r = {.plan = p};
    client_call_here(run_plan_here, &r);
    atomic_fetch_add_explicit(&c->tasks, r.tasks, memory_order_relaxed);
}

/* The address goes before the environment. */
static bask_status read_memory(address *a, size_t *limit)
{
    const char *text = getenv("BASK_MEMORY_LIMIT");
    *limit = SIZE_MAX;
    bask_status status = address_size(a, "memory", limit);
    if (status != BASK_OK || *limit != SIZE_MAX)
        return status;
    *limit = 0;
    if (text && text[0] && !address_read_size(text, limit))
        return status_set(BASK_EADDRESS,
                          "BASK_MEMORY_LIMIT=%s is not a size such as 65536, 256K or 1M", text);
    return BASK_OK;
}

static bask_status read_inner(address *a, int *inner)
{
    int64_t threads = -1;
    bask_status status = address_int(a, "omp", 0, 1 << 20, &threads);
    if (threads >= 0)
        *inner = threads ? (int)threads : BASK_LEAVE_ALONE;
    return status;
}

static bask_status read_pending(address *a, uint64_t *pending)
{
    int64_t tasks = PRESSURE_LIMIT;
    bask_status status = address_int(a, "pending", 0, INT64_MAX, &tasks);
    *pending = tasks ? (uint64_t)tasks : UINT64_MAX;
    return status;
}

/* threads://N?... */
static bask_status read_threads(address *a, bask_pool_options *o, uint64_t *pending)
{
    int64_t threads = 0, spin = 0;
    const char *name = NULL;
    bask_status status = address_count(a, 1 << 20, &threads);
    if (status == BASK_OK)
        status = address_bool(a, "pin", &o->pin);
    if (status == BASK_OK)
        status = address_time_ns(a, "spin", &spin);
    if (status == BASK_OK)
        status = address_size(a, "stack", &o->stack_size);
    if (status == BASK_OK)
        status = address_text(a, "name", &name);
    if (status == BASK_OK)
        status = read_memory(a, &o->memory_limit);
    if (status == BASK_OK)
        status = read_inner(a, &o->inner_threads);
    if (status == BASK_OK)
        status = read_pending(a, pending);
    if (status == BASK_OK)
        status = address_unused(a);
    o->threads = threads ? (int)threads : bask_default_threads();
    o->spin_ns = spin;
    o->name = name;
    return status;
}

/* sync:// */
static bask_status read_sync(address *a, bask_pool_options *o)
{
    o->threads = BASK_NO_THREADS;
    if (a->place[0])
        return status_set(BASK_EADDRESS, "address \"%s\": sync:// takes no \"%s\"", a->text,
                          a->place);
    return address_unused(a);
}

/* openmp://N?omp=M */
static bask_status read_openmp(address *a, bask_pool_options *o, int *team)
{
    int64_t threads = team_default();
    bool none = threads == 0;
    o->threads = BASK_NO_THREADS;
    o->inner_threads = 1;
    bask_status status = address_count(a, 1 << 16, &threads);
    if (status == BASK_OK)
        status = read_inner(a, &o->inner_threads);
    if (status == BASK_OK)
        status = address_unused(a);
    if (status == BASK_OK && none)
        status = status_set(BASK_EUNSUPPORTED,
                            "address \"%s\": there is no OpenMP runtime in this process: compile "
                            "and link the program with -fopenmp",
                            a->text);
    *team = (int)threads;
    return status;
}

static bask_status define_resources(bask_client *c, const address *a, const char *text)
{
    bask_status status = resources_define_all(&c->resources, "option resources", text);
    char why[256];
    if (status != BASK_EINVAL)
        return status;
    snprintf(why, sizeof why, "%s", bask_last_error());
    return status_set(BASK_EADDRESS, "address \"%s\": %s", a->text, why);
}

static bask_status client_new(address *a, bask_client **result)
{
    bask_pool_options o = {.size = sizeof o};
    int team = 0;
    uint64_t pending = UINT64_MAX; /* nothing waits where all has run when a call returns */
    const char *resources = "";
    bask_status status = address_text(a, "resources", &resources);
    if (status != BASK_OK)
        return status;
    if (strcmp(a->scheme, "threads") == 0)
        status = read_threads(a, &o, &pending);
    else if (strcmp(a->scheme, "sync") == 0)
        status = read_sync(a, &o);
    else if (strcmp(a->scheme, "openmp") == 0)
        status = read_openmp(a, &o, &team);
    else
        status =
            status_set(BASK_EADDRESS,
                       "address \"%s\": unknown scheme \"%s\"; there are threads://, openmp:// "
                       "and sync://",
                       a->text, a->scheme);
    if (status != BASK_OK)
        return status;
    bask_client *c = calloc(1, sizeof *c);
    char text[64];
    int workers = team ? team : o.threads;
    if (workers > 0)
        snprintf(text, sizeof text, "%s://%d", a->scheme, workers);
    else
        snprintf(text, sizeof text, "%s://", a->scheme);
    if (!c || !(c->address = strdup(text))) {
        free(c);
        return status_set(BASK_ENOMEM, "no memory for a client");
    }
    pthread_mutex_init(&c->lock, NULL);
    promise_home_init(&c->home);
    callbacks_init(&c->callbacks);
    timers_init(&c->timers);
    resources_init(&c->resources);
    pure_init(&c->pure);
    pthread_cond_init(&c->quiet, NULL);
    pressure_init(&c->pressure, pending);
    c->home.process = process_number();
    slab_cache_init(&c->slabs);
    atomic_store_explicit(&c->references, 1, memory_order_relaxed);
    c->sync = o.threads == BASK_NO_THREADS;
    c->team = team;
    status = define_resources(c, a, resources);
    if (status == BASK_OK)
        status = bask_pool_start(&o, &c->pool);
    c->home.pool = c->pool;
    if (status == BASK_OK)
        c->pool->team = team;
    if (status != BASK_OK) {
        client_release(c);
        return status;
    }
    bask_log(BASK_LOG_INFO, "opened %s; results come from %s", c->address, bask_allocator());
    *result = c;
    return BASK_OK;
}

bask_status bask_open(const char *text, bask_client **client)
{
    address a;
    if (!client)
        return status_set(BASK_EINVAL, "bask_open: client is NULL");
    *client = NULL;
    if (!text)
        text = getenv("BASK_CLUSTER");
    if (!text || !text[0])
        text = "threads://";
    bask_status status = address_parse(text, &a);
    if (status != BASK_OK)
        return status;
    status = client_new(&a, client);
    address_free(&a);
    return status;
}

static void cancel_all(bask_client *c)
{
    pthread_mutex_lock(&c->lock);
    for (activity *a = c->active; a; a = a->next)
        a->cancel(a);
    while (c->active)
        pthread_cond_wait(&c->quiet, &c->lock);
    pthread_mutex_unlock(&c->lock);
}

void bask_close(bask_client *c)
{
    if (!c || client_inherited(c))
        return;
    /* release: pairs with client_check */
    atomic_store_explicit(&c->closed, true, memory_order_release);
    cancel_all(c);
    callbacks_stop(&c->callbacks);
    cancel_all(c); /* what a callback had begun to submit when the client was closed */
    timers_stop(&c->timers);
    bask_pool_stats stats;
    bask_client_stats(c, &stats);
    bask_pool_stop(c->pool, NULL);
    bask_log(BASK_LOG_INFO, "closed %s: %llu tasks, %llu steals, %llu parks, %llu bytes of results",
             c->address, (unsigned long long)stats.tasks, (unsigned long long)stats.steals,
             (unsigned long long)stats.parks, (unsigned long long)stats.peak_bytes);
    c->pool = c->home.pool = NULL;
    client_release(c);
}

const char *bask_client_address(const bask_client *c)
{
    return c ? c->address : "";
}

int bask_client_workers(const bask_client *c)
{
    return !c || !c->pool ? 0 : c->team ? c->team : c->sync ? 1 : bask_pool_threads(c->pool);
}

bask_status bask_wait_for_workers(bask_client *c, int n, int64_t timeout_ms)
{
    (void)timeout_ms;
    bask_status status = client_check(c, "bask_wait_for_workers");
    if (status == BASK_OK && n > bask_client_workers(c))
        return status_set(BASK_EINVAL,
                          "bask_wait_for_workers: %d workers are asked for, but %s has %d", n,
                          c->address, bask_client_workers(c));
    return status;
}

void bask_client_stats(const bask_client *c, bask_pool_stats *stats)
{
    memset(stats, 0, sizeof *stats);
    if (!c || !c->pool)
        return;
    bask_pool_get_stats(c->pool, stats);
    stats->tasks += atomic_load_explicit(&c->tasks, memory_order_relaxed);
}

bask_graph *bask_graph_new(bask_client *c)
{
    if (client_check(c, "bask_graph_new") != BASK_OK)
        return NULL;
    bask_graph *g = graph_new(&c->home, &c->slabs, c);
    if (g)
        client_retain(c);
    else
        status_set(BASK_ENOMEM, "no memory for a graph");
    return g;
}

void bask_graph_free(bask_graph *g)
{
    if (!g || graph_inherited(g))
        return;
    bask_client *c = g->owner;
    if (graph_release(g))
        client_release(c);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bask_map with options, which a batch has no room for: as many submitted tasks. All are made before the
 * first one starts, so that there are all or none.
 */
#include "base/status.h"
#include "client/batch.h"
#include "client/single.h"

/* What is being made. */
typedef struct made {
    single **tasks; /* NULL where a pure task was there already, maybe as one of these */
    bask_future **futures;
    size_t n;
    bool pure;
} made;

static void undo(bask_client *c, const made *m)
{
    for (size_t i = 0; m->pure && i < m->n; i++)
        if (m->tasks[i])
            pure_remove_locked(&c->pure, m->tasks[i]);
    if (m->pure)
        pthread_mutex_unlock(&c->pure.lock);
    for (size_t i = 0; i < m->n; i++)
        if (!m->tasks[i])
            bask_future_free(m->futures[i]);
    for (size_t i = 0; i < m->n; i++) {
        if (m->tasks[i])
            single_undo(m->tasks[i]);
        m->futures[i] = NULL;
    }
}

/* All of them, or none. Meanwhile nobody else may find those that are pure. */
static bask_status make_all(bask_client *c, const bask_task_options *options,
                            const bask_kernel *kernel, size_t n, made *m, const bask_arg *args,
                            uint32_t nargs, bask_arg *each)
{
    if (m->pure)
        pthread_mutex_lock(&c->pure.lock);
    for (; m->n < n; m->n++) {
        single **task = &m->tasks[m->n];
        bask_future **future = &m->futures[m->n];
        map_arguments_of(m->n, args, nargs, each);
        bask_status status = single_make(c, options, kernel, each, nargs, task, future);
        if (status != BASK_OK) {
            undo(c, m);
            return status;
        }
        if (*task)
            *future = single_future(*task);
    }
    if (m->pure)
        pthread_mutex_unlock(&c->pure.lock);
    return BASK_OK;
}

bask_status map_singly(bask_client *c, const bask_task_options *options, const bask_kernel *kernel,
                       size_t n, bask_future **futures, const bask_arg *args, size_t nargs)
{
    made m = {.futures = futures, .pure = single_is_pure(options, kernel)};
    m.tasks = n < SIZE_MAX / sizeof(single *) ? malloc(n * sizeof(single *)) : NULL;
    bask_arg *each = m.tasks && nargs < UINT32_MAX / 64 ? malloc((nargs + 1) * sizeof *each) : NULL;
    bask_status status = BASK_ENOMEM;
    if (each)
        status = make_all(c, options, kernel, n, &m, args, (uint32_t)nargs, each);
    else
        (void)status_set(status, "bask_map: no memory for %zu tasks of %s", n, kernel->name);
    free(each);
    for (size_t i = 0; status == BASK_OK && i < n; i++)
        if (m.tasks[i])
            single_start(m.tasks[i]);
    free(m.tasks);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a submitted task, as it keeps them. */
#include "base/status.h"
#include "client/single.h"
#include "graph/annotation.h"
#include <string.h>

static bask_status check(const bask_task_options *o)
{
    if (o->size != sizeof *o)
        return status_set(BASK_EINVAL, "bask_task_options.size is %zu, not %zu: set it to sizeof",
                          o->size, sizeof *o);
    if (o->timeout_ms < 0)
        return status_set(BASK_EINVAL, "bask_task_options.timeout_ms is %lld: 0 is no limit",
                          (long long)o->timeout_ms);
    if (o->priority < -BAND_MOST || o->priority > BAND_MOST)
        return status_set(BASK_EINVAL, "bask_task_options.priority is %d, not %d to %d",
                          o->priority, -BAND_MOST, BAND_MOST);
    return BASK_OK;
}

static bool asks_for_nothing(const bask_task_options *o)
{
    return !o->name && !o->retries && !o->timeout_ms && !o->priority && !o->resources &&
           !o->annotations && !o->pure;
}

static size_t text_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}
static const char *copy(const char *text, char **room)
{
    size_t size = text_size(text);
    char *at = *room;
    if (!size)
        return NULL;
    *room += size;
    return memcpy(at, text, size);
}

bask_status extras_new(bask_client *c, const bask_task_options *options, const bask_kernel *kernel,
                       extras **result)
{
    bask_task_options o = {.size = sizeof o};
    *result = NULL;
    if (options)
        o = *options;
    bask_status status = check(&o);
    if (status != BASK_OK)
        return status;
    o.pure = o.pure || kernel->flags & BASK_KERNEL_PURE;
    if (asks_for_nothing(&o))
        return BASK_OK;
    size_t shares = resources_count(o.resources);
    size_t annotations = annotations_size(o.annotations);
    extras *x = calloc(1, sizeof *x + shares * sizeof(share) + annotations + text_size(o.name) +
                              text_size(o.resources) + text_size(o.annotations));
    if (!x)
        return status_set(BASK_ENOMEM, "%s: no memory for the options of a task", kernel->name);
    char *room = (char *)&x->shares[shares];
    x->annotations = room;
    room += annotations;
    x->options = o;
    x->options.name = copy(o.name, &room);
    x->options.resources = copy(o.resources, &room);
    x->options.annotations = copy(o.annotations, &room);
    x->claimant = (claimant){.priority = o.priority, .shares = x->shares};
    status =
        annotations_read("bask_task_options", o.annotations, (char *)(uintptr_t)x->annotations);
    if (status == BASK_OK)
        status = resources_read(&c->resources, o.resources, x->shares, &x->claimant.nshares);
    if (status != BASK_OK) {
        free(x);
        return status;
    }
    *result = x;
    return BASK_OK;
}

const char *future_name(const bask_future *f)
{
    const extras *x = f->block->alone ? block_single(f->block)->extras : NULL;
    return x && x->options.name ? x->options.name : f->promise.kernel->name;
}

const char *bask_future_annotation(const bask_future *f, const char *key)
{
    if (!f)
        return NULL;
    if (!f->block->alone)
        return annotations_find(f->block->asked ? f->block->asked->annotations : NULL, key);
    const extras *x = block_single(f->block)->extras;
    return annotations_find(x ? x->annotations : NULL, key);
}

bask_status bask_client_resource(bask_client *c, const char *name, int64_t total)
{
    bask_status status = client_check(c, "bask_client_resource");
    return status == BASK_OK ? resources_define(&c->resources, "bask_client_resource", name, total)
                             : status;
}

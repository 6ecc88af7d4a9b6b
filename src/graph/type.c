/* SPDX-License-Identifier: Apache-2.0 */
/* Types, by name (process-wide state beside the registry of kernels), and the objects in buffers. */
#include "graph/type.h"
#include "base/process.h"
#include "base/status.h"
#include "graph/buffer.h"
#include <string.h>

/* ---- the registry ---- */

PROCESS_LOCK(lock);                       /* guards the list */
static bask_type *first, **last = &first; /* in the order of registration */

static bask_type *find(const char *name)
{
    bask_type *t = first;
    while (t && strcmp(t->name, name) != 0)
        t = t->next;
    return t;
}

/* Two files may each have the type, from a header that they share. */
static bool same_type(const bask_type *a, const bask_type *b)
{
    return a == b || (a->version == b->version && a->object_size == b->object_size &&
                      strcmp(a->name, b->name) == 0);
}

bask_status bask_register_type(bask_type *type)
{
    if (!type || !type->name || type->name[0] == '\0')
        return status_set(BASK_EINVAL, "bask_register_type: the type %s",
                          type ? "has no name" : "is NULL");
    if (type->struct_size != sizeof *type)
        return status_set(BASK_EINVAL, "type %s: struct_size is %zu, not %zu: set it to sizeof",
                          type->name, type->struct_size, sizeof *type);
    pthread_mutex_lock(&lock);
    const bask_type *known = find(type->name);
    bool fits = !known || same_type(known, type);
    if (fits) {
        type->next = NULL;
        *last = type;
        last = &type->next;
    }
    pthread_mutex_unlock(&lock);
    return fits ? BASK_OK
                : status_set(BASK_EEXIST, "another type is named %s, of another version or size",
                             type->name);
}

void bask_unregister_type(bask_type *type)
{
    pthread_mutex_lock(&lock);
    for (bask_type **link = &first; *link; link = &(*link)->next)
        if (*link == type) {
            if (last == &type->next)
                last = link;
            *link = type->next;
            break;
        }
    pthread_mutex_unlock(&lock);
}

const bask_type *bask_type_find(const char *name)
{
    if (!name)
        return NULL;
    pthread_mutex_lock(&lock);
    const bask_type *t = find(name);
    pthread_mutex_unlock(&lock);
    return t;
}

/* ---- objects ---- */

static uint64_t seal_at(const void *place)
{
    return (uint64_t)(uintptr_t)place ^ UINT64_C(0x6261736b6f626a21);
}

static void free_object(const bask_type *type, void *object)
{
    if (type->free)
        type->free(object);
}

static void release(void *data, void *user)
{
    (void)user;
    object *o = data;
    free_object(o->type, o->object);
    o->seal = 0; /* the block may become another buffer as it is */
}

bask_buffer *bask_object_new_as(const bask_type *type, void *content, size_t bytes)
{
    if (!type || !content) {
        bask_fail(BASK_EINVAL, "bask_object_new: the %s%s is NULL",
                  type ? "object of type " : "type", type ? type->name : "");
        return NULL;
    }
    bask_buffer *buffer = buffer_new(sizeof(object), bytes);
    if (!buffer) {
        free_object(type, content);
        return NULL;
    }
    object *o = (object *)bask_buffer_data(buffer);
    *o = (object){.seal = seal_at(o), .type = type, .object = content};
    buffer->release = release;
    return buffer;
}

object object_of(bask_span span)
{
    object o = {.type = NULL};
    if (!span.data || span.size != sizeof o)
        return o;
    memcpy(&o, span.data, sizeof o); /* of plain bytes, which may lie anywhere */
    if (o.seal != seal_at(span.data))
        o.type = NULL;
    return o;
}

const bask_type *bask_object_type(bask_span span)
{
    return object_of(span).type;
}

static void *object_as(bask_span span, const bask_type *type)
{
    object o = object_of(span);
    if (o.type && type && same_type(o.type, type))
        return o.object;
    if (!type)
        bask_fail(BASK_EINVAL, "bask_object: the type is NULL");
    else if (o.type)
        bask_fail(BASK_ETYPE,
                  "the value is an object of type %s (version %u, %zu bytes), not of %s "
                  "(version %u, %zu bytes)",
                  o.type->name, o.type->version, o.type->object_size, type->name, type->version,
                  type->object_size);
    else
        bask_fail(BASK_ETYPE, "the value is %zu plain bytes, not an object of type %s", span.size,
                  type->name);
    return NULL;
}

const void *bask_object_as(bask_span span, const bask_type *type)
{
    return object_as(span, type);
}

void *bask_buffer_object_as(bask_buffer *buffer, const bask_type *type)
{
    return object_as(bask_buffer_span(buffer), type);
}

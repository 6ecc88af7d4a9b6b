/* SPDX-License-Identifier: Apache-2.0 */
/* The objects behind bask_object: what lies in a buffer that holds one. */
#ifndef BASK_GRAPH_TYPE_H
#define BASK_GRAPH_TYPE_H

#include <bask/type.h>

typedef struct object {
    uint64_t seal; /* of this very place, so that a copy of the bytes passes for no object */
    const bask_type *type;
    void *object;
} object;

/* The object behind SPAN, whose type is NULL if it is none. */
object object_of(bask_span span);

/* A copy of an object that is in use elsewhere, by its type's pack and unpack; NULL: no memory, or
 * these failed. */
bask_buffer *object_copy(const object *o);

#endif

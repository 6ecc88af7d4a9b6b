/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations: "key=value;key=value" as users write it, and as it is kept: each pair ends with a zero, and
 * so does the list. */
#ifndef BASK_GRAPH_ANNOTATION_H
#define BASK_GRAPH_ANNOTATION_H

#include <bask/status.h>
#include <stddef.h>

/* Bytes for RAW (which may be NULL) as it is kept. */
size_t annotations_size(const char *raw);
/* BASK_EINVAL for what is no key=value; names CALL. */
bask_status annotations_read(const char *call, const char *raw, char *kept);

/* KEPT may be NULL. */
const char *annotations_find(const char *kept, const char *key);

#endif

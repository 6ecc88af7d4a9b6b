/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/annotation.h"

#include "base/status.h"
#include "graph/plan.h"
#include <bask/task.h>
#include <string.h>

size_t annotations_size(const char *raw)
{
    return (raw ? strlen(raw) : 0) + 2;
}

bask_status annotations_read(const char *call, const char *raw, char *kept)
{
    while (raw && *raw) {
        size_t length = strcspn(raw, ";"), key = strcspn(raw, "=;");
        if (key == 0 || raw[key] != '=')
            return status_set(BASK_EINVAL, "%s: the annotation \"%.*s\" is no key=value", call,
                              (int)length, raw);
        memcpy(kept, raw, length);
        kept[length] = '\0';
        kept += length + 1;
        raw += raw[length] ? length + 1 : length;
    }
    *kept = '\0';
    return BASK_OK;
}

const char *annotations_find(const char *kept, const char *key)
{
    if (!kept || !key)
        return NULL;
    size_t length = strlen(key);
    for (; *kept; kept += strlen(kept) + 1)
        if (strncmp(kept, key, length) == 0 && kept[length] == '=')
            return kept + length + 1;
    return NULL;
}

const char *bask_task_annotation(const char *key)
{
    const bask_task *whole = task_current ? task_current->whole : NULL;
    if (!whole)
        return NULL;
    return annotations_find(whole->plan ? whole->plan->annotations : whole->annotations, key);
}

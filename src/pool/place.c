/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/place.h"

void place_elsewhere(worker *v)
{
    int here = sched_getcpu();
    if (v->cpu >= 0 || v->tid == 0 || here < 0 || here >= CPU_SETSIZE)
        return;
    /* read anew each time: the user may have moved the process. Systems with more CPUs than the set
     * holds refuse */
    if (sched_getaffinity(v->tid, sizeof v->inherited, &v->inherited) != 0)
        return;
    cpu_set_t others = v->inherited;
    CPU_CLR((unsigned)here, &others);
    if (CPU_COUNT(&others) == 0 || CPU_EQUAL(&others, &v->inherited))
        return;
    v->displaced = sched_setaffinity(v->tid, sizeof others, &others) == 0;
}

void place_anywhere(worker *w)
{
    if (!w->displaced)
        return;
    w->displaced = false;
    sched_setaffinity(0, sizeof w->inherited, &w->inherited);
}

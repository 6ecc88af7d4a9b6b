/* SPDX-License-Identifier: Apache-2.0 */
#include <bask/blocking.h>

#include "pool/sleep.h"
#include "pool/source.h"
#include "pool/spare.h"

static worker *current(void)
{
    return bask_self == &worker_nobody ? NULL : (worker *)bask_self;
}

void bask_blocking_begin(void)
{
    worker *w = current();
    if (!w || w->blocking++)
        return;
    worker_let_go(w);
    w->lent = w->pool->nworkers > 0 && spare_lend(w->pool);
    sleep_block_begin(w->pool);
}

void bask_blocking_end(void)
{
    worker *w = current();
    if (!w || w->blocking == 0 || --w->blocking)
        return;
    sleep_block_end(w->pool);
    if (w->lent)
        spare_return(w->pool);
}

void bask_no_help_begin(void)
{
    worker *w = current();
    if (w)
        w->guarded++;
}

void bask_no_help_end(void)
{
    worker *w = current();
    if (w && w->guarded)
        w->guarded--;
}

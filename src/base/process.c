/* SPDX-License-Identifier: Apache-2.0 */
#include "base/process.h"

_Atomic uint32_t process_forks;

static void in_child(void)
{
    atomic_store_explicit(&process_forks, process_number() + 1, memory_order_relaxed);
}

__attribute__((constructor)) static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, in_child);
}

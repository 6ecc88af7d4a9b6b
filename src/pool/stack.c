/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/stack.h"

#include <pthread.h>

__thread stack_bounds stack_own __attribute__((tls_model("initial-exec")));

void stack_measure(void)
{
    pthread_attr_t attr;
    void *low = NULL;
    size_t size = 0, guard = 0;
    if (stack_own.reserve || pthread_getattr_np(pthread_self(), &attr) != 0)
        return;
    if (pthread_attr_getstack(&attr, &low, &size) == 0 && size > 0) {
        pthread_attr_getguardsize(&attr, &guard);
        stack_own.low = (uintptr_t)low + guard; /* which counts as a part of the stack */
        stack_own.reserve = size / 4 < STACK_RESERVE ? size / 4 : STACK_RESERVE;
    }
    pthread_attr_destroy(&attr);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/service.h"

#include "base/status.h"
#include <string.h>

void service_block_signals(sigset_t *before)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    sigset_t others;
    sigfillset(&others);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        sigdelset(&others, own[i]);
    pthread_sigmask(SIG_SETMASK, &others, before);
}

static void *service_main(void *arg)
{
    service *s = arg;
    pthread_setname_np(pthread_self(), s->name);
    s->run(s->data);
    return NULL;
}

bask_status service_start(service *s, const char *name, size_t stack_size, service_fn *run,
                          void *data)
{
    s->run = run;
    s->data = data;
    snprintf(s->name, sizeof s->name, "%.15s", name);
    pthread_attr_t attr;
    int error = pthread_attr_init(&attr);
    if (error)
        return status_set(BASK_ENOMEM, "no memory to start the thread %s", s->name);
    error = stack_size ? pthread_attr_setstacksize(&attr, stack_size) : 0;
    if (error) {
        pthread_attr_destroy(&attr);
        return status_set(BASK_EINVAL, "the stack of the thread %s cannot have %zu bytes: %s",
                          s->name, stack_size, strerror(error));
    }
    sigset_t before;
    service_block_signals(&before);
    error = pthread_create(&s->thread, &attr, service_main, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (error)
        return status_set(BASK_ESYSTEM, "the thread %s could not be started: %s", s->name,
                          strerror(error));
    return BASK_OK;
}

void service_join(service *s)
{
    pthread_join(s->thread, NULL);
}

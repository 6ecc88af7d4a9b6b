/* SPDX-License-Identifier: Apache-2.0 */
#include "base/service.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

typedef struct seen {
    char name[16];
    sigset_t mask;
    size_t stack;
    bool run;
} seen;

static void look(void *data)
{
    seen *s = data;
    pthread_attr_t attr;
    pthread_getname_np(pthread_self(), s->name, sizeof s->name);
    pthread_sigmask(SIG_SETMASK, NULL, &s->mask);
    pthread_getattr_np(pthread_self(), &attr);
    pthread_attr_getstacksize(&attr, &s->stack);
    pthread_attr_destroy(&attr);
    s->run = true;
}

Test(service, runs_on_a_thread_of_that_name_and_stack_that_takes_no_signal_but_its_own)
{
    service s;
    seen there = {.run = false};
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    cr_assert_eq(service_start(&s, "bask-looker", 24 << 20, look, &there), BASK_OK);
    service_join(&s);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    cr_assert(there.run);
    cr_assert_str_eq(there.name, "bask-looker");
    cr_assert_geq(there.stack, 24u << 20);
    for (int signal = 1; signal <= 31; signal++)
        if (signal != SIGKILL && signal != SIGSTOP) {
            bool own = signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE ||
                       signal == SIGILL || signal == SIGTRAP || signal == SIGSYS;
            cr_assert_eq(sigismember(&there.mask, signal), !own, "signal %d", signal);
            cr_assert_eq(sigismember(&before, signal), sigismember(&after, signal));
        }
}

Test(service, a_long_name_is_cut)
{
    service s;
    seen there = {.run = false};
    cr_assert_eq(service_start(&s, "bask-looks-at-everything", 0, look, &there), BASK_OK);
    service_join(&s);
    cr_assert_str_eq(there.name, "bask-looks-at-e");
}

Test(service, what_cannot_start_says_so)
{
    service s;
    seen there = {.run = false};
    cr_assert_eq(service_start(&s, "bask-looker", 1, look, &there), BASK_EINVAL);
    cr_assert(strstr(bask_last_error(), "bask-looker cannot have 1 bytes"));
    cr_assert_eq(service_start(&s, "bask-looker", (size_t)1 << 50, look, &there), BASK_ESYSTEM);
    cr_assert(strstr(bask_last_error(), "the thread bask-looker could not be started"));
    cr_assert_not(there.run);
}

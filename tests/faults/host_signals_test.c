/* SPDX-License-Identifier: Apache-2.0 */
/* Signals are the host's: workers take none, and no call is cut short by one. */
#include "pool/worker.h"
#include "support/child.h"
#include "support/clusters.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>

static _Atomic int taken, taken_by_workers;

static void on_signal(int number)
{
    (void)number;
    /* A host thread on a seat is a worker for a while; a seat has no thread of its own. */
    bool is_worker = bask_self != &worker_nobody && ((worker *)bask_self)->id >= 0;
    atomic_fetch_add(&taken, 1);
    atomic_fetch_add(&taken_by_workers, is_worker);
}

static void catch (int number)
{
    struct sigaction a = {.sa_handler = on_signal}; /* without SA_RESTART: calls end by EINTR */
    cr_assert_eq(sigaction(number, &a, NULL), 0);
}

static void storm(int timer, bool on)
{
    struct itimerval every = {{0, on ? 200 : 0}, {0, on ? 200 : 0}};
    cr_assert_eq(setitimer(timer, &every, NULL), 0);
}

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}

/* Signals of its own cannot reach a worker, so this has one sent to the process. */
BASK_KERNEL(int64_t, kill_process, (int64_t, signal_number))
{
    return kill(getpid(), (int)signal_number);
}

static void use_everything(void)
{
    bask_client *c = open_client("threads://2");
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, inc, 0);
    for (int i = 0; i < 99; i++)
        d = bask_delay(g, inc, d);
    bask_future *f, *of_graph;
    int64_t x = 0, y = 0;
    cr_assert_eq(bask_compute_sync(c, &d, 1, &of_graph), BASK_OK);
    f = bask_submit(c, inc, of_graph);
    cr_assert_eq(bask_wait(&f, 1, BASK_ALL, BASK_FOREVER, NULL), BASK_OK);
    cr_assert_eq(bask_result(of_graph, &x), BASK_OK);
    cr_assert_eq(bask_result_timeout(f, &y, 1000000), BASK_OK);
    cr_assert(x == 100 && y == 101);
    bask_future_free(f);
    bask_future_free(of_graph);
    bask_graph_free(g);
    bask_close(c);
}

/* Until so many signals have come, and so many rounds are done. */
static void under_storm(int timer, int number)
{
    enum { SIGNALS = 200, ROUNDS = 50 };
    catch (number);
    storm(timer, true);
    for (int round = 0; round < ROUNDS || atomic_load(&taken) < SIGNALS; round++)
        use_everything();
    storm(timer, false);
    cr_assert_eq(atomic_load(&taken_by_workers), 0);
}

Test(signals, calls_are_not_cut_short_by_an_alarm_storm)
{
    under_storm(ITIMER_REAL, SIGALRM);
}

Test(signals, profiling_timer_does_no_harm)
{
    under_storm(ITIMER_PROF, SIGPROF);
}

Test(signals, workers_take_none)
{
    static const int numbers[] = {SIGUSR1, SIGTERM, SIGINT, SIGCHLD, SIGPIPE, SIGPROF};
    bask_client *c = open_client("threads://2");
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        catch (numbers[i]);
        atomic_store(&taken, 0);
        bask_future *f = bask_submit(c, kill_process, numbers[i]);
        int64_t x = -1;
        cr_assert_eq(bask_result(f, &x), BASK_OK); /* the signal finds this thread asleep, or so */
        cr_assert_eq(x, 0);
        bask_future_free(f);
        while (atomic_load(&taken) == 0)
            sched_yield();
    }
    cr_assert_eq(atomic_load(&taken_by_workers), 0);
    bask_close(c);
}

/* ---- faults in kernels ---- */

static void report_fault(int number)
{
    _exit(number == SIGSEGV && bask_self != &worker_nobody ? 11 : 1);
}

BASK_KERNEL(int64_t, faults, (int64_t, number))
{
    raise((int)number);
    return number;
}

static void fault_in_a_task(void)
{
    bask_client *c;
    int64_t x;
    signal(SIGSEGV, report_fault);
    CHILD_MUST(bask_open("threads://1", &c) == BASK_OK);
    bask_future *f = bask_submit(c, faults, SIGSEGV);
    (void)!bask_result(f, &x);
}

Test(signals, the_hosts_handler_sees_a_fault_in_a_kernel)
{
    cr_assert_eq(child_status(fault_in_a_task), 11);
}

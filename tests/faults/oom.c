/* SPDX-License-Identifier: Apache-2.0 */
#include "faults/oom.h"

#include "base/status.h"
#include "support/inject.h"
#include "support/stress.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Until a process is taken to hang: far more than it needs on a busy machine. */
#ifdef SANITIZED
enum { SECONDS = 240 };
#else
enum { SECONDS = 60 };
#endif

#ifdef BASK_COVERAGE /* a process that ends by _exit does not write down what it has run */
void __gcov_dump(void);
#define _exit(code) (__gcov_dump(), _exit(code))
#endif

enum {
    WENT_WELL = 0, /* and the request was refused */
    WENT_WRONG = 1,
    NOT_MET = 2, /* there were not so many requests */
    MOST_FAULTS = 3
};

static const char *subject = ""; /* what runs, for reports */
static bool faults, limited, some_failed;

/* ---- checks ---- */

void oom_check(bool good, const char *format, ...)
{
    if (good)
        return;
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    dprintf(STDOUT_FILENO, "# %s: %s (refused: %s)\n", subject, text, inject_place());
    _exit(WENT_WRONG);
}

bool oom_may_fail(void)
{
    return limited || (faults && inject_failed());
}

void oom_fresh(void)
{
    status_set(BASK_OK, "%s", "");
}

/* Does MESSAGE say what STATUS stands for? A message may be what there is no memory for. */
static bool explains(bask_status status, const char *message)
{
    switch (status) {
    case BASK_ENOMEM:
        return strstr(message, "memory") != NULL;
    case BASK_EUPSTREAM:
        return strstr(message, "memory") || strcmp(message, bask_status_text(status)) == 0;
    case BASK_ESYSTEM:
    case BASK_EIO:
        return strlen(message) > strlen(bask_status_text(status));
    default:
        return false;
    }
}

bool oom_ok(bask_status status, const char *call)
{
    if (status == BASK_OK)
        return true;
    const char *message = bask_last_error();
    oom_check(oom_may_fail(), "%s: %s: %s", call, bask_status_name(status), message);
    oom_check(explains(status, message), "%s: %s, but the message is \"%s\"", call,
              bask_status_name(status), message);
    some_failed = true;
    return false;
}

bool oom_got(const void *object, const char *call)
{
    if (object)
        return true;
    const char *message = bask_last_error();
    oom_check(oom_may_fail(), "%s: NULL: %s", call, message);
    oom_check(explains(BASK_ENOMEM, message) || strstr(message, "could not be started"),
              "%s: NULL, but the message is \"%s\"", call, message);
    some_failed = true;
    return false;
}

bool oom_open(const char *address, bask_client **client)
{
    *client = (void *)1;
    bool ok = TRY(bask_open(address, client));
    oom_check(ok || !*client, "bask_open(%s) failed and left a client", address);
    return ok;
}

bool oom_built(bask_client *client, bask_delayed *const *outputs, size_t n)
{
    bask_plan *plan;
    bool built = true;
    for (size_t i = 0; i < n; i++)
        built = built && outputs[i];
    if (built)
        return true;
    oom_check(oom_may_fail(), "a node was not made: %s", bask_last_error());
    oom_check(bask_plan_new(client, outputs, n, &plan) != BASK_OK && !plan, "NULL can be planned");
    for (size_t i = 0; i < n; i++)
        if (outputs[i]) {
            bask_status status = bask_plan_new(client, &outputs[i], 1, &plan);
            oom_check(status == BASK_ENOMEM && explains(status, bask_last_error()),
                      "a graph of which a node could not be made: %s: %s", bask_status_name(status),
                      bask_last_error());
        }
    return false;
}

void oom_value(bask_future *f, int64_t want)
{
    int64_t x = -1;
    if (!f)
        return;
    if (TRY(bask_result(f, &x)))
        oom_check(x == want, "%s is %lld, not %lld", bask_future_name(f), (long long)x,
                  (long long)want);
    else
        oom_check(bask_future_error(f)[0] && bask_future_state(f) == BASK_ERROR,
                  "%s has failed without an error", bask_future_name(f));
    bask_future_free(f);
}

void oom_failure(bask_future *f, bask_status status)
{
    int64_t x;
    if (!f)
        return;
    bask_status is = bask_result(f, &x);
    oom_check(is == status || (is == BASK_ENOMEM && oom_may_fail()), "%s: %s instead of %s",
              bask_future_name(f), bask_status_name(is), bask_status_name(status));
    oom_check(bask_future_error(f)[0], "%s has failed without an error", bask_future_name(f));
    bask_future_free(f);
}

/* ---- one run ---- */

static void run_program(const oom_program *p, const char *address)
{
    p->run(address);
    inject_end();
    oom_check(inject_blocks() == 0, "%ld blocks are left", inject_blocks());
    oom_check(inject_mapped() == 0, "%ld mapped bytes are left", inject_mapped());
}

/* With request K refused, then with none. */
static int run_with_fault(const oom_program *p, const char *address, long k, bool from_there)
{
    char text[128];
    snprintf(text, sizeof text, "%s %s, request %ld%s", p->name, address, k,
             from_there ? " and all after it" : "");
    subject = text;
    faults = true;
    inject_begin(INJECT_ALL, k, from_there);
    run_program(p, address);
    bool met = inject_failed();
    snprintf(text, sizeof text, "%s %s, after request %ld%s", p->name, address, k,
             from_there ? " and all after it" : "");
    faults = false;
    run_program(p, address);
    return met ? WENT_WELL : NOT_MET;
}

/* The value is how many requests there are. */
static long run_without(const oom_program *p, const char *address, unsigned disturbed)
{
    char text[128];
    snprintf(text, sizeof text, "%s %s, %s", p->name, address,
             disturbed ? "waits end for no reason" : "without faults");
    subject = text;
    faults = false;
    inject_wakes(disturbed);
    inject_begin(INJECT_ALL, -1, false);
    run_program(p, address);
    return inject_end();
}

/* ---- processes ---- */

/* The process that runs after this: 0 in it, then its pid. */
static pid_t split(void)
{
    fflush(stdout);
    pid_t pid = fork();
    stress_check(pid >= 0, "fork failed");
    if (pid == 0)
        alarm(SECONDS); /* by its signal a process ends that hangs */
    return pid;
}

static int wait_for(pid_t pid, const char *what, const char *address, long k, bool from_there)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) <= NOT_MET)
        return WEXITSTATUS(status);
    printf("# %s %s, request %ld%s: ", what, address, k, from_there ? " and all after it" : "");
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        printf("hangs\n");
    else if (WIFSIGNALED(status))
        printf("%s\n", strsignal(WTERMSIG(status)));
    else
        printf("exit status %d\n", WEXITSTATUS(status));
    return WENT_WRONG;
}

bool oom_process(const char *name, void (*run)(void *arg), void *arg, bool *met)
{
    pid_t pid = split();
    if (pid == 0) {
        subject = name;
        run(arg);
        _exit(some_failed ? WENT_WELL : NOT_MET);
    }
    int how = wait_for(pid, name, "", -1, false);
    if (met && how == WENT_WELL)
        *met = true;
    return how != WENT_WRONG;
}

void oom_limit(bool on)
{
    limited = on;
}

/* How many requests there are, -1 if the program goes wrong even so. */
static long count_requests(const oom_program *p, const char *address)
{
    int ends[2];
    long count = -1;
    stress_check(pipe(ends) == 0, "no pipe");
    pid_t pid = split();
    if (pid == 0) {
        count = run_without(p, address, 0);
        _exit(write(ends[1], &count, sizeof count) == sizeof count ? WENT_WELL : WENT_WRONG);
    }
    close(ends[1]);
    if (wait_for(pid, p->name, address, -1, false) != WENT_WELL ||
        read(ends[0], &count, sizeof count) != sizeof count)
        count = -1;
    close(ends[0]);
    return count;
}

/* Each STRIDE-th of the requests. Returns how many runs went wrong, and how many met their fault. */
static int refuse_each(const oom_program *p, const char *address, long count, int stride,
                       bool from_there, long *met)
{
    enum { ONCE_MORE = 3 }; /* where the last requests vary, until none has been met so often */
    int wrong = 0, missed = 0;
    for (long k = count / 2 % stride; missed < ONCE_MORE && wrong < MOST_FAULTS; k += stride) {
        pid_t pid = split();
        if (pid == 0)
            _exit(run_with_fault(p, address, k, from_there));
        int how = wait_for(pid, p->name, address, k, from_there);
        wrong += how == WENT_WRONG;
        *met += how == WENT_WELL;
        missed += how == NOT_MET && k >= count;
    }
    return wrong;
}

static int disturb_waits(const oom_program *p, const char *address)
{
    static const unsigned shares[] = {1, 2, 5};
    int wrong = 0;
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        pid_t pid = split();
        if (pid == 0) {
            run_without(p, address, shares[i]);
            _exit(WENT_WELL);
        }
        wrong += wait_for(pid, p->name, address, -1, false) != WENT_WELL;
    }
    return wrong;
}

static void report(const oom_program *p, const char *address)
{
    static int number;
    int stride = 100 / stress_rounds(100), wrong = 0;
    long count = count_requests(p, address), met = 0;
    if (count >= 0) {
        wrong = refuse_each(p, address, count, stride, false, &met);
        wrong += refuse_each(p, address, count, stride, true, &met);
        wrong += disturb_waits(p, address);
    }
    bool good = count > 0 && wrong == 0 && met > 0;
    printf("%sok %d - %s %s: %ld requests, %ld refused\n", good ? "" : "not ", ++number, p->name,
           address, count, met);
    fflush(stdout);
}

int oom_main(int argc, char **argv, const oom_program *programs, int n)
{
    int tests = 0;
    for (int i = 0; i < n; i++)
        for (const char *const *a = programs[i].addresses; *a; a++) {
            if ((argc > 1 && strcmp(argv[1], programs[i].name) != 0) ||
                (argc > 2 && strcmp(argv[2], *a) != 0))
                continue;
            tests++;
            if (argc > 3)
                return run_with_fault(&programs[i], *a, atol(argv[3]), argc > 4);
            report(&programs[i], *a);
        }
    stress_plan(tests);
    return 0;
}

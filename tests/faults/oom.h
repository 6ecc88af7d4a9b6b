/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs of which every request of the system fails once in turn (support/inject.h), the way SQLite
 * tests itself. For each request number K, and for "from K on", a program is run in a process of its
 * own: it must come to an end; each of its calls must give the right result, or an error that a refused
 * request explains, with a message; nothing may be left when all is freed; and when the program is then
 * run once more, without faults, all must be right. Threads take turns as they like, so that request K
 * is not always the same one: what matters is that each is met now and then.
 */
#ifndef TESTS_FAULTS_OOM_H
#define TESTS_FAULTS_OOM_H

#include <bask.h>

typedef struct oom_program {
    const char *name;
    void (*run)(const char *address);
    const char *addresses[6]; /* ended by NULL */
} oom_program;

/* Runs them all and reports TAP. Arguments: NAME [ADDRESS [K [from]]] picks some, or one to debug. */
int oom_main(int argc, char **argv, const oom_program *programs, int n);

/* For limits that the system really has: runs RUN(ARG) in a process of its own; was all well? *MET (may
 * be NULL) becomes true if calls have failed. */
bool oom_process(const char *name, void (*run)(void *arg), void *arg, bool *met);
/* From now on calls of this process may fail, or no more. */
void oom_limit(bool on);

/* Ends this process with a report unless GOOD. */
void oom_check(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Has a request been refused, so that calls may fail? */
bool oom_may_fail(void);

/* The call gave what it should. If not: it gave an error that it may give now, and a message. */
#define TRY(...) (oom_fresh(), oom_ok((__VA_ARGS__), #__VA_ARGS__))
/* The same for a call that returns a pointer, NULL when it fails. */
#define TRY_NEW(...) (oom_fresh(), oom_got((__VA_ARGS__), #__VA_ARGS__))

void oom_fresh(void); /* so that an older message is not taken for that of the next call */
bool oom_ok(bask_status status, const char *call);
bool oom_got(const void *object, const char *call);

/* Opens ADDRESS into *CLIENT. */
bool oom_open(const char *address, bask_client **client);

/* Have these nodes been built? If not, they cannot be computed, and it is said why. */
bool oom_built(bask_client *client, bask_delayed *const *outputs, size_t n);

/* The int64 result of F is WANT, or it has failed as it may; frees F, which may be NULL. */
void oom_value(bask_future *f, int64_t want);
/* F must fail: with STATUS, or for want of memory. Frees F. */
void oom_failure(bask_future *f, bask_status status);

#endif

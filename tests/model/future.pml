/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state word of a future: promise.c, word.c, and who uses them in src/client: future.c, wait.c.
 *
 * One future. A runner finishes it with its result; CANCELS threads cancel it; HOSTS threads wait on
 * its word; PARKERS workers park for it; AWAITERS tasks listen to it, as a task does that has it
 * among its arguments, and EARLY of them are told before it is done, as callbacks are; BELLS threads
 * wait on a word of their own that a listener finishes, and may give up first (wait.c). All hold a
 * reference, which they drop as soon as they are through, and the memory of a listener and of its word
 * goes away when its owner goes on.
 *
 * One step is one atomic operation of the C code, or what is done under the lock that nobody else
 * can see half of. That a parked worker is found asleep or woken is park.pml's matter: here parking
 * is a flag.
 *
 * Properties
 *   no invalid end state   whoever waits goes on, whoever listens is called
 *   assertions             one finisher writes the result, before anybody sees the state; the state
 *                          is set once; a listener is called once or told that it is too late, and
 *                          not after it has been forgotten; nothing is touched after it was freed;
 *                          the future is freed
 *
 * DEADLINES=0: a bell does not give up. MUTANT=n: one step is missing or moved; see `check`.
 */
#ifndef CANCELS
#define CANCELS 1
#endif
#ifndef HOSTS
#define HOSTS 1
#endif
#ifndef PARKERS
#define PARKERS 1
#endif
#ifndef AWAITERS
#define AWAITERS 1
#endif
#ifndef EARLY
#define EARLY 0
#endif
#ifndef BELLS
#define BELLS 1
#endif
#ifndef DEADLINES
#define DEADLINES 1
#endif
#ifndef MUTANT
#define MUTANT 0
#endif

#define FINISHERS (1 + CANCELS)
#define WAITERS (HOSTS + PARKERS)
#define LISTENERS (AWAITERS + BELLS)
#define ACTORS (FINISHERS + WAITERS + LISTENERS)
#define NONE 0

/* bask_future */
bit claimed, done, host, worker, listeners_bit; /* promise.word */
byte state;                                     /* ... its user bits: who finished, + 1 */
byte half_written, written;                     /* the result: by whom, + 1 */
byte first;                                     /* promise.listeners: a listener + 1 */
byte references = ACTORS;
bit freed;

/* promise_home: its lock, whom a ringer tells just now, and who waits for `rung` */
bit locked;
byte ringing;    /* a listener + 1 */
bit awaits_rung[4];

/* Listeners: the tasks that await it, then the bells with their words. In any configuration four. */
byte next[4];
bit there[4] = 1, called[4];
bit bell_done[4], bell_host[4];

/* Threads in a futex wait, on the future's word or a bell's; parked workers. */
bit blocked[10], parked[10], waiting_for[10];

byte ended;

inline drop()
{
    atomic {
        assert(!freed && references > 0);
        references--;
        freed = references == 0;
        ended++
    }
}

inline lock()
{
    atomic { !locked -> locked = 1 }
}

inline wake_blocked()
{
    atomic {
        v = 0;
        do
        :: v < FINISHERS + HOSTS -> blocked[v] = 0; v++
        :: else -> v = 0; break
        od
    }
}

/* ---- promise.c ---- */

inline claim()
{
#if MUTANT == 1
    won = !claimed;
    claimed = 1
#else
    atomic { assert(!freed); won = !claimed; claimed = 1 }
#endif
}

inline write_result()
{
    atomic { assert(!freed && half_written == NONE); half_written = me + 1 };
    atomic { assert(!freed && half_written == me + 1); written = me + 1 }
}

/* The call of listener L, whose memory may go away while this runs. */
inline call(l)
{
    if
    :: l < AWAITERS -> atomic { assert(there[l] && !called[l]); called[l] = 1 }
    :: else -> /* ring_bell: word_finish on the bell's word */
        atomic {
            assert(there[l] && !called[l]);
            called[l] = 1;
            v = bell_host[l];
            bell_done[l] = 1
        };
        if :: v && MUTANT != 16 -> blocked[FINISHERS + WAITERS + l] = 0 :: else fi;
        v = 0
    fi
}

/* Listener L leaves the list, if it is there: UNLINKED. With the lock. */
inline unlink(l)
{
    atomic {
        assert(!freed);
        unlinked = first == l + 1;
        if
        :: unlinked -> first = next[l]
        :: else ->
            v = first;
            do
            :: v != NONE && next[v - 1] == l + 1 -> next[v - 1] = next[l]; unlinked = 1; break
            :: v != NONE && next[v - 1] != l + 1 -> v = next[v - 1]
            :: else -> break
            od;
            v = 0
        fi
    }
}

inline finish()
{
    assert(!freed);
#if EARLY
    if
    :: listeners_bit -> /* tell_early */
        lock();
        unlink(0);
        if :: unlinked && MUTANT != 19 -> call(0) :: else fi;
        locked = 0
    :: else
    fi;
#endif
#if MUTANT == 13
    former = listeners_bit;
#endif
    /* word_finish: the CAS, then the wakes, which touch the word no more */
    atomic {
        assert(!freed && !done);
        done = 1;
        state = me + 1;
#if MUTANT != 13
        former = listeners_bit;
#endif
        wake_hosts = host;
        wake_workers = worker
    };
    if :: wake_hosts && MUTANT != 6 -> wake_blocked() :: else fi;
    if
    :: wake_workers && MUTANT != 7 ->
        do
        :: atomic { v < PARKERS -> parked[v] = parked[v] && !waiting_for[v]; v++ }
        :: else -> v = 0; break
        od
    :: else
    fi;
    if
    :: former -> /* tell */
#if MUTANT != 8
        lock();
#endif
        do
        :: first != NONE -> atomic { assert(!freed); l = first };
#if MUTANT == 10
            ringing = l;
            locked = 0;
            call(l - 1);
            lock();
            atomic { assert(there[l - 1]); first = next[l - 1] };
#else
            atomic { assert(there[l - 1]); first = (MUTANT == 9 -> first : next[l - 1]) };
            ringing = l;
            locked = 0;
            call(l - 1);
#if MUTANT != 8
            lock();
#endif
#endif
            atomic {
                ringing = NONE;
                do
                :: v < LISTENERS -> awaits_rung[v] = awaits_rung[v] && MUTANT == 20; v++
                :: else -> v = 0; break
                od
            }
        :: else -> break
        od;
        locked = 0
    :: else
    fi
}

/* Sets LATE where the listener will not be called. */
inline listen(l)
{
#if MUTANT != 2
    lock();
#endif
    next[l] = first;
    atomic { assert(!freed); first = l + 1 };
    atomic { assert(!freed); late = done && MUTANT != 3; listeners_bit = 1 };
    if :: late && MUTANT != 4 -> first = next[l] :: else fi;
    locked = 0
}

inline forget(l)
{
#if MUTANT != 5
    lock();
#endif
    unlink(l);
#if MUTANT != 11
    do
    :: ringing == l + 1 -> awaits_rung[l] = 1;
        locked = 0; /* together with the line before: pthread_cond_wait */
        !awaits_rung[l];
        lock()
    :: else -> break
    od;
#endif
    locked = 0
}

/* What whoever has seen WORD_DONE, or was called, may rely on. */
#define SEEN_DONE (!freed && done && state != 0 && state == written)

/* ---- who finishes ---- */

active [FINISHERS] proctype finisher()
{
    byte me = _pid;
    bit won, former, wake_hosts, wake_workers;
    byte v, l;
    bit unlinked;

    claim();
    if
    :: won ->
#if MUTANT == 12
        finish();
        write_result();
#else
        write_result();
#if MUTANT == 14 /* the run's reference goes before it is through */
        drop();
        finish();
        goto over;
#endif
        finish();
#endif
    :: else ->
        /* bask_cancel comes back when the future is done; a run whose node was cancelled goes on */
        if :: me > 0 && MUTANT != 15 -> done :: else fi
    fi;
    if :: me > 0 -> assert(SEEN_DONE) :: else fi;
    drop();
over:
    skip
}

/* ---- who waits ---- */

#if HOSTS
active [HOSTS] proctype waiter()
{
    byte me = _pid;
    bit seen;

    do /* word_block */
#if MUTANT == 17
    :: host = 1; seen = done;
#else
    :: atomic { assert(!freed); host = 1; seen = done };
#endif
        if
        :: seen -> break
        :: else
        fi;
#if MUTANT == 17 /* sleeps without comparing the word */
        blocked[me] = 1;
#else
        atomic { assert(!freed); blocked[me] = !done };
#endif
        !blocked[me]
    od;
    assert(SEEN_DONE);
    drop()
}
#endif

#if PARKERS
active [PARKERS] proctype parker()
{
    byte me = _pid - FINISHERS - HOSTS;
    bit seen;

    do /* worker_run, sleep_park */
    :: atomic { done -> break }
    :: else ->
#if MUTANT == 18
        atomic { assert(!freed); worker = 1; seen = done };
        waiting_for[me] = 1;
        parked[me] = 1;
#else
        waiting_for[me] = 1;
        parked[me] = 1;
        atomic { assert(!freed); worker = 1; seen = done };
#endif
        if :: seen -> parked[me] = 0 :: else fi;
        !parked[me];
        waiting_for[me] = 0
    od;
    assert(SEEN_DONE);
    drop()
}
#endif

/* ---- who listens ---- */

/* A task that has the future among its arguments: its job runs, and is freed, once it is called. */
#if AWAITERS
active [AWAITERS] proctype awaiter()
{
    byte me = _pid - FINISHERS - WAITERS;
    bit late;

    listen(me);
    if
    :: late
    :: else -> called[me]
    fi;
    if :: me < EARLY -> done :: else fi; /* the thread of the callbacks waits */
    assert(SEEN_DONE);
    assert(late != called[me]);
    there[me] = 0;
    drop()
}
#endif

/* future_wait_until of a worker of another pool, bask_wait for any: the word is on its stack. */
#if BELLS
active [BELLS] proctype bell()
{
    byte thread = _pid, me = _pid - FINISHERS - WAITERS;
    byte v;
    bit late, seen, unlinked;

    listen(me);
    if
    :: late -> assert(SEEN_DONE); goto over
    :: else
    fi;
    do /* word_block on the bell's word */
    :: atomic { bell_host[me] = 1; seen = bell_done[me] };
        if
        :: seen -> break
        :: else
        fi;
        atomic { blocked[thread] = !bell_done[me] };
        if
        :: !blocked[thread]
        :: atomic { DEADLINES -> blocked[thread] = 0 }; break
        fi
    od;
    forget(me);
    assert(!called[me] || SEEN_DONE);
over:
    atomic { assert(!called[me] || !late); there[me] = 0 };
    drop()
}
#endif

active proctype check()
{
    ended == ACTORS;
    atomic {
        assert(freed && references == 0 && !locked);
        assert(first == NONE && written == state)
    }
}

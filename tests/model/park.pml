/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sleep and wake protocol of src/pool: sleep.c, word.c, fork.c, seat.c and the loop of worker.c.
 *
 * WORKERS threads of the pool and HOSTS host threads, each with a seat. Job k (k < JOBS) is injected
 * by host k % HOSTS; WAVES times it forks KIDS_0 (job 0) or KIDS (others) children and waits until
 * they have run, always with the same word; then it counts its host's latch down. A host injects,
 * helps, waits for its latch, and the first one then stops the pool (STOP=0: it does not).
 *
 * One step is one seq_cst operation of the C code, or the load and the CAS of a loop that repeats
 * when the CAS fails. The deque is taken for granted: take, steal and publish are single steps.
 *
 * Properties
 *   no invalid end state   every job and child runs, every waiter returns, every worker ends
 *   monitor                at no time does a worker sleep beside work: ASLEEP_BESIDE_WORK; whoever
 *                          is parked is a sleeper or reserved: claim (d) of sleep.c
 *   assertions             the counters never go below 0 and end at 0, and nobody parks with private
 *                          work of its own
 *
 * ROOTS=n: host 0 offers n held roots as well, and waits for them; the budget is exceeded, until
 * FREES of the jobs are over (0: always). A root is claimed and run in one step.
 *
 * CELLS=1: jobs start without a request, like the cells of a graph. DEEP=n: joins with n jobs on the
 * stack are deep. HELP=0: hosts block at once. DEADLINES=1: a wait in a job may time out once.
 * DRAIN=1: the host stops the pool without waiting. MUTANT=n: one rule is broken; see `check`.
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef HOSTS
#define HOSTS 1
#endif
#ifndef JOBS
#define JOBS 2
#endif
#ifndef KIDS_0
#define KIDS_0 1
#endif
#ifndef KIDS
#define KIDS 1
#endif
#ifndef WAVES
#define WAVES 1
#endif
#ifndef ROOTS
#define ROOTS 0
#endif
#ifndef FREES
#define FREES 0
#endif
#ifndef CELLS
#define CELLS 0
#endif
#ifndef HELP
#define HELP 1
#endif
#ifndef STOP
#define STOP 1
#endif
#ifndef DRAIN
#define DRAIN 0
#endif
#ifndef DEEP
#define DEEP 9
#endif
#ifndef DEADLINES
#define DEADLINES 0
#endif
#ifndef MUTANT
#define MUTANT 0
#endif

/* A scan of all threads: a step for each, or (SCANS=0, for larger configurations) one step. */
#ifndef SCANS
#define SCANS 1
#endif
#if SCANS
#define SCAN
#else
#define SCAN atomic
#endif

#define THREADS (WORKERS + HOSTS)
#define NONE 15

/* bask_pool.idle: one word, so it changes in atomic steps only */
byte searchers, sleepers, helpers;
#define SLEEPER_WANTED (searchers == 0 && sleepers > helpers)

/* per thread; 0 .. 3 can be named in any configuration */
bit parked[4], waking[4], request[4], born[4]; /* parked: 1, waking: 2 in worker.parked */
byte waiting_for[4]; /* a word + 1 */
byte blocked_on[4];  /* a futex wait on this word + 1 */

byte inbox, queued[4];                         /* bit masks of jobs */
byte private[3], public[3], left[3], owner[3]; /* per job: its children, and who runs it + 1 */

/* words: that of job k's children, then that of host h's latch */
#define LATCH(h) (JOBS + (h))
bit done[6], word_host[6], word_worker[6];
#define JOBS_OF(h) ((JOBS + HOSTS - 1 - (h)) / HOSTS)
#define EVENTS_OF(h) (JOBS_OF(h) + ((h) == 0 -> ROOTS : 0))
byte latches_down[3], waves[3];

byte roots, jobs_over, blocked;
bit exceeded = 1;

bit stopping;
byte ended, hosts_ended;

/* for the monitor: reservations not yet carried out; threads between making work visible, P1 or a
 * leave and the end of what follows; searchers that would not take what they find */
byte reserved, busy, refusing;

#define OWNS(t, k) (owner[k] == (t) + 1 && public[k] > 0)
#define NONEMPTY(t) (queued[t] != 0 || OWNS(t, 0) || OWNS(t, 1) || OWNS(t, 2))
/* Can a root be claimed, or let through? */
#define ALL_IDLE (WORKERS + helpers == searchers + sleepers + blocked)
#if ROOTS
#define ROOT_READY (roots > 0 && !exceeded)
#define ROOT_WAITING (roots > 0 && (!exceeded || ALL_IDLE))
#else
#define ROOT_READY false
#define ROOT_WAITING false
#endif
#define UNASKED(k) (private[k] > 0 && request[owner[k] - 1] == 0)
#define ASLEEP_BESIDE_WORK                                                                         \
    (searchers == refusing && sleepers > helpers && busy == 0 &&                                   \
     (inbox != 0 || ROOT_WAITING || NONEMPTY(0) || NONEMPTY(1) || NONEMPTY(2) || NONEMPTY(3) || UNASKED(0) ||      \
      UNASKED(1) || UNASKED(2)))

#define PARKED_UNCOUNTED (parked[0] + parked[1] + parked[2] + parked[3] > sleepers + reserved)

/* ---- sleep.c ---- */

inline reserve()
{
    assert(sleepers > 0);
    sleepers--;
    searchers++;
    reserved++
}

inline carry_out(x)
{
    parked[x] = 0;
    waking[x] = 1;
    reserved--
}

/* Who is not preferred is found by a scan that repeats until some worker has stored its `parked`. */
inline wake_reserved(prefer)
{
    if
    :: atomic { prefer != NONE && parked[prefer] -> carry_out(prefer) };
        waking[prefer] = 0
#if MUTANT == 11
    :: prefer != NONE && !parked[prefer]
    :: prefer == NONE ->
#else
    :: else ->
#endif
        if
        :: atomic { parked[0] -> carry_out(0) };
            waking[0] = 0
        :: atomic { parked[1] -> carry_out(1) };
            waking[1] = 0
        :: atomic { parked[2] -> carry_out(2) };
            waking[2] = 0
        :: atomic { parked[3] -> carry_out(3) };
            waking[3] = 0
        fi
    fi
}

/* Ends what made its caller `busy`. */
inline notify()
{
    if
    :: atomic { SLEEPER_WANTED -> reserve(); busy-- };
        wake_reserved(NONE)
    :: atomic { else -> busy-- }
    fi
}

inline sleep_wake(w)
{
    do
    :: parked[w] ->
        if
        :: atomic { sleepers > 0 -> reserve() };
            wake_reserved(w);
            break
#if MUTANT == 16
        :: atomic { sleepers == 0 -> break }
#else
        :: !parked[w] -> break /* with no sleeper left: somebody is being woken, maybe another */
#endif
        fi
    :: else -> break
    od
}

inline ask(t)
{
    if :: t < WORKERS || born[t] -> request[t] = 1 :: else fi
}

#if ROOTS
/* idle and blocked are two words, so looked at in two steps. */
inline root_waiting(result)
{
    if
    :: atomic { !result && roots > 0 && !exceeded -> result = 1 }
    :: atomic { !result && roots > 0 && exceeded -> idle_seen = searchers + sleepers - helpers };
        result = WORKERS == idle_seen + blocked
    :: else
    fi
}
#endif

#if ROOTS
/* By who has offered or claimed a root. */
inline call_claimers()
{
    root_waiting(found);
    if :: atomic { found -> found = 0 }; notify() :: atomic { else -> busy-- } fi
}
#endif

inline pool_has_work()
{
    SCAN {
        atomic { found = inbox != 0; v = 0 };
        do
        :: atomic { !found && v < THREADS -> found = NONEMPTY(v); v++ }
        :: atomic { else -> v = 0; break }
        od
    }
#if ROOTS && MUTANT != 17
    root_waiting(found)
#endif
}

inline leave(what, look)
{
    atomic { let_go(what, look) };
    pass_baton()
}

inline let_go(what, look)
{
    assert(what > 0);
    what--;
    found = look && SLEEPER_WANTED;
    busy = busy + found
}

inline pass_baton()
{
    if
    :: found ->
#if MUTANT != 3
        SCAN {
            do
            :: atomic { v < THREADS -> ask(v); v++ }
            :: atomic { else -> v = 0; break }
            od
        };
#endif
#if MUTANT != 4
        pool_has_work();
        if :: atomic { found -> found = 0 }; notify() :: atomic { else -> busy-- } fi
#else
        atomic { found = 0; busy-- }
#endif
    :: else
    fi
}

/* ---- word.c ---- */

inline word_finish(w)
{
    atomic {
        assert(!done[w]);
        done[w] = 1;
        found = word_worker[w];
        if
        :: word_host[w] && MUTANT != 6 ->
            do
            :: v < THREADS && blocked_on[v] == w + 1 -> blocked_on[v] = 0; v++
            :: v < THREADS && blocked_on[v] != w + 1 -> v++
            :: else -> v = 0; break
            od
        :: else
        fi
    };
    if
    :: found && MUTANT != 5 ->
        do
        :: v < THREADS ->
            if :: waiting_for[v] == w + 1 -> sleep_wake(v) :: else fi;
            v++
        :: else -> break
        od
    :: else
    fi;
    atomic { found = 0; v = 0 }
}

/* Both a deep join and a host that found nothing to do. */
inline word_block(w)
{
    do
    :: atomic { done[w] -> break }
    :: atomic { else -> word_host[w] = 1 };
        atomic { if :: done[w] :: else -> blocked_on[me] = w + 1 fi };
        blocked_on[me] == 0
    od
}

/* A deep join. */
inline sleep_block(w)
{
#if ROOTS
    atomic { blocked++; busy++ };
#if MUTANT != 18
    root_waiting(found);
#endif
    if :: atomic { found -> found = 0 }; notify() :: atomic { else -> busy-- } fi;
#endif
    word_block(w);
#if ROOTS
    blocked--
#endif
}

/* ---- inbox.h ---- */

/* Of the jobs in HAND; K is the one that is left. */
inline lay_all_but_one()
{
    do
    :: hand >> (k + 1) -> /* another one follows: this one can be stolen */
        if
        :: hand >> k & 1 -> atomic { queued[me] = queued[me] | (1 << k); busy++ };
            notify()
        :: else
        fi;
        k++
    :: else -> hand = 0; break
    od
}

/* ---- fork.c ---- */

/* The older half of job K's private children goes public. */
inline publish(k)
{
#if MUTANT != 12
    atomic { request[me] = 0; busy++ };
#else
    busy++;
#endif
    atomic {
        v = (private[k] + 1) / 2;
        public[k] = public[k] + v;
        private[k] = private[k] - v;
        v = 0
    };
    notify();
#if MUTANT == 12
    request[me] = 0
#endif
}

/* ---- worker.c ---- */

#define TOP stack[d - 1]
#define UNTIL (d > 0 -> TOP : (me < WORKERS -> NONE : LATCH(me - WORKERS)))
#define UNTIL_DONE (until != NONE && done[until])
#define WILLING (d < DEEP)
#define AWAKE (!parked[me] && !waking[me])
#define HELPER (me >= WORKERS && d == 0 && WORKERS > 0)

mtype = { nothing, a_job, a_child, a_root, again };

active [THREADS] proctype thread()
{
    byte me = _pid;
    byte d, stack[3]; /* the jobs that it is in */
    byte until = UNTIL, k, v, hand;
    bit found;
    byte timed_out; /* 1: just now, 2: not again */
#if ROOTS
    byte idle_seen;
    bit let_through;
#endif
    mtype got = nothing;

    if :: me >= WORKERS -> goto host :: else fi;

work: /* worker_run */
    if
    :: atomic { UNTIL_DONE -> goto reached }
    :: else
    fi;
#if MUTANT != 8
    if
    :: d > 0 && private[TOP] > 0 ->
        if
        :: request[me] -> publish(TOP); goto work
        :: atomic { else -> k = TOP; private[k]--; goto child }
        fi
    :: else
    fi;
#endif
    atomic { /* take */
        do
        :: k < JOBS && OWNS(me, k) -> public[k]--; goto child
        :: k < JOBS && !OWNS(me, k) -> k++
        :: else -> break
        od;
        k = 0;
        if
        :: queued[me] & 1 -> queued[me] = queued[me] & 254; k = 0; goto job
        :: else
        fi;
        if
        :: queued[me] & 2 -> queued[me] = queued[me] & 253; k = 1; goto job
        :: else
        fi;
        if
        :: queued[me] & 4 -> queued[me] = queued[me] & 251; k = 2; goto job
        :: else
        fi
    };
#if MUTANT != 10
    if :: d >= DEEP -> sleep_block(until); goto reached :: else fi;
#endif
    if
    :: atomic { WILLING && inbox -> hand = inbox; inbox = 0 };
        lay_all_but_one();
        goto job
    :: else
    fi;

#if ROOTS
    if
    :: atomic { WILLING && ROOT_READY -> roots--; busy++ };
        call_claimers();
        goto root
    :: else
    fi;
#endif

    /* search */
    atomic { searchers++; refusing = refusing + !WILLING };
look:
    SCAN {
        if
        :: atomic { UNTIL_DONE -> goto leave_search }
        :: else
        fi;
        if
        :: until == NONE && stopping -> pool_has_work();
            if :: !found -> goto leave_search :: else -> found = 0 fi
        :: else
        fi;
        if
        :: WILLING ->
            if
            :: atomic { inbox -> hand = inbox; inbox = 0 };
                lay_all_but_one();
                got = a_job;
                goto leave_search
#if ROOTS
            :: atomic { ROOT_READY -> roots--; busy++ };
                call_claimers();
                got = a_root;
                goto leave_search
#endif
            :: else
            fi;
            do
            :: atomic { v < THREADS && v != me -> /* steal */
                    do
                    :: k < JOBS && OWNS(v, k) -> public[k]--; got = a_child; break
                    :: k < JOBS && !OWNS(v, k) -> k++
                    :: else -> k = 0; break
                    od;
                    if
                    :: got == nothing && queued[v] ->
                        k = (queued[v] & 1 -> 0 : (queued[v] & 2 -> 1 : 2));
                        queued[v] = queued[v] - (1 << k);
                        got = a_job
                    :: else
                    fi;
                    if :: !NONEMPTY(v) -> ask(v) :: true fi; /* as thief.h has it */
                    if :: got != nothing -> v = 0; goto leave_search :: else -> v++ fi
                }
            :: v == me -> v++
            :: atomic { else -> v = 0; break }
            od
        :: else
        fi
    };
#if ROOTS
    if /* sleep_leave_alone */
    :: WILLING && roots > 0 -> idle_seen = blocked;
        if
        :: atomic { WORKERS + helpers == searchers + sleepers + idle_seen ->
                let_go(searchers, true);
                let_through = 1
            };
            pass_baton();
            if
            :: atomic { roots > 0 -> roots--; busy++; let_through = 0 };
                call_claimers();
                goto root
            :: atomic { else -> let_through = 0; goto work }
            fi
        :: else
        fi
    :: else
    fi;
#endif
    if :: timed_out == 1 || HELPER -> goto leave_search :: else fi;

    /* sleep_park */
    assert(d == 0 || private[TOP] == 0 || MUTANT == 8);
#if MUTANT == 9
    if :: atomic { until != NONE -> found = done[until]; word_worker[until] = 1 } :: else fi;
#endif
    atomic { /* P1 */
        waiting_for[me] = (until == NONE -> 0 : until + 1);
        assert(searchers > 0);
        searchers--;
        sleepers++;
        refusing = refusing - !WILLING;
        busy = busy + WILLING
    };
    parked[me] = 1;
#if MUTANT != 9
    if :: atomic { until != NONE -> found = done[until]; word_worker[until] = 1 } :: else fi;
#endif
#if MUTANT != 2
    SCAN { /* P2 */
        do
        :: atomic { v < THREADS && v != me -> ask(v); v++ }
        :: v == me -> v++
        :: atomic { else -> v = 0; break }
        od
    };
#endif
    if :: !found && MUTANT != 1 -> pool_has_work() :: else fi; /* P3 */
    if
    :: atomic { !found && (until != NONE || !stopping || MUTANT == 13) -> busy = busy - WILLING }
    :: else -> sleep_wake(me); atomic { found = 0; busy = busy - WILLING }
    fi;
    if
    :: until == NONE ->
end_parked:
        AWAKE
    :: until != NONE && AWAKE
    :: DEADLINES && d > 0 && timed_out == 0 && parked[me] ->
        timed_out = 1;
        sleep_wake(me);
        AWAKE
    fi;
    atomic { waiting_for[me] = 0; refusing = refusing + !WILLING; goto look };

leave_search:
    skip; /* it may have found something, and counts as a searcher still */
    refusing = refusing - !WILLING;
    leave(searchers, true);
    atomic {
        if
        :: got == a_job -> got = nothing; goto job
        :: got == a_child -> got = nothing; goto child
#if ROOTS
        :: got == a_root -> got = nothing; goto root
#endif
        :: got == nothing && timed_out == 1 -> timed_out = 2; goto work /* without a deadline */
        :: else -> if :: until == NONE -> goto over :: else -> goto reached fi
        fi
    };

job: /* forks its children, then waits for them */
    atomic {
        owner[k] = me + 1;
        stack[d] = k;
        d++;
        until = k;
        k = 0;
        timed_out = 0;
        if :: WORKERS > 1 && !CELLS -> request[me] = 1 :: else fi
    };
wave:
    atomic {
        left[TOP] = (TOP == 0 -> KIDS_0 : KIDS);
        done[TOP] = left[TOP] == 0;
        word_host[TOP] = 0;
        word_worker[TOP] = 0;
        hand = left[TOP]
    };
    do
    :: atomic { hand > 0 -> hand--; private[TOP]++ };
        if :: request[me] -> publish(TOP) :: else fi
    :: else -> break
    od;
    goto work;

child: /* of job k */
    atomic {
        assert(left[k] > 0);
        left[k]--;
        if :: left[k] > 0 -> k = 0; goto work :: else fi
    };
    word_finish(k);
    atomic { k = 0; goto work };

reached:
    atomic {
        if :: d == 0 -> goto helped :: else fi;
        if :: !done[until] -> goto work :: else fi; /* after a deadline */
        assert(private[TOP] == 0 && public[TOP] == 0);
        waves[TOP]++;
        if :: waves[TOP] < WAVES -> goto wave :: else fi;
        k = TOP % HOSTS;
        owner[TOP] = 0;
        d--;
        stack[d] = 0;
        until = UNTIL;
        jobs_over++;
        latches_down[k]++;
        got = (latches_down[k] < EVENTS_OF(k) -> nothing : again)
    };
#if FREES
    if /* a discharge */
    :: atomic { jobs_over == FREES && exceeded -> exceeded = 0; busy++ };
#if MUTANT != 19
        root_waiting(found);
#endif
        if :: atomic { found -> found = 0 }; notify() :: atomic { else -> busy-- } fi
    :: else
    fi;
#endif
    if :: atomic { got == nothing -> k = 0; goto work } :: else -> got = nothing fi;
    word_finish(LATCH(k));
    atomic { k = 0; goto work };

#if ROOTS
root:
    atomic {
        latches_down[0]++;
        if :: latches_down[0] < EVENTS_OF(0) -> goto work :: else fi
    };
    word_finish(LATCH(0));
    goto work;
#endif

over:
    atomic { ended++; goto finish };

host:
    k = me - WORKERS;
    do
    :: k < JOBS -> atomic { inbox = inbox | (1 << k); busy++ };
        notify();
        k = k + HOSTS
    :: else -> break
    od;
    k = 0;
#if ROOTS
    if
    :: me == WORKERS -> atomic { roots = ROOTS; busy++ };
        root_waiting(found);
        if :: atomic { found -> found = 0 }; notify() :: atomic { else -> busy-- } fi
    :: else
    fi;
#endif
    if :: DRAIN || done[until] -> goto open :: else fi;
    if /* seat_help */
    :: WORKERS == 0
    :: atomic { WORKERS > 0 && helpers < sleepers && HELP -> helpers++ }
    :: else -> goto block
    fi;
    atomic {
        request[me] = MUTANT != 14;
        born[me] = 1
    };
    goto work;
helped:
    if :: WORKERS > 0 -> leave(helpers, MUTANT != 7) :: else fi;
block:
    word_block(until);
open:
    hosts_ended++;
    if
    :: me > WORKERS || WORKERS == 0 || !STOP -> goto finish
    :: else -> hosts_ended == HOSTS
    fi;
    stopping = 1;
#if MUTANT != 15
    do
    :: hand < WORKERS -> sleep_wake(hand); hand++
    :: else -> break
    od;
#endif
    ended == WORKERS;
    atomic {
        assert(searchers == 0 && sleepers == 0 && helpers == 0 && reserved == 0);
        assert(done[LATCH(0)] && inbox == 0);
        assert(!NONEMPTY(0) && !NONEMPTY(1) && !NONEMPTY(2) && !NONEMPTY(3))
    };
finish:
    skip
}

active proctype monitor()
{
end:
    if
    :: atomic { ASLEEP_BESIDE_WORK -> assert(false) }
    :: atomic { PARKED_UNCOUNTED -> assert(!PARKED_UNCOUNTED) }
    fi
}

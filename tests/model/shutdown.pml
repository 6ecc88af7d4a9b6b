/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a client is closed and a pool is stopped: client.c, submit.c, plan_ended of plans.c, and
 * bask_pool_stop with the workers' side of it.
 *
 * A host opens a client with WORKERS, submits task 0 and task 1, which has the future of task 0
 * among its arguments, and closes the client when it likes. The kernel of task 0 submits task 2:
 * maybe late. The user frees each future before or after the close.
 *
 * POOL=1: no client; jobs 0 and 1 are submitted, job 0 submits job 2, and the pool is stopped at
 * once; DISCARD=1: what has not started is handed back.
 * CALLBACK=1: when task 0 is done a callback, on its own thread, submits task 3.
 * FOREIGN=1: before the close a worker of another pool runs a plan of the client (piece 3), and then
 * its own pool is stopped.
 *
 * Queues are sets, taken from in one step; a notify wakes one of those that are parked (park.pml
 * says how). Everything else is one step for each atomic operation.
 *
 * Properties
 *   no invalid end state   the close returns: no worker is left parked, no activity is waited for
 *                          that has ended
 *   assertions             what was queued has run once, or was handed back; what comes after the
 *                          sweep of bask_close starts no kernel; nobody touches pool or core after
 *                          they were freed, and both are freed
 *
 * MUTANT=n: one step is missing or moved; see `check`.
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef POOL
#define POOL 0
#endif
#ifndef DISCARD
#define DISCARD 0
#endif
#ifndef CALLBACK
#define CALLBACK 0
#endif
#ifndef FOREIGN
#define FOREIGN 0
#endif
#ifndef MUTANT
#define MUTANT 0
#endif

#define TASKS 4
#define HOST WORKERS

/* bask_pool; queued[HOST] is the inbox */
byte queued[4];
bit parked[3], ended[3], stopping, pool_freed;
#define WORK (queued[0] | queued[1] | queued[2])

/* bask_client */
bit closed, core_freed, locked, waiting; /* waiting: for `quiet` */
byte activities, core_references = 1;    /* activities: a set of tasks */
bit swept;                               /* bask_close has cancelled all that was active */

/* tasks and their futures */
byte accepted, has_run, discarded, running; /* sets */
bit closing[4], begun_late[4], done[4], listens;
byte missing[4], future_references[4];

bit callback_over; /* its thread has ended */

/* the other pool, with its worker's word */
bit other_freed, plan_done;

#define BIT(k) (1 << (k))

inline lock()
{
    atomic { !locked -> assert(!core_freed); locked = 1 }
}

inline unlock()
{
    atomic { assert(!core_freed && locked); locked = 0 }
}

inline core_release()
{
    atomic {
        assert(!core_freed && core_references > 0);
        core_references--;
        core_freed = core_references == 0
    }
}

/* The future's last reference is the block's, which drops the client. */
inline future_free(k)
{
    atomic {
        assert(future_references[k] > 0);
        future_references[k]--;
        last = future_references[k] == 0
    };
#if MUTANT == 8
    assert(!core_freed);
#else
    if :: last -> core_release() :: else fi;
#endif
    last = 0
}

/* ---- pool ---- */

inline notify()
{
    if
    :: atomic { parked[0] -> parked[0] = 0 }
    :: atomic { WORKERS > 1 && parked[1] -> parked[1] = 0 }
    :: atomic { !parked[0] && !parked[1] -> skip }
    fi
}

inline submit(k)
{
    atomic { assert(!pool_freed); queued[me] = queued[me] | BIT(k) };
    notify()
}

inline discard_queued()
{
    v = 0;
    do
    :: atomic { v <= WORKERS -> discarded = discarded | queued[v]; queued[v] = 0; v++ }
    :: else -> v = 0; break
    od
}

inline pool_stop()
{
    if :: DISCARD -> discard_queued() :: else fi;
    stopping = 1;
    do
    :: v < WORKERS && MUTANT != 1 -> parked[v] = 0; v++
    :: else -> v = 0; break
    od;
#if MUTANT != 7
    ended[0] && (WORKERS < 2 || ended[1]);
#else
    ended[0];
#endif
    if :: DISCARD -> discard_queued() :: else fi;
    atomic { assert(!pool_freed); pool_freed = 1 }
}

/* ---- client ---- */

inline client_begin(k)
{
    lock();
    atomic {
        activities = activities | BIT(k);
        begun_late[k] = swept;
        closing[k] = closed && MUTANT != 4
    };
    unlock()
}

inline client_end(k)
{
    lock();
    activities = activities & ~BIT(k);
    if :: activities == 0 && MUTANT != 5 -> waiting = 0 :: else fi;
    unlock()
}

inline arrive(k)
{
    atomic { assert(missing[k] > 0); missing[k]--; last = missing[k] == 0 };
    if :: last -> last = 0; submit(k) :: else fi
}

/* bask_submit: AWAITS has the future of task 0 as an argument. */
inline client_submit(k, awaits)
{
    assert(!core_freed);
    if
    :: closed
    :: atomic { else ->
            future_references[k] = 2;
            core_references = core_references + (MUTANT != 8);
            missing[k] = 1 + awaits;
            accepted = accepted | BIT(k)
        };
        client_begin(k);
        if
        :: awaits ->
            atomic { last = done[0]; listens = !done[0] };
            if :: last -> last = 0; arrive(k) :: else fi
        :: else
        fi;
        arrive(k)
    fi
}

inline run_task(k)
{
    if
    :: closing[k]
    :: else -> /* the kernel */
        assert(!begun_late[k]);
        if :: k == 0 -> client_submit(2, false) :: else fi
    fi;
    atomic { done[k] = 1; found = k == 0 && listens };
    if :: found -> found = 0; arrive(1) :: else fi;
    atomic { has_run = has_run | BIT(k); running = running & ~BIT(k) };
    client_end(k);
    future_free(k)
}

/* plan_ended, where the run's waiter is a worker of another pool. */
inline run_plan()
{
    atomic { has_run = has_run | BIT(3); running = running & ~BIT(3) };
#if MUTANT != 11
    lock();
#endif
    plan_done = 1;
    assert(!other_freed); /* word_finish looks through that pool's workers */
#if MUTANT != 11
    unlock()
#endif
}

inline run_item(k)
{
    if
    :: POOL ->
        if :: k == 0 -> submit(2) :: else fi;
        atomic { has_run = has_run | BIT(k); running = running & ~BIT(k) }
    :: FOREIGN && k == 3 -> run_plan()
    :: else -> run_task(k)
    fi
}

inline cancel_all()
{
    lock();
    do
    :: atomic { v < TASKS -> closing[v] = closing[v] | (activities >> v & 1); v++ }
    :: else -> v = 0; break
    od;
    swept = 1;
#if MUTANT == 6
    unlock();
    if :: activities != 0 -> waiting = 1; !waiting :: else fi;
    lock();
#else
    do
    :: activities != 0 -> waiting = 1;
        unlock(); /* together with the line before: pthread_cond_wait */
        !waiting;
        lock()
    :: else -> break
    od;
#endif
    unlock()
}

active [WORKERS] proctype worker()
{
    byte me = _pid, v, k;
    bit found, last;

work:
    atomic { /* take from the own deque, the inbox, the others */
        assert(!pool_freed);
        v = (queued[me] -> me : (queued[HOST] -> HOST : (queued[0] -> 0 : 1)));
        if
        :: v < 3 && queued[v] ->
            k = (queued[v] & 1 -> 0 : (queued[v] & 2 -> 1 : (queued[v] & 4 -> 2 : 3)));
            queued[v] = queued[v] - BIT(k);
            assert(!(running & BIT(k)) && !(has_run & BIT(k)));
            running = running | BIT(k);
            found = 1
        :: else
        fi;
        v = 0
    };
    if :: found -> found = 0; run_item(k); k = 0; goto work :: else fi;

    /* over */
#if MUTANT == 3
    found = WORK != 0;
    if :: stopping && !found -> goto over :: else -> found = 0 fi;
#elif MUTANT == 10
    if :: stopping -> goto over :: else fi;
#else
    if
    :: stopping -> if :: WORK == 0 -> goto over :: else -> goto work fi
    :: else
    fi;
#endif

    /* sleep_park */
    atomic { assert(!pool_freed); parked[me] = 1 };
    if :: WORK != 0 -> parked[me] = 0 :: else fi;
    if :: stopping && MUTANT != 2 -> parked[me] = 0 :: else fi;
    !parked[me];
    goto work;

over:
    atomic { assert(!pool_freed); ended[me] = 1 }
}

active proctype host()
{
    byte me = HOST, v, freed_early;
    bit last;

#if POOL
    atomic { accepted = 7 };
    submit(0);
    submit(1);
    pool_stop();
    atomic {
        if :: discarded & 1 -> accepted = accepted & ~4 :: else fi; /* job 2 never came to be */
        assert((has_run ^ discarded) == accepted && running == 0 && WORK == 0);
        assert(DISCARD || discarded == 0);
        core_freed = 1
    };
#else
    client_submit(0, false);
    client_submit(1, true);
    if
    :: true -> future_free(0); freed_early = 1
    :: true
    fi;
#if FOREIGN
    other_freed;
#endif

    /* bask_close */
#if MUTANT != 9
    closed = 1;
#endif
    cancel_all();
#if MUTANT == 9
    closed = 1;
#endif
#if CALLBACK
    if :: MUTANT != 12 -> callback_over :: else fi;
    cancel_all();
#endif
    pool_stop();
    core_release();

    if :: !freed_early -> future_free(0) :: else fi;
    future_free(1);
    if :: accepted & 4 -> future_free(2) :: else fi;
    atomic {
        assert(core_freed && pool_freed && activities == 0 && running == 0 && WORK == 0);
        assert(has_run == accepted)
    };
#endif
}

#if FOREIGN
/* A worker of another pool, in a task that runs a plan of this client. */
active proctype foreign()
{
    byte me = HOST;

    client_begin(3);
    accepted = accepted | BIT(3);
    submit(3);
    plan_done;
    client_end(3);
    other_freed = 1 /* its pool is stopped and freed when the task is over */
}
#endif

#if CALLBACK
active proctype callbacks()
{
    byte me = HOST;
    bit last;

    done[0];
    client_submit(3, false);
    if :: accepted & BIT(3) -> future_free(3) :: else fi;
    callback_over = 1
}
#endif

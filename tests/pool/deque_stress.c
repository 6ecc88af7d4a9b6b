/* SPDX-License-Identifier: Apache-2.0 */
/* One owner and several thieves on a deque: every item comes out exactly once, with its contents. */
#include "pool/deque.h"
#include "support/stress.h"
#include <pthread.h>
#include <sched.h>

enum { THIEVES = 3 };

typedef struct piece {
    uint64_t value;        /* plain: published with the item */
    _Atomic uint8_t taken; /* how often it came out */
} piece;

typedef struct table {
    deque deque;
    piece *pieces;
    size_t n, limit; /* pieces in all, and in the deque at once */
    atomic_bool over;
    size_t stolen[THIEVES];
} table;

typedef struct thief {
    pthread_t thread;
    table *table;
    size_t *stolen;
} thief;

static void came_out(table *t, item x)
{
    piece *p = (piece *)x;
    size_t i = (size_t)(p - t->pieces);
    stress_check(i < t->n, "item %zx is none that was put in", (size_t)x);
    stress_check(p->value == i * 7 + 1, "item %zu came out before its contents", i);
    stress_check(atomic_fetch_add_explicit(&p->taken, 1, memory_order_relaxed) == 0,
                 "item %zu came out twice", i);
}

static void *thief_main(void *arg)
{
    thief *self = arg;
    table *t = self->table;
    unsigned misses = 0;
    while (!atomic_load_explicit(&t->over, memory_order_acquire)) {
        item x = deque_steal(&t->deque);
        if (x) {
            came_out(t, x);
            ++*self->stolen;
        } else if (++misses % 256 == 0) {
            sched_yield();
        }
    }
    return NULL;
}

/* Puts the next COUNT pieces in by one publication. */
static void put(table *t, size_t next, size_t count)
{
    stress_check(deque_reserve(&t->deque, (int64_t)count), "no memory");
    for (size_t i = 0; i < count; i++) {
        t->pieces[next + i].value = (next + i) * 7 + 1;
        deque_lay(&t->deque, (int64_t)i, (item)&t->pieces[next + i]);
    }
    deque_publish(&t->deque, (int64_t)count);
}

/* Alternates bursts in and out such that the deque is empty, nearly empty and full again and again. */
static size_t own(table *t, stress_random *r)
{
    size_t next = 0, taken = 0;
    while (next < t->n) {
        for (uint32_t bursts = stress_below(r, 4) + 1; bursts && next < t->n; bursts--) {
            size_t queued = (size_t)(atomic_load_explicit(&t->deque.bottom, memory_order_relaxed) -
                                     atomic_load_explicit(&t->deque.top, memory_order_relaxed));
            size_t room = queued < t->limit ? t->limit - queued : 0;
            size_t count = stress_below(r, (uint32_t)t->limit) + 1;
            if (count > room)
                count = room;
            if (count > t->n - next)
                count = t->n - next;
            if (count)
                put(t, next, count);
            next += count;
        }
        if (stress_below(r, 4) == 0)
            sched_yield(); /* or the thieves would see little of it */
        for (uint32_t takes = stress_below(r, (uint32_t)t->limit * 2); takes; takes--) {
            item x = deque_take(&t->deque);
            if (!x)
                break;
            came_out(t, x);
            taken++;
        }
    }
    for (item x; (x = deque_take(&t->deque)); taken++)
        came_out(t, x);
    return taken;
}

/* N pieces through deques that are new every ROUND, at most LIMIT at once. */
static void run(const char *name, size_t n, int rounds, size_t limit)
{
    stress_random random = {.state = 2463534242u + (uint32_t)limit};
    size_t owned = 0, stolen = 0;
    int64_t capacity = 0;
    table t = {.n = n, .limit = limit, .pieces = calloc(n, sizeof *t.pieces)};
    stress_check(t.pieces != NULL, "no memory");
    for (int round = 0; round < rounds; round++) {
        stress_check(deque_init(&t.deque), "no memory");
        for (size_t i = 0; i < n; i++)
            t.pieces[i] = (piece){0};
        atomic_store(&t.over, false);
        thief thieves[THIEVES];
        for (int i = 0; i < THIEVES; i++) {
            t.stolen[i] = 0;
            thieves[i] = (thief){.table = &t, .stolen = &t.stolen[i]};
            pthread_create(&thieves[i].thread, NULL, thief_main, &thieves[i]);
        }
        owned += own(&t, &random);
        /* release: nothing is left but what a thief has taken already */
        atomic_store_explicit(&t.over, true, memory_order_release);
        for (int i = 0; i < THIEVES; i++) {
            pthread_join(thieves[i].thread, NULL);
            stolen += t.stolen[i];
        }
        for (size_t i = 0; i < n; i++)
            stress_check(atomic_load(&t.pieces[i].taken) == 1, "item %zu did not come out", i);
        capacity = atomic_load(&t.deque.ring)->mask + 1;
        stress_check((size_t)capacity <= 4 * limit, "a ring of %lld for %zu items",
                     (long long)capacity, limit);
        deque_free(&t.deque);
    }
    stress_check(owned + stolen == n * (size_t)rounds, "the counts do not add up");
    free(t.pieces);
    printf("# %zu taken, %zu stolen, last ring %lld\n", owned, stolen, (long long)capacity);
    stress_passed(name);
}

int main(void)
{
    stress_plan(4);
    run("a ring that never grows wraps around", 20000, stress_rounds(50), 2);
    run("the last item goes to one", 20000, stress_rounds(50), 1);
    run("a little growth", 50000, stress_rounds(20), 9);
    run("rings grow under thieves", 5000, stress_rounds(300), 2000);
}

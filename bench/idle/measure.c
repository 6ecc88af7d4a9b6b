/* SPDX-License-Identifier: Apache-2.0 */
#include "idle.h"

#include <time.h>

enum { SETTLE_MS = 50 };

static double cpu(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* CPU time of all other threads. */
static double others(void)
{
    return cpu(CLOCK_PROCESS_CPUTIME_ID) - cpu(CLOCK_THREAD_CPUTIME_ID);
}

void idle_rest(const bench_config *config, bench_sample *sample)
{
    bench_sleep_ms(SETTLE_MS);
    double used = others(), begin = bench_now();
    bench_sleep_ms((int)config->size);
    sample->values[0] = 100 * (others() - used) / (bench_now() - begin);
}

static void spin_ms(double ms)
{
    for (double end = bench_now() + ms * 1e6; bench_now() < end;)
        ;
}

void idle_work(const bench_config *config, bench_sample *sample)
{
    spin_ms(SETTLE_MS);
    double used = others(), begin = bench_now();
    spin_ms((double)config->size);
    sample->values[0] = 100 * (others() - used) / (bench_now() - begin);
}

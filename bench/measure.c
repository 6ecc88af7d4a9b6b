/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

double bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

double bench_resident(void)
{
    long total = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f) {
        if (fscanf(f, "%ld %ld", &total, &resident) != 2)
            resident = 0;
        fclose(f);
    }
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_quantile(double *values, int n, double part)
{
    qsort(values, (size_t)n, sizeof *values, compare);
    return values[(int)((n - 1) * part + 0.5)];
}

void bench_sleep_ms(int ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

void *bench_array(size_t bytes)
{
    enum { PAGE = 2 << 20 };
    size_t whole = (bytes + PAGE - 1) / PAGE * PAGE;
    void *array = aligned_alloc(PAGE, whole);
    if (array)
        madvise(array, whole, MADV_HUGEPAGE); /* only a wish */
    return array;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packages: which sections of Debian take the most room?
 *
 * Reads what `apt-cache dumpavail` prints (or --input PATH, "-" for standard input; the format is
 * told in packages_parse.h) and cuts it into ranges at record borders. A lazy graph counts each
 * range and merges the counts in a tree. Stdout gets the ten sections with the largest sum of
 * Installed-Size, ties in order of name, as lines
 *
 *     section <tab> packages <tab> installed KiB
 *
 * A plain serial pass over the same text must give the same, and is what the speed-up on stderr is
 * measured against. Bad input: one line "path:line: what" on stderr, nothing on stdout, exit 1.
 */
#include "options.h"
#include "packages_input.h"
#include "packages_parse.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

enum {
    LARGEST = 10,
    RUNS = 5, /* of each way, for the medians */
    /* --range BYTES: some 190 ranges of Debian's text, enough for idle workers to find one to steal;
     * each is some 0.1 ms of work, far more than a task costs, and fits a core's cache. */
    RANGE = 256 << 10
};

BASK_KERNEL(bask_buffer *, count_range, (bask_span, range))
{
    const char *bad;
    return packages_count(range, &bad);
}

BASK_KERNEL_OF(bask_buffer *, sections_merge, (bask_span, a), (bask_span, b));

/* The sections of all TEXT, lazily: a node that yields them, and how many ranges it is made of. */
static bask_delayed *describe(bask_graph *graph, bask_span text, size_t range_size, size_t *ranges)
{
    /* As a binary counter does: two subtrees of the same number of ranges become one. */
    bask_delayed *tree[64];
    size_t height = 0, begin = 0, count = 0;
    do {
        size_t left = text.size - begin;
        size_t end = left > range_size ? packages_border(text, begin + range_size) : text.size;
        bask_span range = {(const char *)text.data + begin, end - begin};
        tree[height++] = bask_delay(graph, count_range, range);
        for (size_t n = ++count; n % 2 == 0; n /= 2, height--)
            tree[height - 2] =
                bask_delay(graph, sections_merge, tree[height - 2], tree[height - 1]);
        begin = end;
    } while (begin < text.size);
    for (; height > 1; height--)
        tree[height - 2] = bask_delay(graph, sections_merge, tree[height - 2], tree[height - 1]);
    *ranges = count;
    return tree[0];
}

typedef struct job {
    bask_client *client;
    const input *input;
    size_t range_size;
    size_t ranges, tasks; /* of one run */
} job;

/* Builds the graph and runs it; the future holds the sections, or why there are none. */
static bask_status compute(job *job, bask_future **sections)
{
    bask_graph *graph = bask_graph_new(job->client);
    bask_delayed *root = describe(graph, job->input->text, job->range_size, &job->ranges);
    bask_status status = bask_compute_sync(job->client, &root, 1, sections);
    job->tasks = bask_graph_size(graph);
    bask_graph_free(graph);
    return status;
}

static bask_span view(bask_buffer *sections)
{
    return (bask_span){bask_buffer_data(sections), bask_buffer_size(sections)};
}

static bool equal(bask_span a, bask_span b)
{
    const section *x = a.data, *y = b.data;
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size / sizeof *x; i++)
        if (section_order(&x[i], &y[i]) != 0 || x[i].packages != y[i].packages ||
            x[i].kib != y[i].kib)
            return false;
    return true;
}

/* ---- results ---- */

static int larger_first(const void *a, const void *b)
{
    const section *x = a, *y = b;
    return x->kib != y->kib ? (x->kib < y->kib) - (x->kib > y->kib) : section_order(x, y);
}

static bool print_largest(bask_span sections)
{
    section *sorted = malloc(sections.size);
    if (!sorted) {
        fprintf(stderr, "packages: no memory to sort %zu bytes of sections\n", sections.size);
        return false;
    }
    size_t n = sections.size / sizeof *sorted;
    memcpy(sorted, sections.data, sections.size);
    qsort(sorted, n, sizeof *sorted, larger_first);
    for (size_t i = 0; i < n && i < LARGEST; i++) {
        fwrite(sorted[i].name, 1, sorted[i].length, stdout);
        printf("\t%" PRId64 "\t%" PRId64 "\n", sorted[i].packages, sorted[i].kib);
    }
    free(sorted);
    if (fflush(stdout) == 0)
        return true;
    fprintf(stderr, "packages: standard output: %s\n", strerror(errno));
    return false;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int smaller_first(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(double times[RUNS])
{
    qsort(times, RUNS, sizeof *times, smaller_first);
    return times[RUNS / 2];
}

/* Both ways once more, several times now that text and workers are warm; one line on stderr. */
static void report_speed_up(job *job)
{
    double serial[RUNS], parallel[RUNS];
    for (int i = 0; i < RUNS; i++) {
        const char *bad;
        bask_future *sections;
        double start = now_ms();
        bask_buffer *plain = packages_count(job->input->text, &bad);
        double between = now_ms();
        bask_check(compute(job, &sections));
        serial[i] = between - start;
        parallel[i] = now_ms() - between;
        bask_buffer_release(plain);
        bask_future_free(sections);
    }
    double serial_ms = median(serial), parallel_ms = median(parallel);
    fprintf(stderr, "packages: serial %.2f ms, graph %.2f ms, speed-up %.2f (medians of %d runs)\n",
            serial_ms, parallel_ms, serial_ms / parallel_ms, RUNS);
}

static void report_work(const job *job, bask_span sections)
{
    const section *s = sections.data;
    size_t n = sections.size / sizeof *s;
    int64_t records = 0;
    for (size_t i = 0; i < n; i++)
        records += s[i].packages;
    fprintf(stderr,
            "packages: %" PRId64 " records of %zu sections in %zu bytes: %zu ranges, %zu tasks\n",
            records, n, job->input->text.size, job->ranges, job->tasks);
}

/* ---- the program ---- */

/*
 * True, with the graph's result in SECTIONS, when it is what the plain pass over the whole text
 * found; else says why not. The plain pass also tells the line at fault, for that takes the text
 * from its beginning: of several faults the first counts, and sizes may add up to too much only
 * over several ranges.
 */
static bool check(const job *job, bask_future *future, bask_buffer *plain, const char *bad,
                  bask_span *sections)
{
    const input *input = job->input;
    bool computed = bask_future_state(future) == BASK_FINISHED;
    if (!plain && !bad)
        fprintf(stderr, "packages: %s\n", bask_last_error());
    else if (!plain && !computed)
        fprintf(stderr, "%s:%zu: %s\n", input->name, packages_line_number(input->text, bad),
                bask_last_error());
    else if (!computed)
        fprintf(stderr, "packages: the graph failed: %s\n", bask_future_error(future));
    else if (!plain || bask_result(future, sections) != BASK_OK || !equal(*sections, view(plain)))
        fprintf(stderr, "packages: the graph and the serial pass differ\n");
    else if (sections->size == 0)
        fprintf(stderr, "%s:1: there is no package record\n", input->name);
    else
        return true;
    return false;
}

static bool run(bask_client *client, const input *input, size_t range_size)
{
    job job = {client, input, range_size, 0, 0};
    bask_future *future;
    bask_span sections;
    const char *bad;
    (void)compute(&job, &future); /* the future tells */
    bask_buffer *plain = packages_count(input->text, &bad);
    bool ok = check(&job, future, plain, bad, &sections) && print_largest(sections);
    if (ok) {
        report_work(&job, sections);
        report_speed_up(&job);
        options_report("packages", client);
    }
    bask_buffer_release(plain);
    bask_future_free(future);
    return ok;
}

static size_t range_size(const char *value)
{
    if (!value)
        return RANGE;
    char *end;
    unsigned long long size = strtoull(value, &end, 10);
    if (*value < '0' || *value > '9' || *end || size == 0) {
        fprintf(stderr, "packages: --range \"%s\" is not a number of bytes\n", value);
        exit(EXIT_FAILURE);
    }
    return size;
}

int main(int argc, char **argv)
{
    options options = options_read(argc, argv, "range");
    size_t size = range_size(options.own);
    input input;
    bool ok = input_read(options.input, "apt-cache dumpavail", &input);
    if (ok) {
        bask_client *client;
        bask_check(bask_open(options.cluster, &client));
        ok = run(client, &input, size);
        bask_close(client);
    }
    input_free(&input);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

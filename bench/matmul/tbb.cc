// SPDX-License-Identifier: Apache-2.0
#include "matmul.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

namespace
{
void multiply(const matmul_matrices *m, matmul_range rows, matmul_range columns, matmul_range depth)
{
    if (depth.n > rows.n && depth.n > columns.n) {
        multiply(m, rows, columns, matmul_lower(depth));
        multiply(m, rows, columns, matmul_upper(depth));
    } else if (rows.n > 1 && rows.n >= columns.n) {
        tbb::task_group group;
        group.run([=] { multiply(m, matmul_lower(rows), columns, depth); });
        multiply(m, matmul_upper(rows), columns, depth);
        group.wait();
    } else if (columns.n > 1) {
        tbb::task_group group;
        group.run([=] { multiply(m, rows, matmul_lower(columns), depth); });
        multiply(m, rows, matmul_upper(columns), depth);
        group.wait();
    } else {
        matmul_leaf(m, rows.first, columns.first, depth.first);
    }
}

struct state {
    tbb::global_control control;
    tbb::task_arena arena;
    matmul_matrices m;
};

void *start(const bench_config *config)
{
    return new state{{tbb::global_control::max_allowed_parallelism, (size_t)config->threads},
                     tbb::task_arena(config->threads),
                     matmul_matrices_new(config)};
}

void run(void *p, bench_sample *sample)
{
    auto *s = static_cast<state *>(p);
    matmul_range all = {0, s->m.tiles};
    matmul_clear(&s->m);
    double begin = bench_now();
    s->arena.execute([=] { multiply(&s->m, all, all, all); });
    matmul_report(sample, begin, &s->m);
}

void stop(void *p)
{
    auto *s = static_cast<state *>(p);
    matmul_matrices_free(&s->m);
    delete s;
}
} // namespace

extern "C" const bench_peer matmul_tbb = {"tbb", start, run, stop};

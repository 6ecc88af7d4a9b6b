// SPDX-License-Identifier: Apache-2.0
#include "uts.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

namespace
{
int64_t below(uts_node parent, int32_t first, int32_t n, int32_t deepest)
{
    if (n > 1) {
        int64_t left;
        tbb::task_group group;
        group.run([=, &left] { left = below(parent, first, n / 2, deepest); });
        int64_t right = below(parent, first + n / 2, n - n / 2, deepest);
        group.wait();
        return left + right;
    }
    uts_node child = uts_child(parent, first, deepest);
    return child.children == 0 ? 1 : 1 + below(child, 0, child.children, deepest);
}

struct state {
    tbb::global_control control;
    tbb::task_arena arena;
    uts_node root;
    int32_t deepest;
};

void *start(const bench_config *config)
{
    int32_t deepest;
    uts_node root = uts_root(config, &deepest);
    return new state{{tbb::global_control::max_allowed_parallelism, (size_t)config->threads},
                     tbb::task_arena(config->threads),
                     root,
                     deepest};
}

void run(void *p, bench_sample *sample)
{
    auto *s = static_cast<state *>(p);
    double begin = bench_now();
    int64_t nodes =
        s->arena.execute([s] { return below(s->root, 0, s->root.children, s->deepest); });
    uts_report(sample, begin, 1 + nodes);
}

void stop(void *p)
{
    delete static_cast<state *>(p);
}
} // namespace

extern "C" const bench_peer uts_tbb = {"tbb", start, run, stop};

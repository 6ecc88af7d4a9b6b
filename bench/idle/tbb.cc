// SPDX-License-Identifier: Apache-2.0
#include "idle.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_group.h>

namespace
{
struct state {
    const bench_config *config;
    tbb::global_control control;
};

void *start(const bench_config *config)
{
    return new state{config,
                     {tbb::global_control::max_allowed_parallelism, (size_t)config->threads}};
}

void run(void *p, bench_sample *sample)
{
    const bench_config *config = static_cast<state *>(p)->config;
    tbb::parallel_for(0, config->threads * 8, [](int) {}); /* so that there are workers */
    if (!idle_one_busy(config)) {
        idle_rest(config, sample);
        return;
    }
    tbb::task_group group;
    group.run([=] { idle_work(config, sample); });
    group.wait();
}

void stop(void *p)
{
    delete static_cast<state *>(p);
}
} // namespace

extern "C" const bench_peer idle_tbb = {"tbb", start, run, stop};

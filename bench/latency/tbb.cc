// SPDX-License-Identifier: Apache-2.0
#include "latency.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_group.h>

namespace
{
struct state {
    const bench_config *config;
    tbb::global_control control;
    int ran;
};

void *start(const bench_config *config)
{
    return new state{
        config, {tbb::global_control::max_allowed_parallelism, (size_t)config->threads}, 0};
}

void trip(void *p)
{
    auto *s = static_cast<state *>(p);
    tbb::task_group group;
    group.run([s] { s->ran = 1; });
    group.wait();
}

void run(void *p, bench_sample *sample)
{
    latency_measure(static_cast<state *>(p)->config, trip, p, sample);
}

void stop(void *p)
{
    delete static_cast<state *>(p);
}
} // namespace

extern "C" const bench_peer latency_tbb = {"tbb", start, run, stop};

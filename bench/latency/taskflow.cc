// SPDX-License-Identifier: Apache-2.0
#include "latency.h"

#include <taskflow/taskflow.hpp>

namespace
{
struct state {
    const bench_config *config;
    tf::Executor executor;
};

void *start(const bench_config *config)
{
    return new state{config, tf::Executor((size_t)config->threads)};
}

void trip(void *p)
{
    static_cast<state *>(p)->executor.async([] {}).wait();
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

extern "C" const bench_peer latency_taskflow = {"taskflow", start, run, stop};

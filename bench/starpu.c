/* SPDX-License-Identifier: Apache-2.0 */
/* The program that serves the StarPU peers. */
#include "starpu_start.h"

#include "graph/graph.h"
#include "latency/latency.h"

#include <starpu.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool bench_starpu_start(int threads)
{
    char home[4096];
    ssize_t n = readlink("/proc/self/exe", home, sizeof home - 1);
    home[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(home, '/');
    if (!slash)
        return false;
    *slash = '\0';
    setenv("STARPU_HOME", home, 1);
    setenv("STARPU_SILENT", "1", 1);
    struct starpu_conf conf;
    starpu_conf_init(&conf);
    conf.precedence_over_environment_variables = 1;
    conf.ncpus = threads;
    conf.ncuda = conf.nopencl = 0;
    return starpu_init(&conf) == 0;
}

static const bench_served served[] = {
    {"graph", &graph_starpu},
    {"latency", &latency_starpu},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    bench_program(argc, argv, served);
}

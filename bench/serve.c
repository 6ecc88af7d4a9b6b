/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void bench_serve(const bench_peer *peer, const bench_config *config, int ask, int answer)
{
    void *state = peer->start(config);
    char go;
    if (!state || write(answer, "", 1) != 1) /* it is ready */
        exit(EXIT_FAILURE);
    while (read(ask, &go, 1) == 1) {
        bench_sample sample = {.checksum = 0};
        for (int i = 0; i < BENCH_METRICS; i++)
            sample.values[i] = NAN;
        peer->run(state, &sample);
        if (write(answer, &sample, sizeof sample) != sizeof sample)
            exit(EXIT_FAILURE);
    }
    peer->stop(state);
    exit(EXIT_SUCCESS);
}

void bench_program(int argc, char **argv, const bench_served *served)
{
    if (argc != 5) {
        fprintf(stderr, "usage: %s WORKLOAD SHAPE THREADS SIZE, by bask-bench\n", argv[0]);
        exit(EXIT_FAILURE);
    }
    bench_config config = {argv[2], atoi(argv[3]), atoll(argv[4])};
    /* What a library prints must not get between the samples. */
    int answer = dup(STDOUT_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    for (; served->workload; served++)
        if (strcmp(served->workload, argv[1]) == 0)
            bench_serve(served->peer, &config, STDIN_FILENO, answer);
    fprintf(stderr, "%s: has no %s\n", argv[0], argv[1]);
    exit(EXIT_FAILURE);
}

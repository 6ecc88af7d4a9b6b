/* SPDX-License-Identifier: Apache-2.0 */
#include "runner.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Becomes the program of R, which lies beside this one. */
static void become(const bench_runner *r, const char *workload, int ask, int answer)
{
    char path[4096], threads[16], size[32];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(path, '/');
    size_t place = slash ? (size_t)(slash + 1 - path) : 0;
    snprintf(path + place, sizeof path - place, "bask-bench-%s", r->peer->name);
    snprintf(threads, sizeof threads, "%d", r->config.threads);
    snprintf(size, sizeof size, "%lld", (long long)r->config.size);
    dup2(ask, STDIN_FILENO);
    dup2(answer, STDOUT_FILENO);
    execl(path, path, workload, r->config.shape, threads, size, (char *)NULL);
    perror(path);
    exit(EXIT_FAILURE);
}

/* Workers that spin while they are idle take nothing from the peers whose turn it is. */
static void rest(const bench_runner *r)
{
    if (!r->failed)
        kill(r->process, SIGSTOP);
}

void bench_begin(bench_runner *all, int n, const bench_peer *peer, const bench_workload *workload,
                 const bench_config *config)
{
    bench_runner *r = &all[n];
    int ask[2], answer[2];
    *r = (bench_runner){.peer = peer, .config = *config, .failed = true};
    for (const bench_limit *limit = workload->limits; limit->peer; limit++)
        if (strcmp(limit->peer, peer->name) == 0 && config->size > limit->size)
            r->config.size = limit->size;
    if (pipe2(ask, O_CLOEXEC) != 0 || pipe2(answer, O_CLOEXEC) != 0)
        return;
    fflush(NULL);
    r->process = fork();
    if (r->process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* as it may be at rest when the harness is interrupted */
        close(ask[1]);
        close(answer[0]);
        for (int i = 0; i < n; i++)
            close(all[i].ask); /* so that the end of the pipe reaches its own peer */
        if (!peer->start)
            become(r, workload->name, ask[0], answer[1]);
        bench_serve(peer, &r->config, ask[0], answer[1]);
    }
    close(ask[0]);
    close(answer[1]);
    r->ask = ask[1];
    r->answer = answer[0];
    char ready;
    r->failed = r->process < 0 || read(r->answer, &ready, 1) != 1;
    rest(r);
}

void bench_measure(bench_runner *r, int rep)
{
    bench_sample *sample = &r->samples[rep];
    if (r->failed)
        return;
    kill(r->process, SIGCONT);
    r->failed =
        write(r->ask, "", 1) != 1 || read(r->answer, sample, sizeof *sample) != sizeof *sample;
    rest(r);
}

void bench_finish(bench_runner *r)
{
    int status;
    if (r->process <= 0)
        return;
    kill(r->process, SIGCONT);
    close(r->ask);
    close(r->answer);
    if (wait4(r->process, &status, 0, &r->usage) < 0 || status != 0)
        r->failed = true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What all examples share: their command line, and the line on stderr that says what was done. */
#ifndef EXAMPLES_OPTIONS_H
#define EXAMPLES_OPTIONS_H

#include <bask.h>

typedef struct options {
    const char *cluster; /* --cluster ADDRESS, or NULL */
    const char *input;   /* --input PATH, or NULL */
    const char *own;     /* the value of the example's own option, or NULL */
} options;

/*
 * Reads the command line; OWN is the name of one more option that takes a value, or NULL. Prints
 * how the program is called, on stderr, and exits with 1 on anything else (on stdout and with 0
 * for --help).
 */
options options_read(int argc, char **argv, const char *own);

/* One line on stderr: how many tasks, workers and steals CLIENT has seen. */
void options_report(const char *program, const bask_client *client);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The whole of a file, of standard input or of what a command prints, in memory. */
#ifndef EXAMPLES_PACKAGES_INPUT_H
#define EXAMPLES_PACKAGES_INPUT_H

#include <bask.h>

typedef struct input {
    const char *name; /* for messages */
    bask_span text;
} input;

/*
 * Reads the file at PATH ("-": standard input; NULL: what COMMAND prints) to its end. False when
 * that fails, after one line on stderr. Owns: the caller, input_free, in either case.
 */
bool input_read(const char *path, const char *command, input *input);
void input_free(input *input);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* replay RUNS FILE...: a fuzz target without a fuzzer: the files, then RUNS inputs that are the same
 * in every run. Prints TAP. */
#include "fuzz/fuzz.h"
#include "support/draw.h"

enum { LONGEST = 400 };

static void replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t data[4096];
    size_t size = file ? fread(data, 1, sizeof data, file) : 0;
    fuzz_check(file != NULL, "%s cannot be read", path);
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
}

static void replay_random(uint64_t *state)
{
    size_t size = draw(state, LONGEST);
    uint8_t *data = malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)draw(state, 256);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
}

int main(int argc, char **argv)
{
    uint64_t state = DRAW_SEED;
    int runs = argc > 1 ? atoi(argv[1]) : 0;
    printf("1..2\n");
    for (int i = 2; i < argc; i++)
        replay_file(argv[i]);
    printf("ok 1 - %d files\n", argc > 2 ? argc - 2 : 0);
    fflush(stdout);
    for (int i = 0; i < runs; i++)
        replay_random(&state);
    printf("ok 2 - %d random inputs\n", runs);
    return 0;
}

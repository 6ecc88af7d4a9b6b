/* SPDX-License-Identifier: Apache-2.0 */
#include "stencil.h"

#include <stdlib.h>
#include <string.h>

/* Between the two rows of cells: half a page, as a load waits for a store in the same place of
 * another page. */
enum { APART = 256 };

void stencil_new(stencil_field *f, const bench_config *config)
{
    f->block = atoll(config->shape);
    f->blocks = (config->size + f->block - 1) / f->block;
    size_t cells = (size_t)(f->blocks * f->block) + 2;
    f->cells[0] = calloc(2 * cells + APART, sizeof(double));
    f->cells[1] = f->cells[0] + cells + APART;
}

void stencil_reset(stencil_field *f)
{
    for (int64_t i = 0; i < f->blocks * f->block + 2; i++)
        f->cells[0][i] = f->cells[1][i] = 0;
    for (int64_t i = 1; i <= f->blocks * f->block; i++)
        f->cells[0][i] = (double)(i % 97);
}

void stencil_free(stencil_field *f)
{
    free(f->cells[0]);
}

void stencil_advance(const stencil_field *f, int64_t block, int64_t step)
{
    const double *restrict old = f->cells[step % 2] + 1 + block * f->block;
    double *restrict new = f->cells[(step + 1) % 2] + 1 + block * f->block;
    for (int64_t i = 0; i < f->block; i++)
        new[i] = 0.25 * old[i - 1] + 0.5 * old[i] + 0.25 * old[i + 1];
}

void stencil_report(const stencil_field *f, double begin, bench_sample *sample)
{
    int steps = STENCIL_BATCH * STENCIL_BATCHES;
    sample->values[STENCIL_STEP] = (bench_now() - begin) / 1e3 / steps;
    for (int64_t i = 1; i <= f->blocks * f->block; i++) {
        uint64_t bits;
        memcpy(&bits, &f->cells[steps % 2][i], sizeof bits);
        sample->checksum = sample->checksum * 31 + bits;
    }
}

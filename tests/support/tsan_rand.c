/* SPDX-License-Identifier: Apache-2.0 */
/* Criterion places its arena by rand_r; ThreadSanitizer's shadow leaves only this range free. */
int rand_r(unsigned *seed);
int rand_r(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return 0x350000 + (int)(*seed >> 16 & 0x3fff);
}

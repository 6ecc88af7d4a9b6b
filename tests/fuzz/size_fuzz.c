/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes, as in BASK_MEMORY_LIMIT and stack=: against a reader that is written out. */
#include "base/address.h"
#include "fuzz/fuzz.h"

static bool read_plainly(const char *text, size_t *value)
{
    __extension__ unsigned __int128 n = 0;
    bool negative = *text == '-';
    text += negative;
    if (*text < '0' || *text > '9')
        return false;
    for (; *text >= '0' && *text <= '9'; text++) {
        n = n * 10 + (unsigned)(*text - '0');
        if (n > INT64_MAX)
            return false;
    }
    if (negative && n != 0)
        return false;
    int shift = *text == 'K' ? 10 : *text == 'M' ? 20 : *text == 'G' ? 30 : 0;
    text += shift != 0;
    if (*text || n << shift > INT64_MAX)
        return false;
    *value = (size_t)(n << shift);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[64];
    size_t length = size < sizeof text ? size : sizeof text - 1, got = 7, want = 7;
    memcpy(text, data, length);
    text[length] = '\0';
    bool is_size = address_read_size(text, &got);
    fuzz_check(is_size == read_plainly(text, &want), "\"%s\" is %s a size", text,
               is_size ? "taken for" : "not");
    fuzz_check(got == want, "\"%s\" is read as %zu, not %zu", text, got, want);
    return 0;
}

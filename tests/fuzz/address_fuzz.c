/* SPDX-License-Identifier: Apache-2.0 */
/* Cluster addresses: what is parsed can be written out again, and what is not is quoted with a reason. */
#include "base/address.h"
#include "base/status.h"
#include "fuzz/fuzz.h"
#include <bask.h>

static void assert_refused(bask_status status, const char *text)
{
    fuzz_check(status == BASK_EADDRESS, "\"%s\": %s", text, bask_status_name(status));
    const char *said = bask_last_error();
    fuzz_check(said[0] != '\0', "\"%s\" is refused without a message", text);
    /* a long message is cut off at the end */
    if (strlen(text) < 60)
        fuzz_check(strstr(said, text) != NULL, "\"%s\" is not quoted: %s", text, said);
}

static void append(char *to, size_t room, const char *text, bool escape)
{
    size_t length = strlen(to);
    for (; *text; text++)
        length += (size_t)snprintf(to + length, room - length, escape ? "%%%02X" : "%c",
                                   (unsigned char)*text);
    fuzz_check(length < room, "no room");
}

/* The same address, with every byte of its values escaped. */
static void write_out(const address *a, char *to, size_t room)
{
    to[0] = '\0';
    append(to, room, a->scheme, false);
    append(to, room, "://", false);
    append(to, room, a->place, false);
    for (size_t i = 0; i < a->noptions; i++) {
        append(to, room, i ? "&" : "?", false);
        append(to, room, a->options[i].name, false);
        append(to, room, "=", false);
        append(to, room, a->options[i].value, true);
    }
}

static void assert_same(const address *a, const address *b)
{
    bool same = strcmp(a->scheme, b->scheme) == 0 && strcmp(a->place, b->place) == 0 &&
                a->noptions == b->noptions;
    for (size_t i = 0; same && i < a->noptions; i++)
        same = strcmp(a->options[i].name, b->options[i].name) == 0 &&
               strcmp(a->options[i].value, b->options[i].value) == 0;
    fuzz_check(same, "\"%s\" and \"%s\" differ", a->text, b->text);
}

/* Each getter leaves its value alone or finds one within bounds. */
static void read_options(address *a)
{
    int64_t n = -7, time = -7, count = -7;
    size_t bytes = 7;
    bool flag = false;
    const char *name = NULL;
    bask_status status[] = {address_int(a, "omp", 0, 99, &n),
                            address_bool(a, "pin", &flag),
                            address_time_ns(a, "spin", &time),
                            address_size(a, "stack", &bytes),
                            address_text(a, "name", &name),
                            address_count(a, 99, &count),
                            address_unused(a)};
    for (size_t i = 0; i < sizeof status / sizeof status[0]; i++)
        fuzz_check(status[i] == BASK_OK || status[i] == BASK_EADDRESS, "\"%s\": %s", a->text,
                   bask_status_name(status[i]));
    fuzz_check(n == -7 || (n >= 0 && n <= 99), "omp=%lld", (long long)n);
    fuzz_check(time >= 0 || time == -7, "spin=%lld", (long long)time);
    fuzz_check(bytes <= INT64_MAX, "stack=%zu", bytes);
    fuzz_check(count == -7 || (count >= 1 && count <= 99), "%lld workers", (long long)count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[256], again[3 * 256 + 64];
    size_t length = size < sizeof text ? size : sizeof text - 1;
    memcpy(text, data, length);
    text[length] = '\0';
    address a, b;
    bask_status status = address_parse(text, &a);
    if (status != BASK_OK) {
        assert_refused(status, text);
        return 0;
    }
    write_out(&a, again, sizeof again);
    status = address_parse(again, &b);
    fuzz_check(status == BASK_OK, "\"%s\": %s", again, bask_last_error());
    assert_same(&a, &b);
    read_options(&a);
    address_free(&a);
    address_free(&b);
    bask_client *c;
    /* nothing of any size is started */
    if (strncmp(text, "sync://", 7) == 0 && bask_open(text, &c) == BASK_OK)
        bask_close(c);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"

#include "base/status.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *copy(const char *from, size_t length)
{
    char *p = malloc(length + 1);
    if (p) {
        memcpy(p, from, length);
        p[length] = '\0';
    }
    return p;
}

static int hex(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? tolower(c) - 'a' + 10
                                        : -1;
}

/* Replaces %XX in place; false when X is no hexadecimal digit. */
static bool unescape(char *s)
{
    char *to = s;
    for (; *s; s++) {
        if (*s != '%') {
            *to++ = *s;
            continue;
        }
        if (hex(s[1]) < 0 || hex(s[2]) < 0)
            return false;
        *to++ = (char)(hex(s[1]) * 16 + hex(s[2]));
        s += 2;
    }
    *to = '\0';
    return true;
}

static bask_status add_option(address *a, const char *from, size_t length)
{
    const char *equals = memchr(from, '=', length);
    size_t name = equals ? (size_t)(equals - from) : length;
    if (name == 0)
        return status_set(BASK_EADDRESS, "address \"%s\": an option has no name", a->text);
    address_option *options = realloc(a->options, (a->noptions + 1) * sizeof *options);
    if (!options)
        return status_set(BASK_ENOMEM, "no memory for an address");
    a->options = options;
    address_option *o = &options[a->noptions++];
    o->used = false;
    o->name = copy(from, name);
    o->value = equals ? copy(equals + 1, length - name - 1) : copy("", 0);
    if (!o->name || !o->value)
        return status_set(BASK_ENOMEM, "no memory for an address");
    if (!unescape(o->value))
        return status_set(BASK_EADDRESS,
                          "address \"%s\": option %s: %% must be followed by two hexadecimal "
                          "digits",
                          a->text, o->name);
    for (size_t i = 0; i + 1 < a->noptions; i++)
        if (strcmp(options[i].name, o->name) == 0)
            return status_set(BASK_EADDRESS, "address \"%s\": option %s is given twice", a->text,
                              o->name);
    return BASK_OK;
}

static bask_status parse(const char *text, address *a)
{
    const char *sep = strstr(text, "://");
    if (!sep || sep == text)
        return status_set(BASK_EADDRESS,
                          "address \"%s\" has no scheme, such as threads:// or sync://", text);
    size_t scheme = (size_t)(sep - text);
    for (size_t i = 0; i < scheme; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("+-.", text[i]))
            return status_set(BASK_EADDRESS, "address \"%s\": a scheme cannot contain '%c'", text,
                              text[i]);
    const char *place = sep + 3;
    size_t length = strcspn(place, "?");
    a->text = copy(text, strlen(text));
    a->scheme = copy(text, scheme);
    a->place = copy(place, length);
    if (!a->text || !a->scheme || !a->place)
        return status_set(BASK_ENOMEM, "no memory for an address");
    for (char *s = a->scheme; *s; s++)
        *s = (char)tolower((unsigned char)*s);
    const char *option = place + length;
    while (*option) {
        option++; /* ? or & */
        size_t n = strcspn(option, "&");
        bask_status status = add_option(a, option, n);
        if (status != BASK_OK)
            return status;
        option += n;
    }
    return BASK_OK;
}

bask_status address_parse(const char *text, address *result)
{
    memset(result, 0, sizeof *result);
    if (!text)
        return status_set(BASK_EADDRESS, "the address is NULL");
    bask_status status = parse(text, result);
    if (status != BASK_OK)
        address_free(result);
    return status;
}

void address_free(address *a)
{
    for (size_t i = 0; i < a->noptions; i++) {
        free(a->options[i].name);
        free(a->options[i].value);
    }
    free(a->options);
    free(a->text);
    free(a->scheme);
    free(a->place);
    memset(a, 0, sizeof *a);
}

static const char *find(address *a, const char *name)
{
    for (size_t i = 0; i < a->noptions; i++)
        if (strcmp(a->options[i].name, name) == 0) {
            a->options[i].used = true;
            return a->options[i].value;
        }
    return NULL;
}

/* Reads digits and a suffix of SUFFIXES ("" for none), each with its factor. */
typedef struct suffix {
    const char *text;
    int64_t factor;
} suffix;

static bool read_number(const char *text, const suffix *suffixes, int64_t *value)
{
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (end == text || errno || isspace((unsigned char)text[0]) || text[0] == '+')
        return false;
    for (; suffixes->text; suffixes++)
        if (strcmp(end, suffixes->text) == 0)
            return !__builtin_mul_overflow((int64_t)n, suffixes->factor, value);
    return false;
}

static bask_status bad(const address *a, const char *name, const char *value, const char *wanted)
{
    return status_set(BASK_EADDRESS, "address \"%s\": %s=%s is not %s", a->text, name, value,
                      wanted);
}

bask_status address_int(address *a, const char *name, int64_t min, int64_t max, int64_t *value)
{
    static const suffix none[] = {{"", 1}, {NULL, 0}};
    const char *text = find(a, name);
    int64_t n;
    if (!text)
        return BASK_OK;
    if (!read_number(text, none, &n) || n < min || n > max)
        return status_set(BASK_EADDRESS, "address \"%s\": %s=%s is not a number from %lld to %lld",
                          a->text, name, text, (long long)min, (long long)max);
    *value = n;
    return BASK_OK;
}

bask_status address_bool(address *a, const char *name, bool *value)
{
    static const char *const yes[] = {"", "1", "true", "yes", "on"}, *const no[] = {"0", "false",
                                                                                    "no", "off"};
    const char *text = find(a, name);
    if (!text)
        return BASK_OK;
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        if (strcmp(text, yes[i]) == 0) {
            *value = true;
            return BASK_OK;
        }
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        if (strcmp(text, no[i]) == 0) {
            *value = false;
            return BASK_OK;
        }
    return bad(a, name, text, "yes or no");
}

bask_status address_time_ns(address *a, const char *name, int64_t *value)
{
    static const suffix units[] = {{"", 1000},      {"ns", 1},         {"us", 1000},
                                   {"ms", 1000000}, {"s", 1000000000}, {NULL, 0}};
    const char *text = find(a, name);
    int64_t n;
    if (!text)
        return BASK_OK;
    if (!read_number(text, units, &n) || n < 0)
        return bad(a, name, text, "a time such as 50us, 2ms or 1s");
    *value = n;
    return BASK_OK;
}

bool address_read_size(const char *text, size_t *value)
{
    static const suffix units[] = {
        {"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {NULL, 0}};
    int64_t n;
    if (!read_number(text, units, &n) || n < 0)
        return false;
    *value = (size_t)n;
    return true;
}

bask_status address_size(address *a, const char *name, size_t *value)
{
    const char *text = find(a, name);
    if (text && !address_read_size(text, value))
        return bad(a, name, text, "a size such as 65536, 256K or 1M");
    return BASK_OK;
}

bask_status address_text(address *a, const char *name, const char **value)
{
    const char *text = find(a, name);
    if (text)
        *value = text;
    return BASK_OK;
}

bask_status address_count(address *a, int64_t max, int64_t *value)
{
    static const suffix none[] = {{"", 1}, {NULL, 0}};
    int64_t n;
    if (a->place[0] == '\0')
        return BASK_OK;
    if (!read_number(a->place, none, &n) || n < 1 || n > max)
        return status_set(BASK_EADDRESS, "address \"%s\": \"%s\" is not a number from 1 to %lld",
                          a->text, a->place, (long long)max);
    *value = n;
    return BASK_OK;
}

bask_status address_unused(const address *a)
{
    for (size_t i = 0; i < a->noptions; i++)
        if (!a->options[i].used)
            return status_set(BASK_EADDRESS, "address \"%s\": %s:// has no option \"%s\"", a->text,
                              a->scheme, a->options[i].name);
    return BASK_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Cluster addresses: scheme://place?option=value&option=value, with %XX escapes in values. */
#ifndef BASK_BASE_ADDRESS_H
#define BASK_BASE_ADDRESS_H

#include <bask/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct address_option {
    char *name;
    char *value; /* "" when the option has no '=' */
    bool used;   /* some getter has looked at it */
} address_option;

typedef struct address {
    char *text;   /* the whole, for messages */
    char *scheme; /* in lower case */
    char *place;  /* between "//" and "?" */
    address_option *options;
    size_t noptions;
} address;

/* Parses TEXT. BASK_EADDRESS with a message that quotes TEXT and names the fault; BASK_ENOMEM. */
bask_status address_parse(const char *text, address *result);
void address_free(address *a);

/*
 * The getters return BASK_OK and leave *VALUE alone when the option is absent; BASK_EADDRESS with a
 * message that quotes address, option and value when it is malformed or out of range.
 * bool: 0 1 false true no yes off on, or no value (true). Times: digits with ns, us, ms or s (a
 * bare number is microseconds). Sizes: digits with K, M or G (binary), or none.
 */
bask_status address_int(address *a, const char *name, int64_t min, int64_t max, int64_t *value);
bask_status address_bool(address *a, const char *name, bool *value);
bask_status address_time_ns(address *a, const char *name, int64_t *value);
bask_status address_size(address *a, const char *name, size_t *value);
bask_status address_text(address *a, const char *name, const char **value);

/* Reads a size outside of an address; false when it is malformed. */
bool address_read_size(const char *text, size_t *value);

/* The place as a count in 1..MAX ("" leaves *VALUE alone): "threads://8". */
bask_status address_count(address *a, int64_t max, int64_t *value);

/* BASK_EADDRESS naming the first option that no getter asked for (a spelling mistake). */
bask_status address_unused(const address *a);

#endif

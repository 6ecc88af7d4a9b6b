/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"

enum { STATUS_MESSAGE = 512 };

static __thread char message[STATUS_MESSAGE];

const char *bask_status_name(bask_status status)
{
    switch (status) {
#define CASE(name, value, sentence)                                                                \
    case name:                                                                                     \
        return #name;
        BASK_STATUS_TABLE(CASE)
#undef CASE
    }
    return "BASK_E?";
}

const char *bask_status_text(bask_status status)
{
    switch (status) {
#define CASE(name, value, sentence)                                                                \
    case name:                                                                                     \
        return sentence;
        BASK_STATUS_TABLE(CASE)
#undef CASE
    }
    return "unknown status";
}

const char *bask_last_error(void)
{
    return message;
}

bask_status status_set_v(bask_status status, const char *format, va_list args)
{
    /* through a second buffer: the arguments may include the former message */
    char text[STATUS_MESSAGE];
    vsnprintf(text, sizeof text, format, args);
    snprintf(message, sizeof message, "%s", text);
    return status;
}

bask_status status_set(bask_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    status_set_v(status, format, args);
    va_end(args);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"

#include <criterion/criterion.h>
#include <string.h>

Test(address, parts_and_options)
{
    address a;
    int64_t n = 0, spin = 0;
    bool pin = false;
    size_t stack = 0;
    const char *name = NULL;
    cr_assert_eq(address_parse("Threads://8?pin=1&spin=2ms&stack=256K&name=a%20b", &a), BASK_OK);
    cr_assert_str_eq(a.scheme, "threads");
    cr_assert_eq(address_count(&a, 100, &n), BASK_OK);
    cr_assert_eq(address_bool(&a, "pin", &pin), BASK_OK);
    cr_assert_eq(address_time_ns(&a, "spin", &spin), BASK_OK);
    cr_assert_eq(address_size(&a, "stack", &stack), BASK_OK);
    cr_assert_eq(address_unused(&a), BASK_EADDRESS, "name was not asked for yet");
    cr_assert_eq(address_text(&a, "name", &name), BASK_OK);
    cr_assert_eq(address_unused(&a), BASK_OK);
    cr_assert(n == 8 && pin && spin == 2000000 && stack == 256 * 1024);
    cr_assert_str_eq(name, "a b");
    address_free(&a);
}

Test(address, faults_are_named)
{
    static const char *const bad[] = {"",
                                      "threads",
                                      "://8",
                                      "th reads://",
                                      "threads://8?=1",
                                      "threads://8?pin=1&pin=0",
                                      "threads://?name=%4"};
    address a;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_eq(address_parse(bad[i], &a), BASK_EADDRESS, "%s", bad[i]);
        cr_assert(strstr(bask_last_error(), bad[i]), "%s", bask_last_error());
    }
}

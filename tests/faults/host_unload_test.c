/* SPDX-License-Identifier: Apache-2.0 */
/* A host without bask that loads and unloads objects with it. */
#include "support/process.h"
#include <criterion/criterion.h>
#include <dlfcn.h>

static void *load(const char *path)
{
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    cr_assert_not_null(object, "%s", dlerror());
    return object;
}

/* As POSIX has it, a pointer to data becomes one to a function through memory. */
static void look_up(void *object, const char *name, void *function)
{
    void *place = dlsym(object, name);
    cr_assert_not_null(place, "%s", dlerror());
    memcpy(function, &place, sizeof place);
}

static void use_once(void)
{
    int (*use)(void);
    void *object = load(PLUGIN);
    look_up(object, "plugin_use", &use);
    cr_assert_eq(use(), 42);
    cr_assert_eq(dlclose(object), 0);
}

Test(unload, a_thousand_times_leaves_nothing_behind)
{
    enum { TIMES = 1000, FIRST = 10 };
    int threads = count_threads(), descriptors = count_descriptors(), maps = 0;
    for (int i = 0; i < TIMES; i++) {
        use_once();
        if (i == FIRST) /* now the allocator and the loader have what they keep */
            maps = count_lines("maps", "");
    }
    until_threads_are(threads);
    cr_assert_eq(count_descriptors(), descriptors);
    cr_assert_eq(count_lines("maps", "libbask"), 0);
    cr_assert_eq(count_lines("maps", "host_plugin"), 0);
    cr_assert_lt(count_lines("maps", ""), maps + TIMES / 10);
}

Test(unload, kernels_of_an_object_are_unregistered)
{
    const void *(*find)(const char *name);
    void *bask = load(LIBBASK);
    look_up(bask, "bask_kernel_find", &find);
    cr_assert_null(find("plugged_in"));
    for (int i = 0; i < 100; i++) {
        void *object = load(PLUGIN);
        cr_assert(find("plugged_in") && find("plugged_bytes"));
        cr_assert_eq(dlclose(object), 0);
        cr_assert_null(find("plugged_in"));
        cr_assert_null(find("plugged_bytes"));
    }
    cr_assert_eq(dlclose(bask), 0);
}

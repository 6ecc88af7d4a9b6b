/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of kernels. */
#include <bask.h>
#include <criterion/criterion.h>

BASK_KERNEL(double, scale, (double, x), (float, factor))
{
    return x * (double)factor;
}

static double area(double width, double height)
{
    return width * height;
}
BASK_KERNEL_OF(double, area, (double, width), (double, height));

BASK_KERNEL(void, nothing)
{
}

Test(kernel, macros_describe_and_register)
{
    const bask_kernel *k = bask_kernel_find("scale");
    cr_assert_eq(k, &scale_kernel);
    cr_assert_eq(k->nparams, 2);
    cr_assert_str_eq(k->params[1].name, "factor");
    cr_assert_str_eq(k->params[1].type, "float");
    cr_assert_eq(k->params[1].dtype, BASK_FLOAT32);
    cr_assert_eq(k->params[1].size, sizeof(float));
    cr_assert_eq(k->result.dtype, BASK_FLOAT64);
    cr_assert_eq(bask_kernel_find("area"), &area_kernel);
    cr_assert_eq(bask_kernel_find("nothing")->nparams, 0);
    cr_assert_eq(bask_kernel_find("nothing")->result.dtype, BASK_VOID);
    cr_assert_null(bask_kernel_find("unheard_of"));
    cr_assert_null(bask_kernel_find(NULL));
    cr_assert_eq(scale(2, 3), 6, "a kernel stays an ordinary function");
}

Test(kernel, the_oldest_of_a_name_is_found)
{
    bask_kernel twin = scale_kernel, third = scale_kernel, other = area_kernel;
    cr_assert_eq(bask_register(&twin), BASK_OK);
    cr_assert_eq(bask_register(&third), BASK_OK);
    cr_assert_eq(bask_kernel_find("scale"), &scale_kernel);
    bask_unregister(&scale_kernel);
    cr_assert_eq(bask_kernel_find("scale"), &twin);
    bask_unregister(&third);
    bask_unregister(&twin);
    cr_assert_null(bask_kernel_find("scale"));
    cr_assert_eq(bask_register(&scale_kernel), BASK_OK);
    cr_assert_eq(bask_kernel_find("scale"), &scale_kernel);
    other.name = "scale";
    cr_assert_eq(bask_register(&other), BASK_EEXIST);
    cr_assert(strstr(bask_last_error(), "scale"));
}

Test(kernel, faults_are_named)
{
    bask_kernel nameless = scale_kernel, both = scale_kernel, old = scale_kernel;
    nameless.name = "";
    both.name = "both";
    both.call = NULL;
    old.struct_size = 8;
    cr_assert_eq(bask_register(NULL), BASK_EINVAL);
    cr_assert_eq(bask_register(&nameless), BASK_EINVAL);
    cr_assert_eq(bask_register(&both), BASK_EINVAL);
    cr_assert(strstr(bask_last_error(), "exactly one of call and run"));
    cr_assert_eq(bask_register(&old), BASK_EINVAL);
    cr_assert(strstr(bask_last_error(), "struct_size"));
}

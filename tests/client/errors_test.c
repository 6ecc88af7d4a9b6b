/* SPDX-License-Identifier: Apache-2.0 */
/* Each misuse has its own clear error, and failures reach exactly those who depend on them. */
#include <bask.h>
#include <criterion/criterion.h>

BASK_KERNEL(double, half, (double, x))
{
    return x / 2;
}
BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}
BASK_KERNEL(int64_t, odd_fails, (int64_t, x))
{
    if (x % 2)
        bask_fail(BASK_EKERNEL, "%lld is odd", (long long)x);
    return x;
}

#define ASSERT_ERROR(call, status, text)                                                           \
    do {                                                                                           \
        cr_assert_eq((call), (status), "%s", bask_last_error());                                   \
        cr_assert(strstr(bask_last_error(), (text)), "%s", bask_last_error());                     \
    } while (0)

Test(errors, addresses)
{
    bask_client *c;
    ASSERT_ERROR(bask_open("slurm://3", &c), BASK_EADDRESS, "unknown scheme \"slurm\"");
    ASSERT_ERROR(bask_open("threads://many", &c), BASK_EADDRESS, "\"many\" is not a number");
    ASSERT_ERROR(bask_open("threads://0", &c), BASK_EADDRESS, "\"0\"");
    ASSERT_ERROR(bask_open("threads://2?pins=1", &c), BASK_EADDRESS, "no option \"pins\"");
    ASSERT_ERROR(bask_open("threads://2?spin=soon", &c), BASK_EADDRESS, "spin=soon");
    ASSERT_ERROR(bask_open("sync://4", &c), BASK_EADDRESS, "takes no \"4\"");
    cr_assert_null(c);
    ASSERT_ERROR(bask_open("sync://", NULL), BASK_EINVAL, "NULL");
}

Test(errors, misuse)
{
    bask_client *c, *other;
    bask_check(bask_open("threads://2", &c));
    bask_check(bask_open("sync://", &other));
    bask_graph *g = bask_graph_new(c), *g2 = bask_graph_new(other);
    bask_delayed *d = bask_delay(g, half, 1), *d2 = bask_delay(g2, half, 1), *none = NULL;
    bask_future *f, *f2;
    float wrong;
    double x;
    ASSERT_ERROR(bask_compute(c, &d2, 1, &f), BASK_ECLIENT, "another client");
    ASSERT_ERROR(bask_compute(c, &none, 1, &f), BASK_EINVAL, "output 0 is NULL");
    ASSERT_ERROR(bask_compute(c, &d, 0, &f), BASK_EINVAL, "no outputs");
    ASSERT_ERROR(bask_compute(NULL, &d, 1, &f), BASK_EINVAL, "client is NULL");
    bask_check(bask_compute(c, &d, 1, &f));
    ASSERT_ERROR(bask_result(f, &wrong), BASK_ETYPE, "half is double");
    cr_assert_eq(bask_result(f, &x), BASK_OK);
    cr_assert_eq(x, 0.5);
    cr_assert_null(bask_submit(c, inc, f));
    cr_assert(strstr(bask_last_error(), "inc is int64_t, but half returns double"), "%s",
              bask_last_error());
    cr_assert_null(bask_submit(other, half, f));
    cr_assert(strstr(bask_last_error(), "another client"));
    cr_assert_null(bask_delay(g, inc, d));
    ASSERT_ERROR(bask_compute(c, &d, 1, &f2), BASK_ETYPE, "a bask_delay on this graph failed");
    bask_close(c);
    ASSERT_ERROR(bask_result(f, &wrong), BASK_ETYPE, "half is double");
    ASSERT_ERROR(bask_compute(c, &d, 1, &f2), BASK_ECLOSED, "closed");
    bask_future_free(f);
    bask_graph_free(g);
    bask_graph_free(g2);
    bask_close(other);
}

static void failures_spread(const char *address)
{
    enum { N = 1000 };
    bask_client *c;
    bask_check(bask_open(address, &c));
    bask_graph *g = bask_graph_new(c);
    bask_delayed *out[2 * N];
    bask_future *f[2 * N];
    for (int i = 0; i < N; i++) {
        out[2 * i] = bask_delay(g, odd_fails, i);
        out[2 * i + 1] = bask_delay(g, inc, bask_delay(g, inc, out[2 * i]));
    }
    bask_check(bask_compute(c, out, 2 * N, f));
    bask_check(bask_wait(f, 2 * N, BASK_ALL, BASK_FOREVER, NULL));
    for (int i = 0; i < N; i++) {
        bask_future *own = f[2 * i], *down = f[2 * i + 1];
        int64_t x;
        char text[64];
        snprintf(text, sizeof text, "odd_fails failed: %d is odd", i);
        if (i % 2) {
            cr_assert_eq(bask_future_status(own), BASK_EKERNEL);
            cr_assert_str_eq(bask_future_error(own), text);
            ASSERT_ERROR(bask_result(down, &x), BASK_EUPSTREAM, text);
            cr_assert_eq(bask_future_state(down), BASK_ERROR);
        } else {
            cr_assert_eq(bask_result(down, &x), BASK_OK);
            cr_assert_eq(x, i + 2);
        }
        bask_future_free(own);
        bask_future_free(down);
    }
    bask_graph_free(g);
    bask_close(c);
}

Test(errors, the_right_futures_fail)
{
    failures_spread("threads://1");
    failures_spread("threads://4");
    failures_spread("sync://");
}

Test(errors, fail_fast_cancels_the_rest)
{
    bask_client *c;
    bask_check(bask_open("sync://", &c));
    bask_graph *g = bask_graph_new(c);
    bask_delayed *out[] = {bask_delay(g, odd_fails, 2), bask_delay(g, odd_fails, 1),
                           bask_delay(g, odd_fails, 4)};
    bask_future *f[3];
    bask_compute_options o = {.size = sizeof o, .on_error = BASK_FAIL_FAST};
    bask_check(bask_compute_with(c, out, 3, f, &o));
    cr_assert_eq(bask_future_status(f[0]), BASK_OK);
    cr_assert_eq(bask_future_status(f[1]), BASK_EKERNEL);
    cr_assert_eq(bask_future_status(f[2]), BASK_ECANCELLED);
    for (int i = 0; i < 3; i++)
        bask_future_free(f[i]);
    bask_graph_free(g);
    bask_close(c);
}

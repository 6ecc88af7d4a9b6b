/* SPDX-License-Identifier: Apache-2.0 */
/* A shared object that brings kernels, and libbask where the host has none: see host_unload_test.c. */
#include <bask.h>

BASK_KERNEL(int64_t, plugged_in, (int64_t, x))
{
    return x + 1;
}

BASK_KERNEL(bask_buffer *, plugged_bytes, (int64_t, n))
{
    bask_buffer *b = bask_buffer_new((size_t)n);
    if (b)
        memset(bask_buffer_data(b), 1, (size_t)n);
    return b;
}

/* Opens, works, waits, fails, closes. 42, or a message on stderr. */
BASK_API int plugin_use(void);
BASK_API int plugin_use(void)
{
    bask_client *c;
    int64_t x = 0;
    bask_span bytes;
    bask_check(bask_open("threads://2", &c));
    bask_graph *g = bask_graph_new(c);
    bask_delayed *d = bask_delay(g, plugged_in, 40);
    bask_future *f[2];
    bask_check(bask_compute_sync(c, &d, 1, &f[0]));
    f[1] = bask_submit(c, plugged_in, f[0]);
    bask_check(bask_result(f[1], &x));
    bask_future_free(f[0]);
    bask_future_free(f[1]);
    f[0] = bask_submit(c, plugged_bytes, 5000);
    bask_check(bask_result(f[0], &bytes));
    bask_future_free(f[0]);
    if (bask_submit(NULL, plugged_in, 0))
        x = 0;
    bask_graph_free(g);
    bask_close(c);
    return (int)x;
}

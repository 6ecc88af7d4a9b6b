/* SPDX-License-Identifier: Apache-2.0 */
/* Refused requests while results are objects: made, packed, unpacked, printed. */
#include "faults/oom.h"

#include <stdlib.h>
#include <string.h>

typedef struct path {
    size_t n;
    int64_t *x;
} path;

static _Atomic int alive;

static void path_free(path *p)
{
    alive--;
    free(p->x);
    free(p);
}
static path *path_new(size_t n)
{
    path *p = malloc(sizeof *p);
    int64_t *x = p ? malloc((n + 1) * sizeof *x) : NULL;
    if (!x) {
        free(p);
        bask_fail(BASK_ENOMEM, "no memory for a path");
        return NULL;
    }
    *p = (path){n, x};
    alive++;
    return p;
}
static bask_status path_pack(const path *p, bask_packer *to)
{
    for (size_t i = 0; i < p->n; i++) {
        bask_status status = bask_packer_put(to, &p->x[i], sizeof p->x[i]);
        if (status != BASK_OK)
            return status;
    }
    return BASK_OK;
}
static path *path_unpack(bask_unpacker *from)
{
    size_t bytes = bask_unpacker_left(from);
    path *p = path_new(bytes / sizeof(int64_t));
    if (p)
        (void)bask_unpacker_get(from, p->x, bytes);
    return p;
}
static void path_print(const path *p, FILE *to)
{
    fprintf(to, "path of %zu points", p->n);
}
BASK_TYPE(path, path_pack, path_unpack, path_free, path_print);

BASK_KERNEL(bask_buffer *, walk, (int64_t, n))
{
    path *p = path_new((size_t)n);
    if (!p)
        return NULL;
    for (int64_t i = 0; i < n; i++)
        p->x[i] = i;
    return bask_object_new(path, p, (size_t)n * sizeof *p->x);
}
BASK_KERNEL(bask_buffer *, doubled, (bask_span, in))
{
    bask_buffer *b = bask_take(in);
    path *p = b ? bask_buffer_object(b, path) : NULL;
    for (size_t i = 0; p && i < p->n; i++)
        p->x[i] *= 2;
    return b;
}
BASK_KERNEL(int64_t, last, (bask_span, in))
{
    const path *p = bask_object(in, path);
    return p ? p->x[p->n - 1] : 0;
}

enum { N = 500 };

static void round_trip(bask_span span)
{
    bask_buffer *packed, *back;
    if (!TRY(bask_pack(span, &packed)))
        return;
    bask_span bytes = {bask_buffer_data(packed), bask_buffer_size(packed)};
    oom_fresh();
    bask_status status = bask_unpack(bytes, &back);
    /* of the type's own functions it is only known that they failed, and what they say */
    if (status == BASK_EKERNEL) {
        oom_check(oom_may_fail() && strstr(bask_last_error(), "memory"), "%s", bask_last_error());
    } else if (oom_ok(status, "bask_unpack")) {
        const path *p = bask_buffer_object(back, path);
        oom_check(p && p->n == N && p->x[N - 1] == N - 1, "another path came back");
        bask_buffer_release(back);
    }
    bask_buffer_release(packed);
}

static void objects(const char *address)
{
    bask_client *client;
    bask_future *f = NULL, *twice = NULL, *x = NULL;
    alive = 0;
    if (!oom_open(address, &client))
        return;
    if (TRY_NEW(f = bask_submit(client, walk, N)) &&
        TRY_NEW(twice = bask_submit(client, doubled, f)))
        (void)TRY_NEW(x = bask_submit(client, last, twice));
    oom_value(x, 2 * (N - 1));
    bask_future_free(twice);
    bask_span span;
    if (f && TRY(bask_result(f, &span)))
        round_trip(span);
    bask_future_free(f);
    bask_close(client);
    oom_check(alive == 0, "%d objects are left", alive);
}

int main(int argc, char **argv)
{
    static const oom_program programs[] = {
        {"objects", objects, {"threads://2", "sync://"}},
    };
    return oom_main(argc, argv, programs, sizeof programs / sizeof programs[0]);
}

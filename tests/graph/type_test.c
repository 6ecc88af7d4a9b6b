/* SPDX-License-Identifier: Apache-2.0 */
/* Types: their registry, objects in buffers, and their packed form in front of damaged bytes. */
#include "support/draw.h"
#include "support/tree.h"
#include <criterion/criterion.h>

typedef struct plain {
    int64_t x;
} plain;
BASK_TYPE(plain, NULL, NULL, free, NULL);

/* Packs and unpacks as `mode` says; one object stands for all. */
typedef struct odd {
    int x;
} odd;
static enum {
    FINE,
    PACK_FAILS,
    PACK_SAYS_WHY,
    UNPACK_FAILS,
    UNPACK_SAYS_WHY,
    GETS_MORE,
    GETS_LESS
} mode;
static odd the_odd;
static int odd_freed;

static bask_status odd_pack(const odd *o, bask_packer *to)
{
    if (mode == PACK_FAILS)
        return BASK_EIO;
    if (mode == PACK_SAYS_WHY)
        return bask_fail(BASK_EIO, "the odd one out");
    bask_packer_put(to, o, sizeof *o);
    return bask_packer_put(to, o, sizeof *o);
}
static odd *odd_unpack(bask_unpacker *from)
{
    odd copy[3];
    if (mode == UNPACK_FAILS)
        return NULL;
    if (mode == UNPACK_SAYS_WHY) {
        bask_fail(BASK_EIO, "the odd one in");
        return NULL;
    }
    bask_unpacker_get(from, copy, mode == GETS_LESS ? sizeof *copy : 2 * sizeof *copy);
    if (mode == GETS_MORE) {
        memset(copy, 0xff, sizeof copy);
        cr_assert_eq(bask_unpacker_get(from, copy, 1), BASK_EINVAL);
        cr_assert_eq(*(unsigned char *)copy, 0, "what is not there is zero");
        cr_assert_eq(bask_unpacker_left(from), 0);
        cr_assert_eq(bask_unpacker_get(from, copy, 0), BASK_EINVAL, "it stays failed");
    }
    return &the_odd;
}
static void odd_free(odd *o)
{
    cr_assert_eq(o, &the_odd);
    odd_freed++;
}
BASK_TYPE_VERSION(odd, 7, odd_pack, odd_unpack, odd_free, NULL);

static void assert_says(const char *text)
{
    cr_assert(strstr(bask_last_error(), text), "\"%s\" does not say \"%s\"", bask_last_error(),
              text);
}

/* ---- the registry ---- */

Test(type, macros_describe_and_register)
{
    const bask_type *t = bask_type_find("odd");
    cr_assert_eq(t, &odd_type);
    cr_assert_eq(t->version, 7);
    cr_assert_eq(t->object_size, sizeof(odd));
    cr_assert(t->pack && t->unpack && t->free && !t->print);
    t = bask_type_find("plain");
    cr_assert(!t->pack && !t->unpack && t->free && !t->print);
    cr_assert_eq(t->version, 1);
    cr_assert_null(bask_type_find("unheard_of"));
    cr_assert_null(bask_type_find(NULL));
}

Test(type, the_oldest_of_a_name_is_found)
{
    bask_type twin = odd_type, third = odd_type, other = odd_type;
    cr_assert_eq(bask_register_type(&twin), BASK_OK);
    cr_assert_eq(bask_register_type(&third), BASK_OK);
    cr_assert_eq(bask_type_find("odd"), &odd_type);
    bask_unregister_type(&odd_type);
    cr_assert_eq(bask_type_find("odd"), &twin);
    other.version = 8;
    cr_assert_eq(bask_register_type(&other), BASK_EEXIST);
    assert_says("odd");
    bask_unregister_type(&third);
    bask_unregister_type(&twin);
    bask_unregister_type(&twin);
    cr_assert_null(bask_type_find("odd"));
    cr_assert_eq(bask_register_type(&other), BASK_OK);
    cr_assert_eq(bask_type_find("odd"), &other);
}

Test(type, faults_are_named)
{
    bask_type nameless = odd_type, old = odd_type;
    nameless.name = "";
    old.struct_size = 8;
    cr_assert_eq(bask_register_type(NULL), BASK_EINVAL);
    cr_assert_eq(bask_register_type(&nameless), BASK_EINVAL);
    cr_assert_eq(bask_register_type(&old), BASK_EINVAL);
    assert_says("struct_size is 8");
}

/* ---- objects ---- */

Test(type, an_object_is_freed_once_with_its_last_reference)
{
    bask_buffer *b = tree_buffer(5);
    cr_assert_eq(tree_nodes, 31);
    const tree *t = bask_object(bask_buffer_span(b), tree);
    cr_assert_eq(tree_sum(t), 31 * 32 / 2);
    cr_assert_eq(bask_buffer_object(b, tree), t);
    cr_assert_eq(bask_object_type(bask_buffer_span(b)), &tree_type);
    bask_buffer_retain(b);
    bask_buffer_release(b);
    cr_assert_eq(tree_nodes, 31);
    bask_buffer_release(b);
    cr_assert_eq(tree_nodes, 0);
}

Test(type, only_its_own_type_sees_an_object)
{
    bask_buffer *b = tree_buffer(2);
    bask_span span = bask_buffer_span(b);
    cr_assert_null(bask_object(span, plain));
    assert_says("of type tree");
    assert_says("not of plain");
    bask_type twin = tree_type, younger = tree_type;
    younger.version = 2;
    cr_assert_not_null(bask_object_as(span, &twin), "another file's of the same name is the same");
    cr_assert_null(bask_object_as(span, &younger));
    cr_assert_null(bask_object_as(span, NULL));
    cr_assert_null(bask_buffer_object(NULL, tree));
    assert_says("0 plain bytes");

    /* its bytes are no object in another place, nor when it is gone */
    unsigned char copy[128];
    cr_assert_leq(span.size, sizeof copy);
    memcpy(copy, span.data, span.size);
    cr_assert_null(bask_object_as((bask_span){copy, span.size}, &tree_type));
    cr_assert_null(bask_object_as((bask_span){NULL, span.size}, &tree_type));
    bask_buffer_release(b);
}

Test(type, what_was_an_object_is_none_when_its_block_is_used_again)
{
    for (int i = 0; i < 100; i++) {
        bask_buffer *b = tree_buffer(1);
        size_t size = bask_buffer_size(b);
        bask_buffer_release(b);
        b = bask_buffer_new(size); /* uninitialised */
        cr_assert_null(bask_object_type(bask_buffer_span(b)));
        bask_buffer_release(b);
    }
}

Test(type, an_object_is_the_buffers_even_when_that_is_not_made)
{
    cr_assert_null(bask_object_new(tree, NULL, 8));
    assert_says("object of type tree is NULL");
    cr_assert_null(bask_object_new_as(NULL, &the_odd, 8));
}

Test(type, take_copies_by_pack_and_unpack)
{
    bask_buffer *b = tree_buffer(4), *copy = bask_take(bask_buffer_span(b));
    cr_assert_neq(copy, b);
    cr_assert_eq(tree_nodes, 30);
    bask_buffer_object(copy, tree)->value = -1000;
    cr_assert_gt(tree_sum(bask_buffer_object(b, tree)), 0);
    bask_buffer_release(b);
    cr_assert_lt(tree_sum(bask_buffer_object(copy, tree)), 0);
    bask_buffer_release(copy);
    b = bask_object_new(plain, (plain *)malloc(sizeof(plain)), sizeof(plain));
    cr_assert_null(bask_take(bask_buffer_span(b)));
    assert_says("plain, which has no pack");
    bask_buffer_release(b);
    mode = PACK_FAILS;
    b = bask_object_new(odd, &the_odd, 4);
    cr_assert_null(bask_take(bask_buffer_span(b)));
    mode = UNPACK_FAILS;
    cr_assert_null(bask_take(bask_buffer_span(b)));
    bask_buffer_release(b);
    cr_assert_eq(odd_freed, 1);
}

/* ---- packed ---- */

static bask_buffer *packed_tree(int depth)
{
    bask_buffer *b = tree_buffer(depth), *packed;
    cr_assert_eq(bask_pack(bask_buffer_span(b), &packed), BASK_OK, "%s", bask_last_error());
    bask_buffer_release(b);
    cr_assert_eq(tree_nodes, 0);
    return packed;
}

Test(type, objects_survive_packing_wherever_their_bytes_lie)
{
    bask_buffer *packed = packed_tree(10), *b;
    size_t size = bask_buffer_size(packed);
    char *elsewhere = (char *)malloc(size + 1);
    memcpy(elsewhere + 1, bask_buffer_data(packed), size);
    bask_buffer_release(packed);
    cr_assert_eq(bask_unpack((bask_span){elsewhere + 1, size}, &b), BASK_OK, "%s",
                 bask_last_error());
    free(elsewhere);
    cr_assert_eq(tree_nodes, 1023);
    cr_assert_eq(tree_sum(bask_buffer_object(b, tree)), 1023 * 1024 / 2);
    bask_buffer_release(b);
    cr_assert_eq(tree_nodes, 0);
}

Test(type, plain_bytes_survive_packing)
{
    static char bytes[100000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7);
    size_t sizes[] = {0, 1, 31, 32, 100, sizeof bytes};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        bask_buffer *packed, *b;
        bask_span span = {i ? bytes : NULL, sizes[i]};
        cr_assert_eq(bask_pack(span, &packed), BASK_OK);
        cr_assert_eq(bask_unpack(bask_buffer_span(packed), &b), BASK_OK, "%s", bask_last_error());
        cr_assert_eq(bask_buffer_size(b), sizes[i]);
        cr_assert(!sizes[i] || memcmp(bask_buffer_data(b), bytes, sizes[i]) == 0);
        bask_buffer_release(packed);
        bask_buffer_release(b);
    }
}

static void assert_odd(bask_status packing, bask_status unpacking, const char *says)
{
    bask_buffer *b = bask_object_new(odd, &the_odd, 4), *packed, *again;
    int freed = odd_freed;
    cr_assert_eq(bask_pack(bask_buffer_span(b), &packed), packing);
    if (packing == BASK_OK)
        cr_assert_eq(bask_unpack(bask_buffer_span(packed), &again), unpacking);
    if (packing != BASK_OK)
        cr_assert_null(packed);
    else if (unpacking != BASK_OK)
        cr_assert_null(again);
    else
        bask_buffer_release(again);
    bool unpacked = packing == BASK_OK && mode != UNPACK_FAILS && mode != UNPACK_SAYS_WHY;
    cr_assert_eq(odd_freed, freed + unpacked);
    bask_buffer_release(b);
    bask_buffer_release(packed);
    assert_says(says);
}

Test(type, functions_that_fail_fail_the_call)
{
    cr_assert_eq(bask_pack((bask_span){NULL, 0}, NULL), BASK_EINVAL);
    mode = FINE;
    assert_odd(BASK_OK, BASK_OK, "the place for the buffer"); /* the former message stays */
    mode = PACK_FAILS;
    assert_odd(BASK_EIO, BASK_OK, "pack of type odd failed: input or output failed");
    mode = PACK_SAYS_WHY;
    assert_odd(BASK_EIO, BASK_OK, "the odd one out");
    mode = UNPACK_FAILS;
    assert_odd(BASK_OK, BASK_EKERNEL, "unpack of type odd failed");
    mode = UNPACK_SAYS_WHY;
    assert_odd(BASK_OK, BASK_EKERNEL, "the odd one in");
    mode = GETS_MORE;
    assert_odd(BASK_OK, BASK_EINVAL, "1 bytes are asked for where 0 are left");
    mode = GETS_LESS;
    assert_odd(BASK_OK, BASK_EINVAL, "4 bytes are left over");
}

Test(type, what_cannot_be_packed_says_so)
{
    bask_buffer *b = bask_object_new(plain, (plain *)malloc(sizeof(plain)), sizeof(plain)), *packed;
    cr_assert_eq(bask_pack(bask_buffer_span(b), &packed), BASK_EUNSUPPORTED);
    cr_assert_null(packed);
    assert_says("plain");
    bask_buffer_release(b);
    cr_assert_eq(bask_pack((bask_span){NULL, 1}, &packed), BASK_EINVAL);
    cr_assert_eq(bask_unpack((bask_span){"", 0}, NULL), BASK_EINVAL);
}

static bask_status unpacked(const void *bytes, size_t size)
{
    /* in memory of just that size, so that a sanitizer sees a byte too far */
    char *own = (char *)malloc(size ? size : 1);
    bask_buffer *b = (bask_buffer *)&the_odd;
    memcpy(own, bytes, size);
    bask_status status = bask_unpack((bask_span){own, size}, &b);
    free(own);
    cr_assert_eq(status == BASK_OK, b != NULL);
    if (b) {
        size_t nodes = bask_object_type(bask_buffer_span(b)) == &tree_type ? 1 : 0;
        cr_assert_geq((size_t)tree_nodes, nodes);
    }
    bask_buffer_release(b);
    cr_assert_eq(tree_nodes, 0, "%s", bask_last_error());
    return status;
}

Test(type, unknown_types_and_versions_are_named)
{
    bask_buffer *packed = packed_tree(3);
    bask_type next = tree_type;
    bask_unregister_type(&tree_type);
    cr_assert_eq(unpacked(bask_buffer_data(packed), bask_buffer_size(packed)), BASK_ENOTFOUND);
    assert_says("of type tree");
    next.version = 2;
    cr_assert_eq(bask_register_type(&next), BASK_OK);
    cr_assert_eq(unpacked(bask_buffer_data(packed), bask_buffer_size(packed)), BASK_EUNSUPPORTED);
    assert_says("version 1 of type tree was packed, but this program has version 2");
    bask_unregister_type(&next);
    next.version = 1;
    next.unpack = NULL;
    cr_assert_eq(bask_register_type(&next), BASK_OK);
    cr_assert_eq(unpacked(bask_buffer_data(packed), bask_buffer_size(packed)), BASK_EUNSUPPORTED);
    bask_unregister_type(&next);
    bask_buffer_release(packed);
}

Test(type, cut_and_damaged_bytes_are_refused)
{
    bask_buffer *packed = packed_tree(4);
    size_t size = bask_buffer_size(packed);
    unsigned char *bytes = (unsigned char *)malloc(size + 8);
    memcpy(bytes, bask_buffer_data(packed), size);
    memset(bytes + size, 0, 8);
    bask_buffer_release(packed);

    cr_assert_eq(unpacked(bytes, size), BASK_OK);
    for (size_t n = 0; n < size; n++)
        cr_assert_neq(unpacked(bytes, n), BASK_OK, "%zu of %zu bytes", n, size);
    for (size_t more = 1; more <= 8; more++)
        cr_assert_neq(unpacked(bytes, size + more), BASK_OK);
    cr_assert_eq(unpacked("something else that is long enough", 34), BASK_EINVAL);
    assert_says("no packed value");
    bytes[4] ^= 3;
    bytes[5] ^= 3;
    cr_assert_eq(unpacked(bytes, size), BASK_EUNSUPPORTED);
    assert_says("byte order");
    free(bytes);
    cr_assert_eq(unpacked("", 0), BASK_EINVAL);
    cr_assert_eq(bask_pack((bask_span){"plain bytes", 11}, &packed), BASK_OK);
    cr_assert_eq(unpacked(bask_buffer_data(packed), bask_buffer_size(packed)), BASK_OK);
    cr_assert_eq(unpacked(bask_buffer_data(packed), bask_buffer_size(packed) - 1), BASK_EINVAL);
    assert_says("is cut or damaged");
    bask_buffer_release(packed);
}

Test(type, no_bytes_at_all_do_harm)
{
    bask_buffer *packed = packed_tree(3);
    size_t size = bask_buffer_size(packed);
    unsigned char *bytes = (unsigned char *)malloc(size);
    uint64_t seed = DRAW_SEED;
    int accepted = 0;
    for (int round = 0; round < 50000; round++) {
        memcpy(bytes, bask_buffer_data(packed), size);
        for (unsigned n = 1 + draw(&seed, 3); n > 0; n--)
            bytes[draw(&seed, (unsigned)size)] = (unsigned char)draw(&seed, 256);
        accepted += unpacked(bytes, size - (draw(&seed, 4) == 0 ? draw(&seed, (unsigned)size)
                                                                : 0)) == BASK_OK;
    }
    cr_assert(accepted > 1000 && accepted < 49000, "%d: other values are trees as well", accepted);
    free(bytes);
    bask_buffer_release(packed);
}

Test(type, unpacking_survives_a_lack_of_memory)
{
    bask_buffer *packed = packed_tree(4), *b;
    for (long n = 1; n <= 15; n++) {
        tree_countdown = n;
        cr_assert_eq(bask_unpack(bask_buffer_span(packed), &b), BASK_EKERNEL);
        cr_assert_null(b);
        cr_assert_eq(tree_nodes, 0);
    }
    bask_buffer_release(packed);
}

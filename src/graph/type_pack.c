/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as bytes: a header, the name of the type (none: plain bytes), the body. Whoever unpacks
 * believes nothing: each length must come out at exactly what is there.
 */
#include "base/status.h"
#include "graph/buffer.h"
#include "graph/type.h"
#include <string.h>

enum { PACK_FORMAT = 1, PACK_ORDER = 0x0102 };

/* In the byte order of who packs. No padding. */
typedef struct pack_header {
    char magic[4];
    uint16_t order; /* as PACK_ORDER, or the other order packed it */
    uint16_t format;
    uint32_t version; /* of the type */
    uint32_t name;    /* bytes of the type's name, no NUL; 0: plain bytes */
    uint64_t body;
} pack_header;

static const char pack_magic[4] = {'b', 'a', 's', 'k'};

struct bask_packer {
    char *bytes;
    size_t size, room;
    bask_status status; /* of the first put that failed */
    const bask_type *type;
};

struct bask_unpacker {
    const char *next;
    size_t left;
    bask_status status; /* of the first get that failed */
    const bask_type *type;
};

/* ---- what functions of types say when they fail ---- */

typedef struct hearing {
    char before[512]; /* the thread's message */
} hearing;

static void listen_to(hearing *h)
{
    snprintf(h->before, sizeof h->before, "%s", bask_last_error());
    status_set(BASK_OK, "%s", "");
}

static void heard_no_failure(const hearing *h)
{
    if (bask_last_error()[0] == '\0')
        status_set(BASK_OK, "%s", h->before);
}

/* Fails the task as well, should the function have not. */
static bask_status heard_failure(bask_status status, const bask_type *type, const char *function)
{
    if (bask_last_error()[0] == '\0')
        return bask_fail(status, "%s of type %s failed: %s", function, type->name,
                         bask_status_text(status));
    return bask_fail(status, "%s", bask_last_error());
}

/* ---- packing ---- */

static bask_status no_room(bask_packer *to, size_t size)
{
    return to->status =
               bask_fail(BASK_ENOMEM, "no memory to pack %zu bytes more after %zu%s%s", size,
                         to->size, to->type ? " of type " : "", to->type ? to->type->name : "");
}

bask_status bask_packer_put(bask_packer *to, const void *bytes, size_t size)
{
    if (to->status != BASK_OK)
        return to->status;
    if (size > to->room - to->size) {
        if (size > PTRDIFF_MAX - to->size)
            return no_room(to, size);
        size_t room = to->size + size > to->room * 2 ? to->size + size : to->room * 2;
        char *more = realloc(to->bytes, room);
        if (!more)
            return no_room(to, size);
        to->bytes = more;
        to->room = room;
    }
    if (size)
        memcpy(to->bytes + to->size, bytes, size);
    to->size += size;
    return BASK_OK;
}

static void put_body(bask_packer *to, const object *o, bask_span plain)
{
    if (!o->type) {
        bask_packer_put(to, plain.data, plain.size);
        return;
    }
    hearing h;
    listen_to(&h);
    bask_status status = o->type->pack(o->object, to);
    if (to->status == BASK_OK)
        to->status = status;
    if (to->status == BASK_OK)
        heard_no_failure(&h);
    else
        heard_failure(to->status, o->type, "pack");
}

static void free_bytes(void *data, void *user)
{
    (void)user;
    free(data);
}

/* What TO holds becomes a buffer, or is freed. */
static bask_status make_buffer(bask_packer *to, bask_buffer **packed)
{
    if (to->status == BASK_OK) {
        *packed = bask_buffer_wrap(to->bytes, to->size, free_bytes, NULL);
        if (*packed)
            return BASK_OK;
        to->status = BASK_ENOMEM;
    }
    free(to->bytes);
    return to->status;
}

static bask_status pack(const object *o, bask_span plain, bask_buffer **packed)
{
    const char *name = o->type ? o->type->name : "";
    pack_header h = {.order = PACK_ORDER,
                     .format = PACK_FORMAT,
                     .version = o->type ? o->type->version : 0,
                     .name = (uint32_t)strlen(name)};
    memcpy(h.magic, pack_magic, sizeof h.magic);
    bask_packer to = {.type = o->type};
    bask_packer_put(&to, &h, sizeof h);
    bask_packer_put(&to, name, h.name);
    if (to.status == BASK_OK)
        put_body(&to, o, plain);
    if (to.status == BASK_OK) {
        h.body = to.size - sizeof h - h.name;
        memcpy(to.bytes, &h, sizeof h);
    }
    return make_buffer(&to, packed);
}

bask_status bask_pack(bask_span span, bask_buffer **packed)
{
    if (!packed)
        return bask_fail(BASK_EINVAL, "bask_pack: the place for the buffer is NULL");
    *packed = NULL;
    if (!span.data && span.size)
        return bask_fail(BASK_EINVAL, "bask_pack: %zu bytes at NULL", span.size);
    object o = object_of(span);
    if (o.type && !o.type->pack)
        return bask_fail(BASK_EUNSUPPORTED, "type %s cannot be packed: it has no pack",
                         o.type->name);
    return pack(&o, span, packed);
}

/* ---- unpacking ---- */

bask_status bask_unpacker_get(bask_unpacker *from, void *place, size_t size)
{
    if (from->status == BASK_OK && size <= from->left) {
        if (size)
            memcpy(place, from->next, size);
        from->next += size;
        from->left -= size;
        return BASK_OK;
    }
    if (size)
        memset(place, 0, size);
    if (from->status == BASK_OK)
        from->status = bask_fail(BASK_EINVAL,
                                 "the packed object of type %s is cut or damaged: %zu bytes are "
                                 "asked for where %zu are left",
                                 from->type->name, size, from->left);
    from->left = 0;
    return from->status;
}

size_t bask_unpacker_left(const bask_unpacker *from)
{
    return from->left;
}

/* Moves past the header and the name; what is left is the body. */
static bask_status read_header(bask_unpacker *from, pack_header *h, const char **name)
{
    if (!from->next || from->left < sizeof *h)
        return bask_fail(BASK_EINVAL,
                         from->next ? "%zu bytes are too few for a packed value"
                                    : "bask_unpack: %zu bytes at NULL",
                         from->left);
    memcpy(h, from->next, sizeof *h);
    if (memcmp(h->magic, pack_magic, sizeof h->magic) != 0)
        return bask_fail(BASK_EINVAL,
                         "the %zu bytes are no packed value: they do not begin with "
                         "\"bask\"",
                         from->left);
    if (h->order != PACK_ORDER || h->format != PACK_FORMAT)
        return bask_fail(BASK_EUNSUPPORTED,
                         "the value was packed on a machine of another byte order or by another "
                         "version of bask (order %#x, format %u; here %#x, %u)",
                         h->order, h->format, PACK_ORDER, PACK_FORMAT);
    from->next += sizeof *h;
    from->left -= sizeof *h;
    if (h->name > from->left || h->body != from->left - h->name)
        return bask_fail(BASK_EINVAL,
                         "the packed value is cut or damaged: a name of %u and %llu bytes make not "
                         "the %zu that follow",
                         h->name, (unsigned long long)h->body, from->left);
    *name = from->next;
    from->next += h->name;
    from->left -= h->name;
    return BASK_OK;
}

/* The type that was packed, which can unpack. */
static bask_status find_type(const pack_header *h, const char *name, const bask_type **type)
{
    enum { SHOWN = 100 };
    char *text = malloc((size_t)h->name + 1);
    if (!text)
        return bask_fail(BASK_ENOMEM, "no memory to unpack a type's name of %u bytes", h->name);
    memcpy(text, name, h->name);
    text[h->name] = '\0';
    const bask_type *t = *type = strlen(text) == h->name ? bask_type_find(text) : NULL;
    bask_status status = BASK_OK;
    if (!t)
        status = bask_fail(BASK_ENOTFOUND,
                           "the packed value is of type %.*s, which this program has not "
                           "registered (BASK_TYPE)",
                           SHOWN, text);
    else if (t->version != h->version)
        status = bask_fail(BASK_EUNSUPPORTED,
                           "version %u of type %s was packed, but this program has version %u",
                           h->version, t->name, t->version);
    else if (!t->unpack)
        status =
            bask_fail(BASK_EUNSUPPORTED, "type %s cannot be unpacked: it has no unpack", t->name);
    free(text);
    return status;
}

static bask_status unpack_object(bask_unpacker *from, void **object)
{
    const bask_type *t = from->type;
    hearing h;
    listen_to(&h);
    *object = t->unpack(from);
    if (!*object)
        return heard_failure(from->status == BASK_OK ? BASK_EKERNEL : from->status, t, "unpack");
    if (from->status == BASK_OK && from->left == 0) {
        heard_no_failure(&h);
        return BASK_OK;
    }
    if (t->free)
        t->free(*object);
    return from->status != BASK_OK
               ? from->status
               : bask_fail(BASK_EINVAL,
                           "the packed object of type %s is damaged: %zu bytes are left over",
                           t->name, from->left);
}

/* All of FROM becomes an object in a buffer. */
static bask_status unpack_buffer(bask_unpacker *from, bask_buffer **value)
{
    size_t bytes = from->left;
    void *object;
    bask_status status = unpack_object(from, &object);
    if (status != BASK_OK)
        return status;
    *value = bask_object_new_as(from->type, object, bytes);
    return *value ? BASK_OK : BASK_ENOMEM;
}

static bask_status unpack_plain(const bask_unpacker *from, bask_buffer **value)
{
    *value = bask_buffer_new(from->left);
    if (*value && from->left)
        memcpy(bask_buffer_data(*value), from->next, from->left);
    return *value ? BASK_OK : BASK_ENOMEM;
}

bask_status bask_unpack(bask_span packed, bask_buffer **value)
{
    if (!value)
        return bask_fail(BASK_EINVAL, "bask_unpack: the place for the buffer is NULL");
    *value = NULL;
    bask_unpacker from = {.next = packed.data, .left = packed.size};
    pack_header h;
    const char *name = NULL;
    bask_status status = read_header(&from, &h, &name);
    if (status == BASK_OK && h.name == 0)
        return unpack_plain(&from, value);
    if (status == BASK_OK)
        status = find_type(&h, name, &from.type);
    return status == BASK_OK ? unpack_buffer(&from, value) : status;
}

bask_buffer *object_copy(const object *o)
{
    if (!o->type->pack || !o->type->unpack) {
        bask_fail(BASK_EUNSUPPORTED,
                  "bask_take: others use this object of type %s, which has no pack and unpack to "
                  "copy it by",
                  o->type->name);
        return NULL;
    }
    bask_packer to = {.type = o->type};
    bask_buffer *copy = NULL;
    put_body(&to, o, (bask_span){NULL, 0});
    if (to.status == BASK_OK) {
        bask_unpacker from = {.next = to.bytes, .left = to.size, .type = o->type};
        (void)unpack_buffer(&from, &copy);
    }
    free(to.bytes);
    return copy;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types: results that are C objects with pointers inside, such as trees, tables and handles. A kernel
 * returns one as a buffer (buffer.h) that knows its type, consumers read the object itself, and it
 * is freed by its type's function, exactly once, at its last use. A type can also say how its objects
 * are packed into bytes that another process unpacks, and how they are printed.
 *
 *     typedef struct path { size_t n; double *x; } path;
 *
 *     static bask_status path_pack(const path *p, bask_packer *to)
 *     {
 *         return bask_packer_put(to, p->x, p->n * sizeof *p->x);
 *     }
 *     static path *path_unpack(bask_unpacker *from)
 *     {
 *         size_t bytes = bask_unpacker_left(from);
 *         path *p = path_new(bytes / sizeof(double));
 *         if (p)
 *             bask_unpacker_get(from, p->x, bytes);    // too few are noticed: no check is needed
 *         return p;
 *     }
 *     static void path_free(path *p) { free(p->x); free(p); }
 *     static void path_print(const path *p, FILE *to) { fprintf(to, "path of %zu points", p->n); }
 *
 *     BASK_TYPE(path, path_pack, path_unpack, path_free, path_print);
 *
 *     BASK_KERNEL(bask_buffer *, walk, (int64_t, n))
 *     {
 *         path *p = path_new((size_t)n);
 *         ...
 *         return bask_object_new(path, p, (size_t)n * sizeof *p->x);
 *     }
 *     BASK_KERNEL(double, last, (bask_span, in))
 *     {
 *         const path *p = bask_object(in, path);
 *         return p ? p->x[p->n - 1] : 0;               // another type: the task fails
 *     }
 *
 * What lies in the bytes of such a buffer or span is the library's own: only the calls below look at
 * it. Any of the four functions may be NULL: then objects are not freed, or cannot be packed,
 * unpacked, or are printed by type and size. Shared by all: the functions of a type are called by any
 * thread, for different objects at once, pack and print also for the same object; they must not
 * throw. One that fails calls bask_fail, which inside a kernel fails the task as well.
 */
#ifndef BASK_TYPE_H
#define BASK_TYPE_H

#include "kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where a value's bytes go to, and come from. Good until pack or unpack returns, in its thread. */
typedef struct bask_packer bask_packer;
typedef struct bask_unpacker bask_unpacker;

typedef struct bask_type bask_type;
struct bask_type {
    size_t struct_size; /* sizeof(bask_type) of the program's header */
    const char *name;
    uint32_t version;   /* of the packed form: another one is not unpacked */
    size_t object_size; /* of the C type; tells apart what two files call by one name */
    /* Puts what unpack needs. Anything but BASK_OK is a failure; so is a put that failed. */
    bask_status (*pack)(const void *object, bask_packer *to);
    /* Makes an object of all bytes that were put. The bytes may be anybody's: what they say of sizes
     * has to be compared with bask_unpacker_left before it is believed. NULL is a failure. Where
     * more was got than there is, or something is left, the object is freed and was never seen. */
    void *(*unpack)(bask_unpacker *from);
    void (*free)(void *object);
    void (*print)(const void *object, FILE *to); /* without a newline at its end */
    bask_type *next;                             /* the registry's */
};

/*
 * BASK_TYPE(name, pack, unpack, free, print);
 * defines and registers `name_type`, the type of objects whose C type is `name`; the functions take a
 * `name *` where bask_type says void *. BASK_TYPE_VERSION(name, version, ...): of another version
 * than 1. In C++ also std::map and the like, by a name that `using` gives.
 */

/*
 * Adds TYPE to the registry, so that what was packed elsewhere is unpacked here; BASK_TYPE does this
 * by itself before main. The same name, version and size may be registered several times: the oldest
 * that is left is found.
 * Owns: TYPE stays the caller's and must live until it is unregistered and its last object is freed.
 * Returns BASK_EEXIST when a type of this name has another version or size; BASK_EINVAL for NULL, no
 * name, or a wrong struct_size. Threads: any.
 */
BASK_API bask_status bask_register_type(bask_type *type);

/* Takes TYPE out of the registry again. Nothing happens when it is not there. Threads: any. */
BASK_API void bask_unregister_type(bask_type *type);

/* The type of that name, NULL when there is none. Threads: any. */
BASK_API const bask_type *bask_type_find(const char *name);

/* ---- objects ---- */

/*
 * bask_object_new(type, object, bytes): a buffer with one reference that holds OBJECT, a `type *`.
 * BYTES is what it counts as while it lives, as a result of its client (buffer.h).
 * Owns: the buffer is the caller's, as with bask_buffer_new; OBJECT is the buffer's from here on.
 * Returns NULL when memory is short (then OBJECT has been freed), BASK_EINVAL: or when it is NULL;
 * the message is set, and inside a kernel the task fails. Threads: any.
 */
#define bask_object_new(type, object, bytes) type##_object_new_(object, bytes)

/*
 * bask_object(span, type): the object behind SPAN, as a `const type *` that is good for as long as the
 * span. NULL when there is another type's object or none: BASK_ETYPE, the message is set, and inside
 * a kernel the task fails. Threads: any; costs a few loads.
 */
#define bask_object(span, type) type##_object_(span)

/* bask_buffer_object(buffer, type): the same of a buffer, as a `type *`: writable by its maker, and by
 * a kernel that got it from bask_take. (That copies an object that others use by pack and unpack.) */
#define bask_buffer_object(buffer, type) type##_buffer_object_(buffer)

/* The type of the object behind SPAN; NULL: it is none. Threads: any. */
BASK_API const bask_type *bask_object_type(bask_span span);

/* What the macros call. */
BASK_API bask_buffer *bask_object_new_as(const bask_type *type, void *object, size_t bytes);
BASK_API const void *bask_object_as(bask_span span, const bask_type *type);
BASK_API void *bask_buffer_object_as(bask_buffer *buffer, const bask_type *type);

/* ---- values as bytes ---- */

/*
 * Packs the value behind SPAN, an object or plain bytes, for bask_unpack in this or another process:
 * a header that names its type, and the bytes. *PACKED becomes a plain buffer; NULL on failure:
 * BASK_ENOMEM, BASK_EUNSUPPORTED (the type has no pack), BASK_EINVAL (a NULL), or what its pack failed
 * with. A failure inside a kernel fails the task.
 * Owns: the caller. Threads: any.
 */
BASK_API bask_status bask_pack(bask_span span, bask_buffer **packed);

/*
 * Makes *VALUE of what was packed: an object, or plain bytes. PACKED may be anybody's bytes, anywhere:
 * what bask_pack did not make is refused. *VALUE is NULL on failure: BASK_EINVAL (a NULL; not packed,
 * cut, or not what the type's unpack expects), BASK_ENOTFOUND (no such type here), BASK_EUNSUPPORTED
 * (another version or byte order, or no unpack), BASK_ENOMEM, BASK_EKERNEL (unpack returned NULL; the
 * message is its own). A failure inside a kernel fails the task. An object counts as many bytes as
 * its packed form has.
 * Owns: the caller. Threads: any.
 */
BASK_API bask_status bask_unpack(bask_span packed, bask_buffer **value);

/* For pack: appends SIZE bytes. Fails with BASK_ENOMEM, and so does all that follows. */
BASK_API bask_status bask_packer_put(bask_packer *to, const void *bytes, size_t size);

/* For unpack: the next SIZE bytes. Where fewer are left: BASK_EINVAL, PLACE is zeroed, and the whole
 * fails, whatever unpack returns. */
BASK_API bask_status bask_unpacker_get(bask_unpacker *from, void *place, size_t size);

/* For unpack: how many bytes are left; 0 after a failure. */
BASK_API size_t bask_unpacker_left(const bask_unpacker *from);

/* ---- values as text ---- */

/*
 * Prints the value behind SPAN: an object by its type's print, else "path (800 bytes)"; bytes as
 * "800 bytes". Returns BASK_EINVAL for a NULL, BASK_EIO where TO cannot be written. Threads: any.
 */
BASK_API bask_status bask_print(bask_span span, FILE *to);

/*
 * Waits as bask_result does and prints the result, with no newline: a number such that reading it
 * gives the same number, true or false, a buffer as bask_print, another type's value by name and
 * size, nothing for void. Returns what bask_result and bask_print return. Threads: any.
 */
BASK_API BASK_MUST_CHECK bask_status bask_future_print(bask_future *future, FILE *to);

/* The same into TEXT, which has ROOM bytes: as much as fits, and a NUL unless ROOM is 0. LENGTH (may be
 * NULL) gets the length of all; on failure 0, and TEXT is empty. Also BASK_ENOMEM. */
BASK_API BASK_MUST_CHECK bask_status bask_future_text(bask_future *future, char *text, size_t room,
                                                      size_t *length);

/*
 * Waits as bask_result does and packs the result; of a number, or another small value, its bytes.
 * Returns what bask_result and bask_pack return; then *PACKED is NULL. Owns: the caller. Threads: any.
 */
BASK_API BASK_MUST_CHECK bask_status bask_future_pack(bask_future *future, bask_buffer **packed);

#ifdef __cplusplus
}
#endif

/* ---- what the macros make; not for users ---- */

/* pack and the others are pasted here, where NULL is that word still and not what it stands for. */
#define BASK_TYPE(name, pack, unpack, free, print)                                                 \
    BASK_TYPE_OF_(name, 1, BASK_SECOND_(BASK_ABSENT_##pack, 0, 0), pack,                           \
                  BASK_SECOND_(BASK_ABSENT_##unpack, 0, 0), unpack,                                \
                  BASK_SECOND_(BASK_ABSENT_##free, 0, 0), free,                                    \
                  BASK_SECOND_(BASK_ABSENT_##print, 0, 0), print)
#define BASK_TYPE_VERSION(name, version, pack, unpack, free, print)                                \
    BASK_TYPE_OF_(name, version, BASK_SECOND_(BASK_ABSENT_##pack, 0, 0), pack,                     \
                  BASK_SECOND_(BASK_ABSENT_##unpack, 0, 0), unpack,                                \
                  BASK_SECOND_(BASK_ABSENT_##free, 0, 0), free,                                    \
                  BASK_SECOND_(BASK_ABSENT_##print, 0, 0), print)
#define BASK_ABSENT_NULL ~, 1
#define BASK_ABSENT_nullptr ~, 1

/* clang-format off */

/* Of the functions f, g, h and i the one before each says whether it is absent. */
#define BASK_TYPE_OF_(name, version, no_f, f, no_g, g, no_h, h, no_i, i)                           \
    BASK_CAT_(BASK_PACK_THUNK_, no_f)(name, f)                                                     \
    BASK_CAT_(BASK_UNPACK_THUNK_, no_g)(name, g)                                                   \
    BASK_CAT_(BASK_FREE_THUNK_, no_h)(name, h)                                                     \
    BASK_CAT_(BASK_PRINT_THUNK_, no_i)(name, i)                                                    \
    static bask_type name##_type = {                                                               \
        sizeof(bask_type), #name, version, sizeof(name),                                           \
        BASK_CAT_(BASK_GIVEN_, no_f)(name##_pack_), BASK_CAT_(BASK_GIVEN_, no_g)(name##_unpack_),  \
        BASK_CAT_(BASK_GIVEN_, no_h)(name##_free_), BASK_CAT_(BASK_GIVEN_, no_i)(name##_print_),   \
        NULL};                                                                                     \
    __attribute__((constructor)) static void name##_register_type_(void)                           \
    {                                                                                              \
        (void)bask_register_type(&name##_type);                                                    \
    }                                                                                              \
    __attribute__((destructor)) static void name##_unregister_type_(void)                          \
    {                                                                                              \
        bask_unregister_type(&name##_type);                                                        \
    }                                                                                              \
    BASK_UNUSED_ static inline bask_buffer *name##_object_new_(name *object_, size_t bytes_)       \
    {                                                                                              \
        return bask_object_new_as(&name##_type, object_, bytes_);                                  \
    }                                                                                              \
    BASK_UNUSED_ static inline const name *name##_object_(bask_span span_)                         \
    {                                                                                              \
        return BASK_CAST_(const name *, bask_object_as(span_, &name##_type));                      \
    }                                                                                              \
    BASK_UNUSED_ static inline name *name##_buffer_object_(bask_buffer *buffer_)                   \
    {                                                                                              \
        return BASK_CAST_(name *, bask_buffer_object_as(buffer_, &name##_type));                   \
    }                                                                                              \
    BASK_STATIC_ASSERT_(1, "so that a semicolon may follow")

/* clang-format on */

#define BASK_GIVEN_0(function) function
#define BASK_GIVEN_1(function) NULL
#define BASK_PACK_THUNK_0(name, f)                                                                 \
    static bask_status name##_pack_(const void *object_, bask_packer *to_)                         \
    {                                                                                              \
        return f(BASK_CAST_(const name *, object_), to_);                                          \
    }
#define BASK_PACK_THUNK_1(name, f)
#define BASK_UNPACK_THUNK_0(name, f)                                                               \
    static void *name##_unpack_(bask_unpacker *from_)                                              \
    {                                                                                              \
        name *object_ = f(from_);                                                                  \
        return object_;                                                                            \
    }
#define BASK_UNPACK_THUNK_1(name, f)
#define BASK_FREE_THUNK_0(name, f)                                                                 \
    static void name##_free_(void *object_)                                                        \
    {                                                                                              \
        f(BASK_CAST_(name *, object_));                                                            \
    }
#define BASK_FREE_THUNK_1(name, f)
#define BASK_PRINT_THUNK_0(name, f)                                                                \
    static void name##_print_(const void *object_, FILE *to_)                                      \
    {                                                                                              \
        f(BASK_CAST_(const name *, object_), to_);                                                 \
    }
#define BASK_PRINT_THUNK_1(name, f)

#endif

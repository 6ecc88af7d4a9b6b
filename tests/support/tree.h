/* SPDX-License-Identifier: Apache-2.0 */
/* A type whose objects have pointers inside: binary trees, whose nodes are counted. */
#ifndef TESTS_SUPPORT_TREE_H
#define TESTS_SUPPORT_TREE_H

#include <bask.h>

typedef struct tree tree;
struct tree {
    tree *child[2];
    int64_t value;
};

enum { TREE_DEEPEST = 64 }; /* of those that are unpacked, for the bytes may say anything */

static _Atomic long tree_nodes;     /* that are alive */
static _Atomic long tree_countdown; /* until a node gets no memory; 0: never */

static inline tree *tree_node(int64_t value, tree *left, tree *right)
{
    if (tree_countdown && --tree_countdown == 0)
        return NULL;
    tree *t = (tree *)malloc(sizeof *t);
    *t = (tree){{left, right}, value};
    tree_nodes++;
    return t;
}

/* Of 2^DEPTH - 1 nodes, numbered from FIRST on. */
static inline tree *tree_make(int depth, int64_t *first)
{
    if (depth == 0)
        return NULL;
    tree *left = tree_make(depth - 1, first);
    int64_t value = (*first)++;
    return tree_node(value, left, tree_make(depth - 1, first));
}

static inline int64_t tree_sum(const tree *t)
{
    return t ? t->value + tree_sum(t->child[0]) + tree_sum(t->child[1]) : 0;
}

static inline void tree_free(tree *t)
{
    if (!t)
        return;
    tree_free(t->child[0]);
    tree_free(t->child[1]);
    free(t);
    tree_nodes--;
}

/* Before each child a byte that says whether there is one. */
static inline bask_status tree_pack(const tree *t, bask_packer *to)
{
    bask_packer_put(to, &t->value, sizeof t->value);
    for (int i = 0; i < 2; i++) {
        unsigned char more = t->child[i] != NULL;
        bask_status status = bask_packer_put(to, &more, 1);
        if (status == BASK_OK && more)
            status = tree_pack(t->child[i], to);
        if (status != BASK_OK)
            return status;
    }
    return BASK_OK;
}

static inline tree *tree_unpack_below(bask_unpacker *from, int depth)
{
    int64_t value;
    if (depth > TREE_DEEPEST) {
        bask_fail(BASK_EINVAL, "a tree of more than %d levels", TREE_DEEPEST);
        return NULL;
    }
    bask_unpacker_get(from, &value, sizeof value);
    tree *t = tree_node(value, NULL, NULL);
    for (int i = 0; t && i < 2; i++) {
        unsigned char more;
        bask_unpacker_get(from, &more, 1);
        if (more && !(t->child[i] = tree_unpack_below(from, depth + 1))) {
            tree_free(t);
            return NULL;
        }
    }
    return t;
}
static inline tree *tree_unpack(bask_unpacker *from)
{
    return tree_unpack_below(from, 1);
}

static inline void tree_print(const tree *t, FILE *to)
{
    fprintf(to, "(%lld", (long long)t->value);
    for (int i = 0; i < 2; i++) {
        fputc(' ', to);
        if (t->child[i])
            tree_print(t->child[i], to);
        else
            fputc('-', to);
    }
    fputc(')', to);
}

BASK_TYPE(tree, tree_pack, tree_unpack, tree_free, tree_print);

/* A buffer of the tree of 2^DEPTH - 1 nodes, numbered from 1 on. */
static inline bask_buffer *tree_buffer(int depth)
{
    int64_t first = 1;
    return bask_object_new(tree, tree_make(depth, &first), sizeof(tree) << depth);
}

#endif

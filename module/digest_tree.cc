#include "digest_tree.h"

namespace appcreate::nginx {
namespace {

ngx_rbtree_key_t tree_key(const uint8_t *digest) {
    ngx_rbtree_key_t key;
    ngx_memcpy(&key, digest, sizeof(key));
    return key;
}

// Order within one tree key.
ngx_int_t compare(const DigestNode *node, uint64_t store, const uint8_t *digest) {
    if (store != node->store) {
        return store < node->store ? -1 : 1;
    }
    return ngx_memcmp(digest, node->digest, AC_DIGEST_SIZE);
}

void insert_node(ngx_rbtree_node_t *temp, ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel) {
    const auto *added = ngx_rbtree_data(node, DigestNode, node);
    for (;;) {
        ngx_rbtree_node_t **p;
        if (node->key != temp->key) {
            p = node->key < temp->key ? &temp->left : &temp->right;
        } else {
            const auto *other = ngx_rbtree_data(temp, DigestNode, node);
            p = compare(other, added->store, added->digest) < 0 ? &temp->left : &temp->right;
        }
        if (*p == sentinel) {
            *p = node;
            break;
        }
        temp = *p;
    }
    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
    ngx_rbt_red(node);
}

}  // namespace

void init_digest_tree(ngx_rbtree_t *tree, ngx_rbtree_node_t *sentinel) { ngx_rbtree_init(tree, sentinel, insert_node); }

void insert_digest(ngx_rbtree_t *tree, DigestNode *node, uint64_t store, const uint8_t *digest) {
    node->node.key = tree_key(digest);
    node->store = store;
    ngx_memcpy(node->digest, digest, AC_DIGEST_SIZE);
    ngx_rbtree_insert(tree, &node->node);
}

DigestNode *find_digest(const ngx_rbtree_t *tree, uint64_t store, const uint8_t *digest) {
    ngx_rbtree_key_t key = tree_key(digest);
    ngx_rbtree_node_t *node = tree->root;
    while (node != tree->sentinel) {
        if (key != node->key) {
            node = key < node->key ? node->left : node->right;
            continue;
        }
        auto *found = ngx_rbtree_data(node, DigestNode, node);
        ngx_int_t rc = compare(found, store, digest);
        if (rc == 0) {
            return found;
        }
        node = rc < 0 ? node->left : node->right;
    }
    return nullptr;
}

}  // namespace appcreate::nginx

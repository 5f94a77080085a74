// A tree of what is known, or being asked, of tokens: by the store and the token's digest.
#pragma once

#include "module.h"

namespace appcreate::nginx {

// The first member of what the tree holds.
struct DigestNode {
    ngx_rbtree_node_t node;  // by the digest's first bytes
    uint64_t store;
    uint8_t digest[AC_DIGEST_SIZE];
};

void init_digest_tree(ngx_rbtree_t *tree, ngx_rbtree_node_t *sentinel);
void insert_digest(ngx_rbtree_t *tree, DigestNode *node, uint64_t store, const uint8_t *digest);
// NULL: there is none.
DigestNode *find_digest(const ngx_rbtree_t *tree, uint64_t store, const uint8_t *digest);

}  // namespace appcreate::nginx

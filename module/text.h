// A text that grows in a pool.
#pragma once

#include "module.h"

namespace appcreate::nginx {

class Text {
  public:
    explicit Text(ngx_pool_t *pool) : pool_(pool) {}

    // As ngx_sprintf; a piece is shorter than 2000 bytes.
    void add(const char *format, ...);
    // With `"`, `\` and control characters as JSON has them; what Prometheus has for labels is a part of that.
    void add_escaped(const ngx_str_t &text);
    // False: there was not enough memory.
    bool end(ngx_str_t *out) const;

  private:
    void add_bytes(const u_char *bytes, size_t n);

    ngx_pool_t *pool_;
    u_char *data_ = nullptr;
    size_t len_ = 0;
    size_t capacity_ = 0;
    bool failed_ = false;
};

}  // namespace appcreate::nginx

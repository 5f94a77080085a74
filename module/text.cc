#include "text.h"

namespace appcreate::nginx {

void Text::add_bytes(const u_char *bytes, size_t n) {
    // A text that is empty yet has no memory to copy into.
    if (n == 0) {
        return;
    }
    if (len_ + n > capacity_ && !failed_) {
        size_t capacity = ngx_max(2 * capacity_, ngx_max(len_ + n, static_cast<size_t>(4096)));
        auto *data = static_cast<u_char *>(ngx_pnalloc(pool_, capacity));
        if (data) {
            if (len_) {
                ngx_memcpy(data, data_, len_);
            }
            data_ = data;
            capacity_ = capacity;
        }
        failed_ = data == nullptr;
    }
    if (!failed_) {
        ngx_memcpy(data_ + len_, bytes, n);
        len_ += n;
    }
}

void Text::add(const char *format, ...) {
    u_char piece[2000];
    va_list args;
    va_start(args, format);
    u_char *end = ngx_vslprintf(piece, piece + sizeof(piece), format, args);
    va_end(args);
    add_bytes(piece, static_cast<size_t>(end - piece));
}

void Text::add_escaped(const ngx_str_t &text) {
    for (size_t i = 0; i < text.len; i++) {
        u_char c = text.data[i];
        if (c == '"' || c == '\\') {
            add_bytes(reinterpret_cast<const u_char *>("\\"), 1);
        }
        // URIs have none; a label or a text must not break for one.
        u_char shown = c < 0x20 ? '?' : c;
        add_bytes(&shown, 1);
    }
}

bool Text::end(ngx_str_t *out) const {
    *out = {len_, data_};
    return !failed_;
}

}  // namespace appcreate::nginx

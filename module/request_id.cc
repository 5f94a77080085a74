// X-Request-ID: the client's, or nginx's $request_id.

#include <sys/random.h>

#include "module.h"

namespace appcreate::nginx {
namespace {

constexpr size_t kIdBytes = 16;  // as nginx's own
constexpr size_t kIdsAtOnce = 256;

bool is_visible_ascii(const ngx_str_t &s) {
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] < 0x21 || s.data[i] > 0x7e) {
            return false;
        }
    }
    return true;
}

// Empty: none that can be taken over.
ngx_str_t find_sent(ngx_http_request_t *r) {
    static constexpr char kName[] = "x-request-id";
    ngx_list_part_t *part = &r->headers_in.headers.part;
    for (; part; part = part->next) {
        auto *header = static_cast<ngx_table_elt_t *>(part->elts);
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            // No lower case name yet: nginx ran out of memory between the two, and logs the request.
            if (header[i].key.len != sizeof(kName) - 1 || header[i].lowcase_key == nullptr ||
                ngx_strncmp(header[i].lowcase_key, kName, sizeof(kName) - 1) != 0) {
                continue;
            }
            ngx_str_t value = trimmed(header[i].value);
            if (value.len >= 1 && value.len <= 128 && is_visible_ascii(value)) {
                return value;
            }
        }
    }
    return ngx_null_string;
}

// Random bytes for one id; NULL when the system has none. A worker's own: first filled by its first request.
const u_char *next_random() {
    static u_char bytes[kIdsAtOnce * kIdBytes];
    static size_t used = sizeof(bytes);
    if (used == sizeof(bytes)) {
        if (getrandom(bytes, sizeof(bytes), GRND_NONBLOCK) != static_cast<ssize_t>(sizeof(bytes))) {
            return nullptr;
        }
        used = 0;
    }
    used += kIdBytes;
    return bytes + used - kIdBytes;
}

// Gives $request_id its value before nginx does: libcrypto's generator, which nginx asks for each id, takes longer than
// all else that the module does for a refusal. Logs and other modules see the same value, as it is one variable. The
// slot is core's own in every nginx: it declares the variable as one that nobody may redefine (`set`, `map` and scripts
// are refused as duplicates) and that is evaluated once, and ngx_http_get_indexed_variable takes what is valid as it
// is.
void fill_variable(ngx_http_request_t *r, ngx_http_variable_value_t *value) {
    auto *text = static_cast<u_char *>(ngx_pnalloc(r->pool, 2 * kIdBytes));
    const u_char *random = text ? next_random() : nullptr;
    if (random == nullptr) {
        return;
    }
    ngx_hex_dump(text, const_cast<u_char *>(random), kIdBytes);
    value->data = text;
    value->len = 2 * kIdBytes;
    value->valid = 1;
    value->no_cacheable = 0;
    value->not_found = 0;
}

}  // namespace

ngx_int_t find_request_id(ngx_http_request_t *r, ngx_str_t *id) {
    *id = find_sent(r);
    if (id->len) {
        return NGX_OK;
    }

    auto index = static_cast<ngx_uint_t>(main_conf(r)->request_id_index);
    if (!r->variables[index].valid && !r->variables[index].not_found) {
        fill_variable(r, &r->variables[index]);
    }
    ngx_http_variable_value_t *value = ngx_http_get_indexed_variable(r, index);
    if (value == nullptr || value->not_found) {
        return NGX_ERROR;
    }
    *id = {value->len, value->data};
    return NGX_OK;
}

}  // namespace appcreate::nginx

// Shadows: creates that "mirror" has copied from requests which another location answers, an existing API as a rule,
// and that are validated here. Nobody gets their answers. When the original is logged both are known and compared: a
// request is logged when the last of its subrequests has ended, or when it is cut off itself.

#include "metrics.h"
#include "mode.h"

namespace appcreate::nginx {
namespace {

// The beginning of an error that the original is answered with.
struct Original {
    size_t len;
    u_char start[512];
};

Original *original_of(const ngx_http_request_t *r) {
    return static_cast<Original *>(ngx_http_get_module_ctx(r, ngx_http_app_create_filter_module));
}

bool is_json(const ngx_http_request_t *r) {
    const ngx_str_t &type = r->headers_out.content_type;
    static const ngx_str_t json = ngx_string("application/json");
    return type.len >= json.len && ngx_strncasecmp(type.data, json.data, json.len) == 0 &&
           (r->headers_out.content_encoding == nullptr || r->headers_out.content_encoding->value.len == 0);
}

// The first number of the API's (docs/api.md, "Codes") that is called "code". Any other is kOtherCode, so that neither
// an API nor its clients can make new ones up.
ngx_uint_t find_code(const Original *original) {
    static const ngx_str_t name = ngx_string("\"code\"");
    const u_char *end = original->start + original->len;
    const u_char *p = original->start;
    const auto skip_blanks = [&] {
        while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')) {
            p++;
        }
    };
    while (static_cast<size_t>(end - p) >= name.len && ngx_memcmp(p, name.data, name.len) != 0) {
        p++;
    }
    if (static_cast<size_t>(end - p) < name.len) {
        return kNoCode;
    }
    p += name.len;
    skip_blanks();
    if (p == end || *p++ != ':') {
        return kNoCode;
    }
    skip_blanks();
    const u_char *digits = p;
    while (p < end && *p >= '0' && *p <= '9') {
        p++;
    }
    ngx_int_t code = ngx_atoi(const_cast<u_char *>(digits), static_cast<size_t>(p - digits));
    // One that the buffer's end cuts is none.
    if (code == NGX_ERROR || p == end) {
        return kNoCode;
    }
    return code > 0 && code < 10000 && ac_code_answer(static_cast<int>(code))->code == code
               ? static_cast<ngx_uint_t>(code)
               : kOtherCode;
}

bool is_success(ngx_uint_t status) { return status >= NGX_HTTP_OK && status < NGX_HTTP_SPECIAL_RESPONSE; }

}  // namespace

bool is_shadow(Context *ctx) {
    const ngx_http_request_t *r = ctx->request;
    if (!ctx->shadow && r != r->main && r->background && r->method == NGX_HTTP_POST) {
        ctx->shadow = decide_mode(ctx) == Mode::kValidate;
    }
    return ctx->shadow;
}

bool compare_shadow(const Context *shadow, Comparison *out) {
    const ngx_http_request_t *r = shadow->request->main;
    // nginx sends nothing once the client of the original is gone.
    out->status = shadow->answer ? shadow->answer->status : status_of(shadow->request);
    out->code = shadow->answer || shadow->code ? shadow->code : kNoCode;
    out->original_status = status_of(r);
    const Original *original = original_of(r);
    out->original_code = original ? find_code(original) : kNoCode;
    if (is_success(out->original_status)) {
        out->original_code = 0;
    }
    if (out->code == kNoCode || out->original_status == 0 || out->original_status == NGX_HTTP_CLIENT_CLOSED_REQUEST) {
        out->result = ShadowResult::kUnknown;
        return false;
    }
    bool same = is_success(out->status) ? is_success(out->original_status)
                                        : out->status == out->original_status &&
                                              (out->original_code == kNoCode || out->original_code == out->code);
    out->result = same ? ShadowResult::kSame : ShadowResult::kDifferent;
    return true;
}

void expect_original(ngx_http_request_t *r) {
    if (r != r->main || !main_conf(r)->has_modes || r->headers_out.status < NGX_HTTP_BAD_REQUEST || r->header_only ||
        original_of(r) || !is_json(r) || find_shadow(r, nullptr) == nullptr) {
        return;
    }
    // Without memory it is compared by its status.
    auto *original = static_cast<Original *>(ngx_pcalloc(r->pool, sizeof(Original)));
    ngx_http_set_ctx(r, original, ngx_http_app_create_filter_module);
}

void read_original(ngx_http_request_t *r, const ngx_chain_t *in) {
    Original *original = r == r->main ? original_of(r) : nullptr;
    if (original == nullptr) {
        return;
    }
    for (; in && original->len < sizeof(original->start); in = in->next) {
        const ngx_buf_t *buf = in->buf;
        if (!ngx_buf_in_memory(buf)) {
            continue;
        }
        size_t len = ngx_min(static_cast<size_t>(buf->last - buf->pos), sizeof(original->start) - original->len);
        if (len) {
            ngx_memcpy(original->start + original->len, buf->pos, len);
            original->len += len;
        }
    }
}

void count_shadows(ngx_http_request_t *r) {
    if (r != r->main || !main_conf(r)->has_modes) {
        return;
    }
    for (const Context *shadow = find_shadow(r, nullptr); shadow; shadow = find_shadow(r, shadow)) {
        Comparison comparison;
        compare_shadow(shadow, &comparison);
        own_metrics->shadows.add(key_of(comparison));
    }
}

}  // namespace appcreate::nginx

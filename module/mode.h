// app_create_mode, and the mirrored creates that it lets in (docs/directives.md, "app_create_mode").
#pragma once

#include "module.h"

namespace appcreate::nginx {

// ---- mode.cc

// Evaluates app_create_mode at the first call, before anybody asks who sends the create.
Mode decide_mode(Context *ctx);
// NGX_OK: creates are made or tried here. NGX_DECLINED: the fallback has them. Otherwise a status that refuses this
// one.
ngx_int_t check_mode(Context *ctx);

// ---- context.cc

// The next shadow of a main request after `last`, the first after NULL; NULL: there is none.
Context *find_shadow(const ngx_http_request_t *r, const Context *last);

// ---- shadow.cc

// Is it a mirrored create that is to be validated? Any other subrequest is refused.
bool is_shadow(Context *ctx);
// In the header filter and in the body filter, of any request: of an original it is kept how its error begins. Nothing
// is changed.
void expect_original(ngx_http_request_t *r);
void read_original(ngx_http_request_t *r, const ngx_chain_t *in);

}  // namespace appcreate::nginx

// app_create_show: what was created can be read at the URIs where it is created (docs/directives.md,
// "app_create_show").
#pragma once

#include "module.h"

namespace appcreate::nginx {

// ---- show.cc

// What a request wants of an app_create location.
enum class Operation : uint8_t { kCreate, kRead, kOther };
Operation operation_of(const ngx_http_request_t *r, const LocConf *conf);
// What "Allow" says to a request that wants something else.
ngx_str_t allowed_methods(const ngx_http_request_t *r, const LocConf *conf);
// The content phase of a read.
ngx_int_t show(Context *ctx);
// The read is back from a thread, with its answer.
void read_returned(Context *ctx);

// ---- reads.cc

// Takes ctx->read over and answers through read_returned or finish. NGX_BUSY: too many wait. NGX_ERROR: there is no
// store. Both leave the read where it is.
ngx_int_t send_read(Context *ctx);
// The request goes away.
void leave_read(Context *ctx);

// Reads of one store that are at work at the same time; more of them wait.
constexpr ngx_uint_t kMaxReads = 4;

// The reads of a store that wait or are at work. NULL: out of memory.
Reads *create_reads(ac_store *store);
void free_reads(Reads *reads);

}  // namespace appcreate::nginx

// What holds where the configuration says nothing, and the bounds of what it may say. docs/directives.md names them.
#pragma once

#include "module.h"

namespace appcreate::nginx::defaults {

// app_create_key_cache
inline constexpr const char *kKeyZoneName = "app_create_keys";
inline constexpr size_t kKeyZoneSize = 1024 * 1024;
inline constexpr ngx_msec_t kKeysValid = 30 * 1000;
inline constexpr ngx_msec_t kKeysInvalid = 5 * 1000;
inline constexpr ngx_int_t kLongestValid = 24 * 60 * 60 * 1000;
inline constexpr size_t kSmallestKeyZonePages = 8;

// app_create_queue
inline constexpr ngx_uint_t kQueueNumber = 4096;
inline constexpr size_t kQueueBytes = 64 * 1024 * 1024;

// app_create_limit. A name goes to clients, in RateLimit-Policy.
inline constexpr size_t kLimitZoneSize = 1024 * 1024;
inline constexpr size_t kSmallestLimitZonePages = 8;
inline constexpr size_t kLongestLimitName = 64;

// app_create_timeout. A worker that stops or is reloaded stays as long for each request, and no client waits longer:
// the timeouts of proxies and of nginx itself are a minute.
inline constexpr ngx_msec_t kTimeout = 3 * 1000;
inline constexpr ngx_msec_t kLongestTimeout = 60 * 1000;

// app_create_realm
#define APP_CREATE_DEFAULT_REALM "applications"

// Where client_max_body_size is 0.
inline constexpr off_t kMaxBody = 16 * 1024 * 1024;

}  // namespace appcreate::nginx::defaults

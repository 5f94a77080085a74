// app_create_key_cache zone=NAME:SIZE [valid=TIME] [invalid=TIME];

#include "defaults.h"
#include "directives.h"

namespace appcreate::nginx {
namespace {

char *set_key_zone(ngx_conf_t *cf, MainConf *conf, ngx_str_t value) {
    u_char *colon = ngx_strlchr(value.data, value.data + value.len, ':');
    if (colon == nullptr || colon == value.data || *value.data == ' ') {
        return fail(cf, "invalid \"zone\" in \"app_create_key_cache\", it must be zone=NAME:SIZE");
    }
    ngx_str_t name = {static_cast<size_t>(colon - value.data), value.data};
    ngx_str_t text = {static_cast<size_t>(value.data + value.len - colon - 1), colon + 1};
    ssize_t size = ngx_parse_size(&text);
    if (size == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid zone size \"%V\" in \"app_create_key_cache\"", &text);
        return failed();
    }
    const size_t smallest = defaults::kSmallestKeyZonePages * ngx_pagesize;
    if (size < static_cast<ssize_t>(smallest)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" of \"app_create_key_cache\" is too small, give it a size of %uzk or more",
                           &name, smallest / 1024);
        return failed();
    }
    return add_key_zone(cf, conf, &name, static_cast<size_t>(size)) == NGX_OK ? taken() : failed();
}

}  // namespace

char *set_key_cache(ngx_conf_t *cf, ngx_command_t *, void *data) {
    auto *conf = static_cast<MainConf *>(data);
    if (conf->keys) {
        return duplicate();
    }
    if (has_blank(cf)) {
        return failed();
    }

    for (ngx_uint_t i = 1; i < cf->args->nelts; i++) {
        ngx_str_t arg = args(cf)[i];
        struct {
            ngx_str_t prefix;
            ngx_msec_t *time;
        } times[] = {{ngx_string("valid="), &conf->keys_valid}, {ngx_string("invalid="), &conf->keys_invalid}};

        if (arg.len > 5 && ngx_strncmp(arg.data, "zone=", 5) == 0) {
            if (conf->keys) {
                return fail(cf, "duplicate \"zone\" in \"app_create_key_cache\"");
            }
            if (set_key_zone(cf, conf, {arg.len - 5, arg.data + 5}) != NGX_CONF_OK) {
                return failed();
            }
            continue;
        }
        bool known = false;
        for (auto &time : times) {
            if (arg.len > time.prefix.len && ngx_strncmp(arg.data, time.prefix.data, time.prefix.len) == 0) {
                ngx_str_t text = {arg.len - time.prefix.len, arg.data + time.prefix.len};
                ngx_int_t ms = ngx_parse_time(&text, 0);
                if (ms == NGX_ERROR) {
                    break;
                }
                if (*time.time != NGX_CONF_UNSET_MSEC) {
                    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "duplicate parameter \"%V\" in \"app_create_key_cache\"",
                                       &arg);
                    return failed();
                }
                if (ms > defaults::kLongestValid) {
                    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                       "\"%V\" in \"app_create_key_cache\" is too long, a revoked key would work as "
                                       "long: give it 1d or less",
                                       &arg);
                    return failed();
                }
                *time.time = static_cast<ngx_msec_t>(ms);
                known = true;
            }
        }
        if (!known) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\" in \"app_create_key_cache\", it must be \"zone=NAME:SIZE\", "
                               "\"valid=TIME\" or \"invalid=TIME\"",
                               &arg);
            return failed();
        }
    }
    if (conf->keys == nullptr) {
        return fail(cf, "\"app_create_key_cache\" must have the \"zone\" parameter");
    }
    return taken();
}

}  // namespace appcreate::nginx

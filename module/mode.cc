// app_create_mode create|validate|off; which of these a request is under, decided once for each.

#include "mode.h"

#include "directives.h"
#include "metrics.h"

namespace appcreate::nginx {
namespace {

// An unknown value that is longer is not shown, nor its beginning: somebody may have made a mode of a token by mistake.
constexpr size_t kMaxShown = 16;

// Unknown values that are further apart are told of anew.
constexpr ngx_msec_t kQuiet = 60 * 1000;

Mode mode_of(const ngx_str_t &value) {
    static const struct {
        ngx_str_t name;
        Mode mode;
    } modes[] = {{ngx_string("create"), Mode::kCreate},
                 {ngx_string("validate"), Mode::kValidate},
                 {ngx_string("off"), Mode::kOff}};
    for (const auto &one : modes) {
        if (one.name.len == value.len && ngx_strncmp(one.name.data, value.data, value.len) == 0) {
            return one.mode;
        }
    }
    return Mode::kUnknown;
}

// One line for as long as they come.
void tell_unknown(ngx_http_request_t *r, ModeSetting *setting, const ngx_str_t &value) {
    bool goes_on = setting->told && static_cast<ngx_msec_int_t>(ngx_current_msec - setting->last_unknown - kQuiet) < 0;
    setting->told = true;
    setting->last_unknown = ngx_current_msec;
    if (goes_on) {
        return;
    }
    u_char text[kMaxShown];
    ngx_str_t shown = ngx_string("...");
    if (value.len <= kMaxShown) {
        shown = {value.len, text};
        for (size_t i = 0; i < value.len; i++) {
            text[i] = value.data[i] < 0x20 || value.data[i] == 0x7f ? '?' : value.data[i];
        }
    }
    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "unknown value \"%V\" of \"app_create_mode\", creates get 500: let its variable be \"create\", "
                  "\"validate\" or \"off\"",
                  &shown);
}

Mode evaluate(ngx_http_request_t *r, ModeSetting *setting) {
    if (setting == nullptr) {
        return Mode::kCreate;
    }
    if (setting->literal != Mode::kUndecided) {
        return setting->literal;
    }
    ngx_str_t value;
    if (ngx_http_complex_value(r, &setting->value, &value) != NGX_OK) {
        return Mode::kUnknown;
    }
    Mode mode = mode_of(value);
    if (mode == Mode::kUnknown) {
        tell_unknown(r, setting, value);
    }
    return mode;
}

}  // namespace

char *set_mode(ngx_conf_t *cf, ngx_command_t *, void *data) {
    auto *conf = static_cast<LocConf *>(data);
    if (conf->mode) {
        return duplicate();
    }
    if (has_blank(cf)) {
        return failed();
    }
    conf->mode = static_cast<ModeSetting *>(ngx_pcalloc(cf->pool, sizeof(ModeSetting)));
    if (conf->mode == nullptr) {
        return failed();
    }
    ngx_http_compile_complex_value_t compile = {};
    compile.cf = cf;
    compile.value = &args(cf)[1];
    compile.complex_value = &conf->mode->value;
    if (ngx_http_compile_complex_value(&compile) != NGX_OK) {
        return failed();
    }
    if (conf->mode->value.lengths == nullptr) {
        conf->mode->literal = mode_of(args(cf)[1]);
        if (conf->mode->literal == Mode::kUnknown) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid value \"%V\" in \"app_create_mode\", it must be \"create\", \"validate\" or "
                               "\"off\"",
                               &args(cf)[1]);
            return failed();
        }
    }
    main_conf_of(cf)->has_modes = true;
    return taken();
}

Mode decide_mode(Context *ctx) {
    if (ctx->mode == Mode::kUndecided) {
        ctx->mode = evaluate(ctx->request, ctx->conf->mode);
        count_mode(ctx->mode);
        ngx_log_debug1(NGX_LOG_DEBUG_HTTP, ctx->request->connection->log, 0, "app_create mode: %ui",
                       static_cast<ngx_uint_t>(ctx->mode));
    }
    return ctx->mode;
}

ngx_int_t check_mode(Context *ctx) {
    switch (decide_mode(ctx)) {
        case Mode::kCreate:
        case Mode::kValidate:
            return NGX_OK;
        case Mode::kOff:
            // Not NGX_OK, for the reason that access_handler has.
            return ctx->conf->fallback.len ? NGX_DECLINED : note_answer(ctx, ac_code_answer(AC_CODE_BUSY));
        default:
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}

}  // namespace appcreate::nginx

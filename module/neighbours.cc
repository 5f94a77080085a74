// What directives of other modules do to the answers of a location.

#include "module.h"

namespace appcreate::nginx {
namespace {

// Where a module of nginx keeps the value of a directive: its table of commands says so to whoever asks.
struct Setting {
    ngx_uint_t ctx_index;
    ngx_uint_t offset;
    bool found;
};

Setting find_setting(const ngx_cycle_t *cycle, const char *directive) {
    size_t len = ngx_strlen(directive);
    for (ngx_uint_t i = 0; cycle->modules[i]; i++) {
        const ngx_module_t *module = cycle->modules[i];
        for (const ngx_command_t *command = module->commands; command && command->name.len; command++) {
            if (module->type == NGX_HTTP_MODULE && command->conf == NGX_HTTP_LOC_CONF_OFFSET &&
                command->name.len == len && ngx_strncmp(command->name.data, directive, len) == 0) {
                return {module->ctx_index, command->offset, true};
            }
        }
    }
    return {0, 0, false};
}

// The value as it was set at the level that is being read or merged; this module comes before the filters, so theirs
// are not merged yet.
template <class Value>
Value *value_of(ngx_conf_t *cf, const char *directive) {
    Setting setting = find_setting(cf->cycle, directive);
    if (!setting.found) {
        return nullptr;
    }
    auto *conf = static_cast<char *>(static_cast<ngx_http_conf_ctx_t *>(cf->ctx)->loc_conf[setting.ctx_index]);
    return conf ? reinterpret_cast<Value *>(conf + setting.offset) : nullptr;
}

bool has_json(const ngx_array_t *types) {
    // gzip_types "*"
    if (types == reinterpret_cast<const ngx_array_t *>(-1)) {
        return true;
    }
    static const ngx_str_t json = ngx_string("application/json");
    const auto *type = static_cast<const ngx_hash_key_t *>(types->elts);
    for (ngx_uint_t i = 0; i < types->nelts; i++) {
        if (type[i].key.len == json.len && ngx_strncmp(type[i].key.data, json.data, json.len) == 0) {
            return true;
        }
    }
    return false;
}

}  // namespace

void read_gzip(ngx_conf_t *cf, LocConf *conf, const LocConf *outer) {
    auto *gzip = value_of<ngx_flag_t>(cf, "gzip");
    auto **types = value_of<ngx_array_t *>(cf, "gzip_types");
    conf->gzip = outer && outer->gzip;
    conf->gzip_json = outer && outer->gzip_json;
    if (gzip && *gzip != NGX_CONF_UNSET) {
        conf->gzip = *gzip;
    }
    if (types && *types) {
        conf->gzip_json = has_json(*types);
    }
}

}  // namespace appcreate::nginx

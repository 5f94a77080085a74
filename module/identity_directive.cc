// app_create_identity owner=VALUE organization=VALUE permissions=VALUE [slug=VALUE] [role=VALUE]; | off;

#include "directives.h"
#include "identity.h"

namespace appcreate::nginx {
namespace {

const ngx_str_t names[kIdentityParts] = {ngx_string("owner"), ngx_string("organization"), ngx_string("slug"),
                                         ngx_string("role"), ngx_string("permissions")};

// What a client sends is what it says of itself.
const ngx_str_t client_prefixes[] = {ngx_string("http_"), ngx_string("arg_"), ngx_string("cookie_"),
                                     ngx_string("trailer_")};
const ngx_str_t client_names[] = {ngx_string("args"),         ngx_string("query_string"), ngx_string("request"),
                                  ngx_string("request_uri"),  ngx_string("uri"),          ngx_string("document_uri"),
                                  ngx_string("request_body"), ngx_string("request_id"),   ngx_string("host"),
                                  ngx_string("content_type"), ngx_string("remote_user")};

bool is_word(u_char c) {
    u_char lower = static_cast<u_char>(c | 0x20);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

// The next variable of a value after `from`, as nginx's scripts have them: $name, ${name}, $1. False: there is none.
bool next_variable(const ngx_str_t &text, size_t *from, ngx_str_t *name) {
    for (size_t i = *from; i + 1 < text.len; i++) {
        if (text.data[i] != '$') {
            continue;
        }
        size_t begin = text.data[i + 1] == '{' ? i + 2 : i + 1;
        size_t end = begin;
        while (end < text.len && is_word(text.data[end])) {
            end++;
        }
        if (end > begin) {
            *name = {end - begin, text.data + begin};
            *from = end;
            return true;
        }
    }
    return false;
}

bool has_variable(const ngx_str_t &text) {
    size_t from = 0;
    ngx_str_t name;
    return next_variable(text, &from, &name);
}

bool is_of_client(const ngx_str_t &name) {
    if (name.data[0] >= '1' && name.data[0] <= '9') {
        return true;  // a capture
    }
    for (const ngx_str_t &prefix : client_prefixes) {
        if (name.len > prefix.len && ngx_strncasecmp(name.data, prefix.data, prefix.len) == 0) {
            return true;
        }
    }
    for (const ngx_str_t &one : client_names) {
        if (name.len == one.len && ngx_strncasecmp(name.data, one.data, one.len) == 0) {
            return true;
        }
    }
    return false;
}

#if (NGX_PCRE)
bool is_group(const ngx_http_regex_t *regex, const ngx_str_t &name, const ngx_http_variable_t *variables) {
    for (ngx_uint_t i = 0; regex && i < regex->nvariables; i++) {
        if (is_equal(variables[regex->variables[i].index].name, name)) {
            return true;
        }
    }
    return false;
}

// Is it a named group of the path or of the host that the client has asked for?
bool is_captured(const LocConf *conf, const ngx_str_t &name, const ngx_http_variable_t *variables) {
    const auto *server = static_cast<const ngx_http_server_name_t *>(conf->server->server_names.elts);
    for (ngx_uint_t i = 0; i < conf->server->server_names.nelts; i++) {
        if (is_group(server[i].regex, name, variables)) {
            return true;
        }
    }
    return is_group(conf->core->regex, name, variables);
}
#else
bool is_captured(const LocConf *, const ngx_str_t &, const ngx_http_variable_t *) { return false; }
#endif

// auth_request and auth_request_set of a location, once they are merged. The module's structure is private; it has
// begun so, and its variables too, since the module came to nginx (1.5.4), in Angie and freenginx as well.
struct AuthRequest {
    ngx_str_t uri;
    ngx_array_t *vars;
};
struct AuthRequestVariable {
    ngx_int_t index;
    ngx_http_complex_value_t value;
    ngx_http_set_variable_pt set_handler;
};

const AuthRequest *find_auth_request(const ngx_cycle_t *cycle, const LocConf *conf) {
    for (ngx_uint_t i = 0; cycle->modules[i]; i++) {
        const ngx_module_t *module = cycle->modules[i];
        if (module->name && ngx_strcmp(module->name, "ngx_http_auth_request_module") == 0) {
            return static_cast<const AuthRequest *>(conf->core->loc_conf[module->ctx_index]);
        }
    }
    return nullptr;
}

// By an "auth_request_set" that holds here, while no "auth_request" does.
bool is_never_set(const AuthRequest *auth, const ngx_str_t &name, const ngx_http_variable_t *variables) {
    if (auth == nullptr || auth->uri.len || auth->vars == nullptr || auth->vars == NGX_CONF_UNSET_PTR ||
        auth->vars->size != sizeof(AuthRequestVariable)) {
        return false;
    }
    const auto *set = static_cast<const AuthRequestVariable *>(auth->vars->elts);
    for (ngx_uint_t i = 0; i < auth->vars->nelts; i++) {
        if (is_equal(variables[set[i].index].name, name)) {
            return true;
        }
    }
    return false;
}

}  // namespace

char *set_identity(ngx_conf_t *cf, ngx_command_t *, void *data) {
    auto *conf = static_cast<LocConf *>(data);
    if (conf->identity) {
        return duplicate();
    }
    if (has_blank(cf)) {
        return failed();
    }
    auto *setting = static_cast<IdentitySetting *>(ngx_pcalloc(cf->pool, sizeof(IdentitySetting)));
    if (setting == nullptr) {
        return failed();
    }
    setting->at = conf_line(cf);
    conf->identity = setting;
    if (cf->args->nelts == 2 && is_equal(args(cf)[1], ngx_string("off"))) {
        setting->off = true;
        return taken();
    }

    for (ngx_uint_t i = 1; i < cf->args->nelts; i++) {
        const ngx_str_t &arg = args(cf)[i];
        ngx_uint_t part = 0;
        while (part < kIdentityParts && !(arg.len > names[part].len + 1 && arg.data[names[part].len] == '=' &&
                                          ngx_strncmp(arg.data, names[part].data, names[part].len) == 0)) {
            part++;
        }
        if (part == kIdentityParts) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\" in \"app_create_identity\", it must be \"off\", or "
                               "\"owner=VALUE\", \"organization=VALUE\", \"permissions=VALUE\", \"slug=VALUE\" or "
                               "\"role=VALUE\"",
                               &arg);
            return failed();
        }
        if (setting->parts[part]) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "duplicate parameter \"%V\" in \"app_create_identity\"", &arg);
            return failed();
        }
        ngx_str_t value = {arg.len - names[part].len - 1, arg.data + names[part].len + 1};
        setting->parts[part] =
            static_cast<ngx_http_complex_value_t *>(ngx_pcalloc(cf->pool, sizeof(ngx_http_complex_value_t)));
        ngx_http_compile_complex_value_t compile = {};
        compile.cf = cf;
        compile.value = &value;
        compile.complex_value = setting->parts[part];
        if (setting->parts[part] == nullptr || ngx_http_compile_complex_value(&compile) != NGX_OK) {
            return failed();
        }
    }
    constexpr IdentityPart kNeeded[] = {IdentityPart::kOwner, IdentityPart::kOrganization, IdentityPart::kPermissions};
    for (IdentityPart part : kNeeded) {
        auto which = static_cast<ngx_uint_t>(part);
        if (setting->parts[which] == nullptr) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"app_create_identity\" must have the \"%V\" parameter",
                               &names[which]);
            return failed();
        }
    }
    if (!has_variable(setting->parts[static_cast<ngx_uint_t>(IdentityPart::kOwner)]->value)) {
        return fail(cf,
                    "\"owner\" in \"app_create_identity\" has no variable, so everybody would be that owner: name "
                    "the variable that what verifies clients sets");
    }
    return taken();
}

ngx_int_t check_identity(ngx_conf_t *cf, const LocConf *conf) {
    const IdentitySetting *setting = conf->identity;
    if (setting == nullptr) {
        return NGX_OK;
    }
    // An address would do then, and auth_request sets its variables though it was refused.
    if (conf->core->satisfy == NGX_HTTP_SATISFY_ANY) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"satisfy any\" lets clients pass whom nobody has verified for \"app_create_identity\", set "
                      "\"satisfy all\" in %s:%ui",
                      setting->at.file, setting->at.line);
        return NGX_ERROR;
    }
    auto *cmcf = static_cast<ngx_http_core_main_conf_t *>(ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
    const auto *variables = static_cast<const ngx_http_variable_t *>(cmcf->variables.elts);
    const AuthRequest *auth = find_auth_request(cf->cycle, conf);
    for (ngx_uint_t part = 0; part < kIdentityParts; part++) {
        if (setting->parts[part] == nullptr) {
            continue;
        }
        size_t from = 0;
        ngx_str_t name;
        while (next_variable(setting->parts[part]->value, &from, &name)) {
            if (is_of_client(name) || is_captured(conf, name, variables)) {
                ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                              "\"$%V\" for \"%V\" in \"app_create_identity\" is what a client says of itself, take "
                              "the variable that what verifies clients sets in %s:%ui",
                              &name, &names[part], setting->at.file, setting->at.line);
                return NGX_ERROR;
            }
            if (is_never_set(auth, name, variables)) {
                ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                              "\"$%V\" for \"%V\" in \"app_create_identity\" is set by \"auth_request_set\" and there "
                              "is no \"auth_request\", add it to the location in %s:%ui",
                              &name, &names[part], setting->at.file, setting->at.line);
                return NGX_ERROR;
            }
        }
    }
    return NGX_OK;
}

}  // namespace appcreate::nginx

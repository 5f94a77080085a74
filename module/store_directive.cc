// app_create_store URI;

#include "directives.h"

namespace appcreate::nginx {
namespace {

void free_uri(void *data) { ac_uri_free(static_cast<ac_uri *>(data)); }

// "env:NAME" must survive a binary upgrade, which passes on only what the "env" directive lists.
ngx_int_t keep_environment(ngx_conf_t *cf, const ngx_str_t &uri) {
    if (uri.len <= 4 || ngx_strncmp(uri.data, "env:", 4) != 0) {
        return NGX_OK;
    }
    auto *ccf = reinterpret_cast<ngx_core_conf_t *>(ngx_get_conf(cf->cycle->conf_ctx, ngx_core_module));
    auto *name = static_cast<ngx_str_t *>(ngx_array_push(&ccf->env));
    if (name == nullptr) {
        return NGX_ERROR;
    }
    name->len = uri.len - 4;
    name->data = uri.data + 4;
    return NGX_OK;
}

// "nginx -T", a support request, a repository of configurations: all of them show what stands here.
bool has_password(const ngx_str_t &uri) {
    u_char *end = uri.data + uri.len;
    if (uri.len <= 7 || ngx_strncmp(uri.data, "mongodb", 7) != 0) {
        return false;
    }
    // The driver takes its options in upper and lower case.
    static u_char of_key_file[] = "tlsCertificateKeyFilePassword=";
    if (ngx_strlcasestrn(uri.data, end, of_key_file, sizeof(of_key_file) - 2)) {
        return true;
    }
    const u_char *at = uri.data;
    while (at < end && *at != '@') {
        at++;
    }
    if (at == end) {
        return false;
    }
    // The scheme has a colon of its own.
    ngx_uint_t colons = 0;
    for (const u_char *p = uri.data; p < at; p++) {
        colons += *p == ':';
    }
    return colons > 1;
}

}  // namespace

char *set_store(ngx_conf_t *cf, ngx_command_t *, void *data) {
    auto *conf = static_cast<LocConf *>(data);
    if (conf->store) {
        return duplicate();
    }
    if (has_blank(cf)) {
        return failed();
    }
    ngx_pool_cleanup_t *cln = ngx_pool_cleanup_add(cf->pool, 0);
    auto *store = static_cast<ConfiguredStore *>(ngx_pcalloc(cf->pool, sizeof(ConfiguredStore)));
    if (cln == nullptr || store == nullptr) {
        return failed();
    }

    ac_error error;
    if (ac_uri_parse(to_ac(args(cf)[1]), &store->uri, &error) != AC_OK) {
        return fail(cf, error.message);
    }
    cln->handler = free_uri;
    cln->data = store->uri;
    store->text = args(cf)[1];
    store->at = conf_line(cf);
    if (has_password(store->text)) {
        ngx_conf_log_error(
            NGX_LOG_WARN, cf, 0,
            "password in \"app_create_store\", which \"nginx -T\" shows: write the URI into a file that "
            "root alone can read, and name that as in \"app_create_store file:/etc/nginx/app-create.uri\"");
    }
    conf->store = store;
    return keep_environment(cf, args(cf)[1]) == NGX_OK ? taken() : failed();
}

}  // namespace appcreate::nginx

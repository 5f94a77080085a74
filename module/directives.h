// What the functions that set directives share.
#pragma once

#include "module.h"

namespace appcreate::nginx {

inline char *taken() { return static_cast<char *>(NGX_CONF_OK); }
inline char *failed() { return static_cast<char *>(NGX_CONF_ERROR); }
inline char *duplicate() { return const_cast<char *>("is duplicate"); }
// Says `what` is wrong, with the line of the configuration.
char *fail(ngx_conf_t *cf, const char *what);
// Where the directive stands that is being read.
ConfLine conf_line(ngx_conf_t *cf);
inline ngx_str_t *args(ngx_conf_t *cf) { return static_cast<ngx_str_t *>(cf->args->elts); }
// Says so when an argument holds nothing but blanks: what a template leaves where its value is missing.
bool has_blank(ngx_conf_t *cf);

char *set_limit(ngx_conf_t *cf, ngx_command_t *cmd, void *data);
char *set_mode(ngx_conf_t *cf, ngx_command_t *cmd, void *data);
char *set_store(ngx_conf_t *cf, ngx_command_t *cmd, void *data);
char *set_metrics(ngx_conf_t *cf, ngx_command_t *cmd, void *data);
char *set_health(ngx_conf_t *cf, ngx_command_t *cmd, void *data);
char *set_key_cache(ngx_conf_t *cf, ngx_command_t *cmd, void *data);

}  // namespace appcreate::nginx

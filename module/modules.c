/*
 * What nginx's loader reads from the .so. nginx writes such a file by itself for a plain module; ours holds two modules
 * with different places in the order:
 *
 * - the handler before auth_basic's, so that in the access phase (last run first) address rules and auth_basic answer
 *   before a token costs a look-up;
 * - the filter before the copy filter, the place of every third-party filter.
 */

#include <ngx_config.h>
#include <ngx_core.h>

extern ngx_module_t ngx_http_app_create_module;
extern ngx_module_t ngx_http_app_create_filter_module;

ngx_module_t *ngx_modules[] = {&ngx_http_app_create_module, &ngx_http_app_create_filter_module, NULL};

char *ngx_module_names[] = {"ngx_http_app_create_module", "ngx_http_app_create_filter_module", NULL};

/* For each module only the names after its own count: the handler goes before the earliest of all of these. */
char *ngx_module_order[] = {"ngx_http_app_create_module",  "ngx_http_auth_basic_module",
                            "ngx_http_access_module",      "ngx_http_app_create_filter_module",
                            "ngx_http_copy_filter_module", NULL};

// The two modules in the .so: the handler and the filter, which have different places in nginx's order of modules.

#include "module.h"

namespace appcreate::nginx {
namespace {

ngx_http_module_t handler_context = {
    add_variables,      // preconfiguration
    postconfiguration,  // postconfiguration
    create_main_conf,   // create main configuration
    init_main_conf,     // init main configuration
    nullptr,            // create server configuration
    nullptr,            // merge server configuration
    create_loc_conf,    // create location configuration
    merge_loc_conf,     // merge location configuration
};

ngx_http_module_t filter_context = {
    nullptr,       // preconfiguration
    init_filters,  // postconfiguration
    nullptr,       // create main configuration
    nullptr,       // init main configuration
    nullptr,       // create server configuration
    nullptr,       // merge server configuration
    nullptr,       // create location configuration
    nullptr,       // merge location configuration
};

}  // namespace
}  // namespace appcreate::nginx

ngx_module_t ngx_http_app_create_module = {
    NGX_MODULE_V1,
    &appcreate::nginx::handler_context,  // module context
    appcreate::nginx::commands,          // module directives
    NGX_HTTP_MODULE,                     // module type
    nullptr,                             // init master
    appcreate::nginx::warm_master,       // init module
    appcreate::nginx::init_worker,       // init process
    nullptr,                             // init thread
    nullptr,                             // exit thread
    appcreate::nginx::exit_worker,       // exit process
    nullptr,                             // exit master
    NGX_MODULE_V1_PADDING,
};

ngx_module_t ngx_http_app_create_filter_module = {
    NGX_MODULE_V1,
    &appcreate::nginx::filter_context,  // module context
    nullptr,                            // module directives
    NGX_HTTP_MODULE,                    // module type
    nullptr,                            // init master
    nullptr,                            // init module
    nullptr,                            // init process
    nullptr,                            // init thread
    nullptr,                            // exit thread
    nullptr,                            // exit process
    nullptr,                            // exit master
    NGX_MODULE_V1_PADDING,
};

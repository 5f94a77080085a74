#!/usr/bin/env bash
# usage: build.sh dynamic|static|without-threads DIRECTORY
#
# The module through nginx's own ./configure, as distributions build it, in a plain tree of a current nginx.
# Exit status 77: the sources cannot be had here.
set -euo pipefail

mode=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
mkdir -p "$2"
directory=$(cd "$2" && pwd -P)
# The same for both builds: what CMake has made for one serves the other.
objs=$directory/objs
log=$directory/$mode.log

fail() {
    tail -n 40 "$log" >&2
    echo "FAILED: $*, see $log" >&2
    exit 1
}

configure() {
    # Optimizing is for the other builds. The rest is for C alone, as distributions and operators have it.
    (cd "$sources" && APP_CREATE_CMAKE_OPTS="-D CMAKE_BUILD_TYPE=None" \
        auto/configure "--builddir=$objs" --with-cc-opt="-O0 -std=gnu99 -Wdeclaration-after-statement" "$@") \
        >"$log" 2>&1
}

# Nginx's -t of a configuration that has the module, with what goes before it.
check_configuration() {
    local work
    work=$(mktemp -d /tmp/app-create-addon.XXXXXX)
    cat >"$work/nginx.conf" <<END
$1
user root;
thread_pool app_create threads=2;
events {}
http {
    app_create_store sqlite:$work/apps.db;
    app_create_thread_pool app_create;
    server {
        listen 127.0.0.1:20000;
        location ~ ^/v1/organizations/(?<organization_id>[^/]+)/apps\z { app_create \$organization_id; }
    }
}
END
    [[ $(id -u) -eq 0 ]] || sed -i '/^user /d' "$work/nginx.conf"
    mkdir "$work/logs"
    "$objs/nginx" -p "$work" -c "$work/nginx.conf" -e error.log -t >>"$log" 2>&1 || fail "nginx -t"
    rm -rf "$work"
}

# Prints the names of the modules in the order in which nginx has them.
order() {
    sed -n '/ngx_module_names/,$s/.*"\(ngx_[a-z0-9_]*\)".*/\1/p' "$objs/ngx_modules.c"
}

sources=$("$root/tests/nginx-sources.sh" "$(dirname "$directory")/nginx-sources")

case $mode in
    dynamic)
        configure --with-threads --with-compat "--add-dynamic-module=$root" || fail "configure"
        make -C "$sources" -f "$objs/Makefile" -j"$(nproc)" binary modules >>"$log" 2>&1 || fail "make"
        exported=$(nm -D --defined-only "$objs/ngx_http_app_create_module.so" | awk '{print $3}' | sort | xargs)
        [[ $exported == "ngx_module_names ngx_module_order ngx_modules" ]] || fail "exports: $exported"
        check_configuration "load_module $objs/ngx_http_app_create_module.so;"
        # Nothing changed: nothing is built.
        before=$(stat -c %Y "$objs/ngx_http_app_create_module.so")
        make -C "$sources" -f "$objs/Makefile" modules >>"$log" 2>&1 || fail "second make"
        [[ $(stat -c %Y "$objs/ngx_http_app_create_module.so") == "$before" ]] || fail "linked again for no reason"
        ;;
    static)
        configure --with-threads "--add-module=$root" || fail "configure"
        # Address rules and auth_basic answer before us; nginx calls the last one first.
        [[ $(order | grep -A1 -x ngx_http_app_create_module | tail -n 1) == ngx_http_auth_basic_module ]] ||
            fail "the handler is at the wrong place"
        [[ $(order | grep -A1 -x ngx_http_app_create_filter_module | tail -n 1) == ngx_http_copy_filter_module ]] ||
            fail "the filter is at the wrong place"
        make -C "$sources" -f "$objs/Makefile" -j"$(nproc)" binary >>"$log" 2>&1 || fail "make"
        check_configuration ""
        ;;
    without-threads)
        objs=$directory/without-threads
        ! configure "--add-dynamic-module=$root" || fail "configured without threads"
        grep -q "configure nginx with --with-threads" "$log" || fail "no clear message"
        ;;
esac
echo "$(sed -n 's/.*NGINX_VERSION *"\(.*\)"/nginx \1/p' "$sources/src/core/nginx.h") from its sources: $mode" |
    "$root/tests/ran-on.sh" "addon.$mode"

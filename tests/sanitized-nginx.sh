#!/usr/bin/env bash
# usage: sanitized-nginx.sh DIRECTORY
#
# Builds a current nginx with the module, both with AddressSanitizer and UndefinedBehaviorSanitizer, through nginx's own
# ./configure --add-dynamic-module. The result is DIRECTORY/objs/nginx and DIRECTORY/objs/ngx_http_app_create_module.so.
# Exit status 77: the sources cannot be had here.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
mkdir -p "$1"
directory=$(cd "$1" && pwd -P)
log=$directory/build.log

fail() {
    tail -n 40 "$log" >&2
    echo "sanitized-nginx.sh: $1 failed, see $log" >&2
    exit 1
}

sources=$("$root/tests/nginx-sources.sh" "$(dirname "$directory")/nginx-sources")

sanitize='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g -O1'
# What nginx itself does on purpose: memcpy() of nothing from NULL, and unaligned access where the CPU allows it. The
# module and the core are checked for these too: APP_CREATE_SANITIZE stands behind these flags.
own='-fno-sanitize=nonnull-attribute,alignment'
# nginx unloads its modules before it ends: what a library keeps for the whole process (ICU's rules) would then be
# reported as lost, and stacks would have no names.
stay='-Wl,-z,nodelete'

options=(--with-debug --with-compat --with-threads
         --with-http_ssl_module --with-http_v2_module --with-http_v3_module
         --with-http_auth_request_module --with-http_realip_module --with-http_stub_status_module
         "--with-cc-opt=$sanitize $own" "--with-ld-opt=$sanitize $stay"
         "--builddir=$directory/objs" "--add-dynamic-module=$root")

# Configuring again would compile all of nginx again.
wanted="$sources ${options[*]}"
if [[ ! -f $directory/objs/Makefile || $(cat "$directory/configured" 2>/dev/null) != "$wanted" ]]; then
    rm -rf "$directory/objs" "$directory/configured"
    (cd "$sources" && APP_CREATE_CMAKE_OPTS="-D APP_CREATE_SANITIZE=address,undefined -D CMAKE_BUILD_TYPE=None" \
        auto/configure "${options[@]}") >"$log" 2>&1 || fail "configure"
    echo "$wanted" >"$directory/configured"
fi
make -C "$sources" -f "$directory/objs/Makefile" -j"$(nproc)" binary modules >>"$log" 2>&1 || fail "make"

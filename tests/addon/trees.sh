#!/usr/bin/env bash
# usage: trees.sh DIRECTORY APPCTL
#
# The module with other nginxes, whose sources no package registry has: APP_CREATE_TEST_NGINX_TREES names their trees
# (mainline, Angie, freenginx, OpenResty's bundle/nginx-*, Tengine), separated by ":". Each is configured with the module,
# built and started, and creates an application, with a thread pool of its own and with the default one.
# Exit status 77: none is named.
set -euo pipefail

appctl=$2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
if [[ -z ${APP_CREATE_TEST_NGINX_TREES:-} ]]; then
    echo "skipped: mainline, Angie, freenginx, OpenResty and Tengine: no registry has their sources; name trees in APP_CREATE_TEST_NGINX_TREES"
    exit 77
fi
mkdir -p "$1"
directory=$(cd "$1" && pwd -P)
work=$(mktemp -d /tmp/app-create-trees.XXXXXX)
clean() {
    [[ ! -s $work/nginx.pid ]] || kill -QUIT "$(cat "$work/nginx.pid")" 2>/dev/null || true
    rm -rf "$work"
}
trap clean EXIT
log=

fail() {
    tail -n 20 "$log" "$work/error.log" >&2 || true
    echo "FAILED: $tree: $*, see $log" >&2
    exit 1
}

create() {
    local port status
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    rm -f "$work"/apps.db* "$work/error.log"
    "$appctl" --store "sqlite:$work/apps.db" init >/dev/null
    "$appctl" --store "sqlite:$work/apps.db" org create --name Test --slug test >/dev/null
    "$appctl" --json --store "sqlite:$work/apps.db" key create --org test --owner 507f1f77bcf86cd799439016 |
        python3 -c 'import json, sys; print("header = \"Authorization: Bearer %s\"" % json.load(sys.stdin)["token"])' \
            >"$work/curlrc"
    cat >"$work/nginx.conf" <<END
load_module $objs/ngx_http_app_create_module.so;
$([[ $(id -u) -ne 0 ]] || echo "user root;")
pid $work/nginx.pid;
thread_pool app_create threads=2;
events {}
http {
    access_log off;
    app_create_store sqlite:$work/apps.db;
    $1
    server {
        listen 127.0.0.1:$port;
        location ~ ^/v1/organizations/(?<organization_id>[^/]+)/apps\z {
            app_create \$organization_id;
            app_create_fallback @other;
        }
        location @other { return 404; }
    }
}
END
    "$binary" -p "$work" -e "$work/error.log" -c "$work/nginx.conf" >>"$log" 2>&1 || fail "does not start"
    status=$(curl -sS --noproxy '*' --retry 5 --retry-connrefused -o "$work/answer" -w '%{http_code}' -K "$work/curlrc" \
        -H 'Content-Type: application/json' -d '{"name":"First"}' "http://127.0.0.1:$port/v1/organizations/test/apps")
    [[ $status == 200 ]] || fail "POST is answered with $status ($1)"
    "$binary" -p "$work" -e "$work/error.log" -c "$work/nginx.conf" -s stop >>"$log" 2>&1
    for ((i = 0; i < 100; i++)); do [[ -s $work/nginx.pid ]] || break; sleep 0.1; done
}

IFS=: read -ra trees <<<"$APP_CREATE_TEST_NGINX_TREES"
for tree in "${trees[@]}"; do
    configure=./configure
    [[ ! -x $tree/auto/configure ]] || configure=auto/configure
    objs=$directory/$(basename "$tree")
    log=$objs.log
    : >"$log"
    mkdir -p "$work/logs"
    (cd "$tree" && APP_CREATE_CMAKE_OPTS="-D CMAKE_BUILD_TYPE=None" $configure "--builddir=$objs" --with-cc-opt=-O0 \
        --with-compat --with-threads --with-http_ssl_module --with-http_v2_module "--add-dynamic-module=$root") \
        >"$log" 2>&1 || fail "configure"
    make -C "$tree" -f "$objs/Makefile" -j"$(nproc)" binary modules >>"$log" 2>&1 || fail "make"
    binary=$objs/nginx
    [[ -x $binary ]] || binary=$objs/angie
    create "app_create_thread_pool app_create;"
    create ""
    echo "$("$binary" -v 2>&1 | sed 's/.*version: //'): built with --add-dynamic-module, creates" |
        "$root/tests/ran-on.sh" "addon.trees.$(basename "$tree")"
done

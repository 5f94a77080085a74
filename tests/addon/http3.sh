#!/usr/bin/env bash
# usage: http3.sh DIRECTORY APPCTL
#
# 413 over HTTP/3 (docs/errors.md): a current nginx built with HTTP/3 and this module, asked by aioquic.
# Exit status 77: nginx's sources or aioquic cannot be had here.
set -euo pipefail

aioquic=1.3.0
appctl=$2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
mkdir -p "$1"
directory=$(cd "$1" && pwd -P)
objs=$directory/http3
log=$directory/http3.log
work=

fail() {
    tail -n 40 "$log" >&2
    [[ -z $work || ! -s $work/error.log ]] || tail -n 40 "$work/error.log" >&2
    echo "FAILED: $*, see $log" >&2
    exit 1
}

python=$directory/aioquic/bin/python
if ! "$python" -c 'import aioquic' 2>/dev/null; then
    if ! { python3 -m venv "$directory/aioquic" &&
        "$directory/aioquic/bin/pip" install --quiet "aioquic>=$aioquic"; } >"$log" 2>&1 </dev/null; then
        echo "skipped: no client for HTTP/3: aioquic cannot be installed: $(tail -n 1 "$log")" >&2
        exit 77
    fi
fi

sources=$("$root/tests/nginx-sources.sh" "$(dirname "$directory")/nginx-sources")
(cd "$sources" && APP_CREATE_CMAKE_OPTS="-D CMAKE_BUILD_TYPE=None" auto/configure "--builddir=$objs" \
    --with-cc-opt=-O0 --with-threads --with-http_ssl_module --with-http_v3_module "--add-module=$root") >"$log" 2>&1 ||
    fail "configure"
make -C "$sources" -f "$objs/Makefile" -j"$(nproc)" binary >>"$log" 2>&1 || fail "make"

work=$(mktemp -d /tmp/app-create-http3.XXXXXX)
clean() {
    [[ ! -s $work/nginx.pid ]] || kill -QUIT "$(cat "$work/nginx.pid")" 2>/dev/null || true
    rm -rf "$work"
}
trap clean EXIT
mkdir "$work/logs"
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 2 -addext subjectAltName=DNS:localhost \
    -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
port=$(python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
store=sqlite:$work/apps.db
"$appctl" --store "$store" init >/dev/null
"$appctl" --store "$store" org create --name Test --slug test >/dev/null
"$appctl" --json --store "$store" key create --org test --owner 507f1f77bcf86cd799439016 |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])' >"$work/token"
cat >"$work/nginx.conf" <<END
$([[ $(id -u) -ne 0 ]] || echo "user root;")
pid $work/nginx.pid;
thread_pool app_create threads=2;
events {}
http {
    access_log off;
    app_create_store $store;
    app_create_thread_pool app_create;
    server {
        listen 127.0.0.1:$port quic;
        ssl_certificate $work/cert.pem;
        ssl_certificate_key $work/key.pem;
        client_max_body_size 8k;
        location ~ ^/v1/organizations/(?<organization_id>[^/]+)/apps\z { app_create \$organization_id; }
    }
}
END
"$objs/nginx" -p "$work" -c "$work/nginx.conf" -e error.log >>"$log" 2>&1 || fail "nginx does not start"
timeout 120 "$python" "$root/tests/addon/http3_client.py" "$port" "$work/cert.pem" "$work/token" >>"$log" 2>&1 ||
    fail "an answer is not as it should be"
[[ $("$appctl" --json --store "$store" app count --org test) == *'"count":2'* ]] || fail "not two applications"
! grep -E '\[(alert|emerg|crit)\]' "$work/error.log" || fail "the error log has more than errors"
echo "413 over HTTP/3, and creates beside it"

#!/usr/bin/env bash
# usage: check-configuration.sh NAME NGINX MODULE APPCTL MONGO_SERVER_BUILD
#
# nginx-conf/NAME.conf as it is shipped, with other paths and ports: "nginx -t" finds nothing to say, an application can
# be created with it, other methods go where the file says, and its log lines are what they should be. The one with
# MongoDB is started before its server is: it answers 503 until then.
set -euo pipefail

name=$1 nginx=$2 module=$3 appctl=$4
server_build=${5:-}
mongo_pid=
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
work=$(mktemp -d /tmp/app-create-conf.XXXXXX)
conf=$work/nginx.conf

fail() {
    echo "FAILED: $*" >&2
    for log in "$work"/*.log; do
        [[ -s $log ]] && sed "s|^|$(basename "$log"): |" "$log" >&2
    done
    exit 1
}

clean() {
    [[ ! -s $work/nginx.pid ]] || kill -QUIT "$(cat "$work/nginx.pid")" 2>/dev/null || true
    [[ -z $mongo_pid ]] || kill "$mongo_pid" 2>/dev/null || true
    rm -rf "$work"
}
trap clean EXIT

# Workers of another user go through here; the store is theirs.
chmod 755 "$work"
mkdir "$work/store" "$work/tls"
[[ $(id -u) -ne 0 ]] || chown www-data:www-data "$work/store"
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=api.example.com -days 2 \
    -keyout "$work/tls/key.pem" -out "$work/tls/fullchain.pem" 2>/dev/null
read -r port upstream mongo_port < <(python3 -c '
import socket
sockets = [socket.socket() for _ in range(3)]
for one in sockets: one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))')

store=sqlite:$work/store/apps.db
[[ $name != mongodb ]] || store=mongodb://127.0.0.1:$mongo_port/app_create

make_store() {
    "$appctl" --store "$store" init >/dev/null
    organization=$("$appctl" --json --store "$store" org create --name Test --slug test |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')
    "$appctl" --json --store "$store" key create --org test --owner 507f1f77bcf86cd799439016 |
        python3 -c 'import json, sys; print("header = \"Authorization: Bearer %s\"" % json.load(sys.stdin)["token"])' \
            >"$work/curlrc"
}

sed -e "s|/path/to/nginx-app-create/build/quickstart|$work/store|" \
    -e "s|/path/to/nginx-app-create/build/ngx_http_app_create_module.so|$module|" \
    -e "s|/usr/lib/nginx/modules/ngx_http_app_create_module.so|$module|" \
    -e "s|/var/lib/app-create|$work/store|" \
    -e "s|/etc/nginx/app-create.uri|$work/app-create.uri|" \
    -e "s|/etc/ssl/app-create|$work/tls|" \
    -e "s|/var/log/nginx|$work|" \
    -e "s|/run/nginx.pid|$work/nginx.pid|" \
    -e "s|127.0.0.1:8080|127.0.0.1:$port|" \
    -e "s|127.0.0.1:3000|127.0.0.1:$upstream|" \
    -e '/listen *\[::\]/d' \
    -e "s/listen\( *\)\(443\|8080\)/listen\1127.0.0.1:$port/" \
    -e "s/buffer=64k flush=1s;/;/" \
    "$root/nginx-conf/$name.conf" >"$conf"
# Without root there is no other user to become, and nginx says so.
[[ $(id -u) -eq 0 ]] || sed -i '/^user /d' "$conf"

start=("$nginx" -p "$work" -e error.log -c "$conf")
check_configuration() {
    "${start[@]}" -t >"$work/test.log" 2>&1 || fail "nginx -t"
    [[ $(wc -l <"$work/test.log") -eq 2 ]] || fail "nginx -t has something to say"
}

if [[ $name == mongodb ]]; then
    (umask 077 && printf '%s\n' "mongodb://gateway:TheSecret@${store#mongodb://}" >"$work/app-create.uri")
    check_configuration
    "${start[@]}" -T >"$work/dump.log" 2>&1 || fail "nginx -T"
    grep -q 'app_create_store  *file:' "$work/dump.log" || fail "nginx -T shows no configuration"
    ! grep -q TheSecret "$work/dump.log" || fail "nginx -T shows the password"
    rm -f "$work/dump.log"
    printf '%s\n' "$store" >"$work/app-create.uri"
else
    make_store
fi
check_configuration

"${start[@]}" >"$work/start.log" 2>&1 || fail "nginx does not start"
scheme=http
if grep -q 'listen.*ssl' "$conf"; then scheme=https; fi
curl=(curl -sSk --noproxy '*' --max-time 30 -o "$work/answer.log" -w '%{http_code}')

if [[ $name == mongodb ]]; then
    # Down: it says so, once, and names the server.
    url=$scheme://127.0.0.1:$port/v1/organizations/test/apps
    status=$("${curl[@]}" -H "Authorization: Bearer $(printf 'a%.0s' {1..40})" -d '{}' "$url")
    [[ $status == 503 ]] || fail "without its store POST is answered with $status"
    grep -q '"code":3002' "$work/answer.log" || fail "503 has another code than 3002"
    # The answer goes out when the request's time is up, the line when the thread that asked knows why.
    for ((i = 0; i < 100; i++)); do
        ! grep -q "\"$store\".*tried again" "$work/error.log" || break
        sleep 0.1
    done
    [[ $(grep -c "\"$store\".*tried again" "$work/error.log") -eq 1 ]] || fail "the error log has not one line about it"

    export APP_CREATE_MONGO_SERVER_DIR=$server_build
    status=0
    "$root/tests/mongo/prepare.sh" "$server_build" 2>"$work/prepare.log" || status=$?
    if [[ $status -eq 77 ]]; then
        echo "skipped: $name.conf works without its server; with one: $(cat "$work/prepare.log")"
        exit 77
    fi
    [[ $status -eq 0 ]] || fail "no server to be had"
    "$root/tests/mongo/start-server.sh" "$mongo_port" >"$work/mongo-server.log" 2>&1 &
    mongo_pid=$!
    for ((i = 0; i < 300; i++)); do
        ! (exec 3<>"/dev/tcp/127.0.0.1/$mongo_port") 2>/dev/null || break
        sleep 0.1
    done
    make_store
fi

ask=("${curl[@]}" -K "$work/curlrc")
url=$scheme://127.0.0.1:$port/v1/organizations/$organization/apps
if [[ $name == mongodb ]]; then
    # The same nginx finds its server when the next requests ask for it.
    for ((i = 0; i < 60; i++)); do
        [[ $("${ask[@]}" -H 'Content-Type: application/json' -d '{"name":"Back"}' "$url") != 200 ]] || break
        sleep 0.5
    done
fi
status=$("${ask[@]}" -H 'Content-Type: application/json' -d '{"name":"My \"first\" application"}' "$url")
[[ $status == 200 ]] || fail "POST is answered with $status"
id=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["data"]["id"])' "$work/answer.log")

# A "$" at the end of the location would match before a line feed.
count() { "$appctl" --json --store "$store" app count --org "$organization"; }
before=$(count)
status=$("${ask[@]}" -H 'Content-Type: application/json' -d '{"name":"Behind a line feed"}' "$url%0A")
[[ $status != 200 && $(count) == "$before" ]] || fail "apps%0A is answered with $status"

# Nobody listens upstream: 502 says that it was asked.
expected=502
[[ $name != quickstart ]] || expected=405
status=$("${ask[@]}" "$url")
[[ $status == "$expected" ]] || fail "GET is answered with $status, not $expected"

status=$("${curl[@]}" -d '{}' "$url")
[[ $status == 401 ]] || fail "a request without a token is answered with $status"

if [[ $name == production ]]; then
    # The log line of the creation is JSON and names the application.
    grep -h '"method":"POST"' "$work/applications.log" | head -n 1 | python3 -c '
import json, sys
line = json.loads(sys.stdin.readline())
assert line["id"] == sys.argv[1] and line["organization"] == sys.argv[2], line
assert line["status"] == 200 and line["code"] == "0" and line["slug"] == "my-first-application", line
assert len(line["token_hash"]) == 16 and len(line["request_id"]) == 32, line
' "$id" "$organization" || fail "the log line is not as it should be"

    # Nobody without a token may go on for long.
    # One curl for all, as starting one takes longer than the limit's interval where the machine is busy.
    status=$("${curl[@]}" -D "$work/headers.log" -d '{}' "$url?n=[1-60]")
    status=${status: -3}
    [[ $status == 429 ]] || fail "requests without a token are not limited: $status"
    grep -qi '^retry-after:' "$work/headers.log" || fail "no Retry-After with 429"
    grep -q '"code":1007' "$work/answer.log" || fail "429 has another code than 1007"
fi

! grep -E '\[(alert|emerg|crit)\]' "$work/error.log" || fail "the error log has more than errors"
echo "$name.conf works"

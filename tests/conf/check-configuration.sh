#!/usr/bin/env bash
# usage: check-configuration.sh NAME NGINX MODULE APPCTL MONGO_SERVER_BUILD
#
# nginx-conf/NAME.conf as it is shipped, with other paths and ports: "nginx -t" finds nothing to say, an application can
# be created with it, other methods go where the file says, and its log lines are what they should be. The one with
# MongoDB is started before its server is: it answers 503 until then. NAME "added" is what an nginx that runs includes
# (modules-available, conf.d, snippets), in the least that includes them.
set -euo pipefail

name=$1 nginx=$2 module=$3 appctl=$4
server_build=${5:-}
# shellcheck source=tests/conf/prepare.sh
. "$(dirname "${BASH_SOURCE[0]}")/prepare.sh"

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
    server_pid=$!
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
[[ $name != quickstart && $name != added ]] || expected=405
status=$("${ask[@]}" "$url")
[[ $status == "$expected" ]] || fail "GET is answered with $status, not $expected"

if [[ $expected == 502 ]]; then
    # Somebody does: what is asked has the request's id, so that the logs of both can be brought together.
    python3 -c '
import http.server, sys

class Api(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(self.headers["X-Request-ID"]).encode())

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Api).handle_request()' "$upstream" 2>"$work/api.log" &
    for ((i = 0; i < 300; i++)); do
        status=$("${ask[@]}" "$url")
        [[ $status == 502 ]] || break
        sleep 0.1
    done
    [[ $status == 200 ]] || fail "GET is answered with $status where the API answers"
    grep -xE '[0-9a-f]{32}' "$work/answer.log" >/dev/null || fail "the API does not get an X-Request-ID"
fi

status=$("${curl[@]}" -d '{}' "$url")
[[ $status == 401 ]] || fail "a request without a token is answered with $status"

if [[ $name == production || $name == added ]]; then
    # The log line of the creation is JSON and names the application.
    grep -h '"method":"POST"' "$work/applications.log" | head -n 1 | python3 -c '
import json, sys
line = json.loads(sys.stdin.readline())
assert line["id"] == sys.argv[1] and line["organization"] == sys.argv[2], line
assert line["status"] == 200 and line["code"] == 0 and line["slug"] == "my-first-application", line
assert line["batch"] >= 1 and 0 < line["store_time"] < 60, line
assert len(line["token_hash"]) == 16 and len(line["request_id"]) == 32, line
' "$id" "$organization" || fail "the log line is not as it should be"

    # Nobody without a token may go on for long.
    # One curl for all, as starting one takes longer than the limit's interval where the machine is busy.
    status=$("${curl[@]}" -D "$work/headers.log" -d '{}' "$url?n=[1-60]")
    status=${status: -3}
    [[ $status == 429 ]] || fail "requests without a token are not limited: $status"
    grep -qi '^retry-after:' "$work/headers.log" || fail "no Retry-After with 429"
    grep -q '"code":1007' "$work/answer.log" || fail "429 has another code than 1007"
    # And does not make the logs grow: of 429 a line in a hundred, and none in the error log.
    ! grep -q "limiting requests" "$work/error.log" || fail "the error log has a line for each refusal"
    [[ $(grep -c '"status":429' "$work/applications.log") -lt 20 ]] || fail "the access log has a line for each refusal"
    python3 -c 'import json, sys
for line in open(sys.argv[1]): json.loads(line)' "$work/applications.log" || fail "a line of the log is not JSON"
fi

! grep -E '\[(alert|emerg|crit)\]' "$work/error.log" || fail "the error log has more than errors"
echo "$name.conf works"

#!/usr/bin/env bash
# usage: first-application.sh BUILD_DIRECTORY
#
# nginx-conf/quickstart.sh as a person runs it, in a directory and on a port of its own. Exit status 77: not root.
set -euo pipefail

export APP_CREATE_BUILD_DIR=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
if [[ $(id -u) -ne 0 ]]; then
    echo "skipped: the quickstart needs root"
    exit 77
fi

# Nobody but root can go through here, as through /root.
work=$(mktemp -d /tmp/app-create-quickstart.XXXXXX)
export APP_CREATE_QUICKSTART_DIR="$work/some where"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
listener=

clean() {
    [[ -z $listener ]] || kill "$listener" 2>/dev/null || true
    "$root/nginx-conf/quickstart.sh" --stop >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap clean EXIT

fail() {
    echo "FAILED: $*" >&2
    cat "$work/out" "$work/err" >&2
    exit 1
}

run() {
    (cd / && "$root/nginx-conf/quickstart.sh" "$@") >"$work/out" 2>"$work/err"
}

says() {
    grep -qF -- "$1" "$work/out" "$work/err" || fail "does not say $1"
}

run --stop || fail "--stop before the first run"
says "not running"

run --port "$port" || fail "the first run"
says '"slug": "enterprise-mobile-banking-app"'
says '"name": "AWS S3 Production Bucket"'
says '"config": "production-app-storage"'
for step in "1/4  packages" "2/4  build" "3/4  store" "4/4  nginx on 127.0.0.1:$port"; do says "$step"; done
[[ ! -s $work/err ]] || fail "the first run has something on stderr"

token=$(cat "$APP_CREATE_QUICKSTART_DIR/key")
! grep -rqF -- "$token" "$work/out" "$APP_CREATE_QUICKSTART_DIR"/*.log || fail "the token is written somewhere"
[[ $(stat -c %a "$APP_CREATE_QUICKSTART_DIR/key") == 600 ]] || fail "the key can be read by others"

run --port "$port" || fail "the second run"
says '"slug": "enterprise-mobile-banking-app-2"'

run --stop || fail "--stop"
says "stopped"

python3 -c 'import socket, sys, time
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
time.sleep(600)' "$port" >"$work/listener" &
listener=$!
until grep -q listening "$work/listener"; do sleep 0.1; done
! run --port "$port" || fail "runs on a port that is taken"
says "port $port of 127.0.0.1 is in use by another program"
echo "the quickstart works"

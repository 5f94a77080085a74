#!/usr/bin/env bash
# From a fresh Debian 12 or 13 to the first application, as root.
#
#   nginx-conf/quickstart.sh [--port N]   builds, starts nginx on 127.0.0.1:8080, creates an application
#   nginx-conf/quickstart.sh --stop       stops that nginx
#
# Everything it makes is in build/, the store and the keys in build/quickstart/. A second run goes on with what is there.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# Both are for the tests, which must not meet a quickstart that somebody uses.
build=${APP_CREATE_BUILD_DIR:-$root/build}
state=${APP_CREATE_QUICKSTART_DIR:-$build/quickstart}
log=$state/quickstart.log
port=8080

# The example of docs/openapi.yaml names this storage provider.
provider=507f1f77bcf86cd799439012
# Who creates: a service account of no other system.
owner=507f1f77bcf86cd799439016

usage() {
    sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
}

fail() {
    echo "quickstart.sh: $*" >&2
    exit 1
}

# Runs a step whose output nobody needs when it succeeds.
quietly() {
    if ! "$@" >>"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        fail "\"$1\" failed, see $log"
    fi
}

appctl() {
    "$build/appctl" --store "sqlite:$state/apps.db" "$@"
}

nginx_pid() {
    local pid
    pid=$(cat "$state/nginx.pid" 2>/dev/null) || return 1
    # The number may belong to another process since.
    [[ $pid =~ ^[0-9]+$ && $(readlink "/proc/$pid/exe") == */nginx* ]] &&
        tr '\0' ' ' <"/proc/$pid/cmdline" | grep -F -- "$state/nginx.conf" >/dev/null && echo "$pid"
}

stop_nginx() {
    local pid
    pid=$(nginx_pid) || return 1
    kill -QUIT "$pid"
    for ((i = 0; i < 100; i++)); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    # A client that never lets go of its connection.
    kill -TERM "$pid" 2>/dev/null || true
    for ((i = 0; i < 100; i++)); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    fail "nginx (process $pid) does not stop"
}

# Shows how far a build is: "[12/150] …" of ninja, in place on a terminal, else each quarter.
show_progress() {
    local line done_now all percent quarter=0
    while IFS= read -r line; do
        printf '%s\n' "$line" >>"$log"
        [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
        done_now=${BASH_REMATCH[1]} all=${BASH_REMATCH[2]}
        percent=$((done_now * 100 / all))
        if [[ -t 1 ]]; then
            printf '\r      %3d %%, %d of %d ' "$percent" "$done_now" "$all"
        elif [[ $((percent / 25)) -gt $quarter ]]; then
            quarter=$((percent / 25))
            echo "      $percent %"
        fi
    done
    [[ ! -t 1 ]] || printf '\r%40s\r' ""
}

prepare() {
    local list=(cmake -S "$root" -B "$build")
    echo "1/4  packages (a minute or two where they are missing)"
    "$root/packaging/install-packages.sh" quickstart 2>&1 </dev/null | tee -a "$log" | sed 's/^/      /' ||
        fail "\"install-packages.sh\" failed, see $log"
    echo "2/4  build (the first time takes some minutes)"
    [[ -f $build/CMakeCache.txt ]] || list+=(-G Ninja)
    quietly "${list[@]}"
    if ! cmake --build "$build" --target ngx_http_app_create_module appctl 2>&1 </dev/null | show_progress; then
        tail -n 20 "$log" >&2
        fail "the build failed, see $log"
    fi
}

# An organization, the provider of the example, and a key; what a person needs of them is kept in files.
prepare_store() {
    echo "3/4  store: an organization, a storage provider, a key"
    quietly appctl init
    if ! organization=$(appctl --json org show quickstart 2>>"$log" | jq -er .id); then
        organization=$(appctl --json org create --name Quickstart --slug quickstart 2>>"$log" | jq -er .id) ||
            fail "cannot create an organization, see $log"
        rm -f "$state/key"
    fi
    echo "$organization" >"$state/organization"

    if ! appctl --json provider list --org "$organization" 2>>"$log" |
        jq -e --arg id "$provider" 'any(.[]; .id == $id)' >/dev/null; then
        quietly appctl provider create --org "$organization" --id "$provider" --name "AWS S3 Production Bucket" \
            --provider aws-s3 --region eu-west-1 --config '"production-app-storage"' --default
    fi

    if [[ ! -s $state/key ]]; then
        appctl --json key create --org "$organization" --owner "$owner" --role org.admin 2>>"$log" |
            jq -er .token >"$state/key.new" || fail "cannot create a key, see $log"
        mv "$state/key.new" "$state/key"
    fi
}

port_is_taken() {
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null
}

start_nginx() {
    local conf holder=
    echo "4/4  nginx on 127.0.0.1:$port"
    stop_nginx || true
    if port_is_taken; then
        holder=$(ss -Hltnp "sport = :$port" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/ (\1, process \2)/p' |
            head -n 1) || true
        fail "port $port of 127.0.0.1 is in use by another program$holder; stop it or use another port: --port 8081"
    fi

    conf=$(<"$root/nginx-conf/quickstart.conf")
    conf=${conf//"/path/to/nginx-app-create/build/quickstart"/"$state"}
    conf=${conf//"/path/to/nginx-app-create/build"/"$build"}
    conf=${conf//"127.0.0.1:8080"/"127.0.0.1:$port"}
    printf '%s\n' "$conf" >"$state/nginx.conf"
    quietly nginx -p "$state" -e error.log -c "$state/nginx.conf"
}

create_application() {
    local url="http://127.0.0.1:$port/v1/organizations/$organization/apps" status
    local request='{
  "name": "Enterprise Mobile Banking App",
  "configuration": {
    "storageProvider": "507f1f77bcf86cd799439012",
    "notificationLanguage": "en"
  },
  "metadata": {
    "costCenter": "IT-2024",
    "projectCode": "MOBILE-BANK-001",
    "complianceLevel": "PCI-DSS"
  },
  "defaultScripts": {
    "preInstall": "string",
    "postInstall": "string",
    "audit": "string",
    "enforce": "string",
    "runner": "string"
  }
}'
    printf '\n%s\n' "curl -X POST \"$url\" \\
  -H \"Authorization: Bearer \$(cat $state/key)\" \\
  -H \"Content-Type: application/json\" \\
  -d '$request'"

    # The token goes in on stdin: arguments can be read by everyone on the machine.
    status=$(printf 'header = "Authorization: Bearer %s"\n' "$(cat "$state/key")" |
        curl -sS --noproxy '*' --retry 5 --retry-connrefused --max-time 30 -K - -X POST "$url" \
            -H "Content-Type: application/json" -d "$request" -o "$state/answer.json" -w '%{http_code}' 2>>"$log") ||
        fail "nginx does not answer, see $log and $state/error.log"
    echo
    jq . "$state/answer.json" 2>/dev/null || cat "$state/answer.json"
    case $status in
        200) ;;
        401) fail "the key in $state/key is refused (revoked or expired); remove that file and run this again" ;;
        *) fail "answered with status $status, see $state/error.log" ;;
    esac
}

say_what_next() {
    cat <<END

nginx runs on 127.0.0.1:$port and has created an application. What next:

  all applications   $build/appctl --store sqlite:$state/apps.db app list --org quickstart
  logs               $state/access.log, $state/error.log
  configuration      $state/nginx.conf; for a service: $root/nginx-conf/production.conf
  documentation      $root/docs/directives.md
  the end            $root/nginx-conf/quickstart.sh --stop
END
}

stop=
while [[ $# -gt 0 ]]; do
    case $1 in
        --stop) stop=1 ;;
        --port)
            port=${2:-}
            [[ $port =~ ^[1-9][0-9]{0,4}$ && $port -le 65535 ]] || fail "--port needs a number from 1 to 65535"
            shift
            ;;
        -h | --help)
            usage
            exit 0
            ;;
        *)
            usage >&2
            exit 2
            ;;
    esac
    shift
done

[[ $(id -u) -eq 0 ]] || fail "must be root, as it installs packages; run: sudo $root/nginx-conf/quickstart.sh"
if [[ -n $stop ]]; then
    if stop_nginx; then echo "stopped"; else echo "not running"; fi
    exit 0
fi
mkdir -p "$state"
chmod 700 "$state"
: >"$log"
prepare
# Keys and logs are nobody else's business.
umask 077
prepare_store
start_nginx
create_application
say_what_next

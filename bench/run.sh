#!/usr/bin/env bash
# Measures this project against nginx itself, the bare store and the services that one would write instead.
#
#   bench/run.sh [--quick] [--json] [--only GROUP]... [--plots FOLDER]
#
# Installs and builds what it needs (that time is not counted), then takes some 28 minutes, or 7 with
# --quick. Prints one table of ratios; progress goes to stderr. Everything else of the machine should rest meanwhile.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
build=${APP_CREATE_BUILD_DIR:-$root/build}
log=$build/bench-build.log

fail() {
    echo "run.sh: $*" >&2
    exit 1
}

quietly() {
    if ! "$@" >>"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        fail "\"$1\" failed, see $log"
    fi
}

is_at_least() {
    printf '%s\n' "$1" "$2" | sort -CV
}

# Debian 12's own Node is older than what the peer's libraries ask for; a newer one comes as a package of npm.
prepare_node() {
    local own=$build/bench-node/node_modules/node
    is_at_least v20 "$(node --version)" && return
    [[ -x $own/bin/node ]] || quietly npm install --no-audit --no-fund --prefix "$build/bench-node" node@22
    PATH=$own/bin:$PATH
    npm_config_nodedir=$(echo "$own"/node_modules/node-linux-*)
    export PATH npm_config_nodedir
    is_at_least v20 "$(node --version)" ||
        fail "node is $(node --version), the Fastify peer needs 20 or later; put a newer one first in PATH"
}

# Node's headers where Debian or NodeSource put them: nothing is downloaded for them.
install_fastify_peer() {
    local peer=$root/bench/peers/fastify
    if [[ -z ${npm_config_nodedir:-} && -f /usr/include/node/node.h ]]; then export npm_config_nodedir=/usr; fi
    # A finished installation writes the file that is compared. What is compiled belongs to one major version of Node.
    local stamp=$peer/node_modules/.node-version
    if [[ ! $peer/node_modules/.package-lock.json -nt $peer/package-lock.json ||
        $(cat "$stamp" 2>/dev/null) != "$(node --version)" ]]; then
        quietly npm ci --prefix "$peer"
        node --version >"$stamp"
    fi
}

build_go_peer() (
    cd "$root/bench/peers/go"
    quietly go build -o "$build/bench-go-peer" .
)

mkdir -p "$build"
: >"$log"
echo "preparing ..." >&2
quietly "$root/packaging/install-packages.sh" bench
prepare_node
configure=(cmake -S "$root" -B "$build" -DAPP_CREATE_BENCH=ON)
[[ -f $build/CMakeCache.txt ]] || configure+=(-G Ninja)
quietly "${configure[@]}"
quietly cmake --build "$build" --target ngx_http_app_create_module appctl bench_open_loop bench_sqlite_loop \
    bench_handed_loop bench_mongo_loop bench_fill bench_core
build_go_peer
install_fastify_peer
quietly "$root/tests/mongo/prepare.sh" "$build/mongo-server"

exec python3 -B "$root/bench/main.py" --build "$build" "$@"

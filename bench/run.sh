#!/usr/bin/env bash
# Measures this project against nginx itself, the bare store and the services that one would write instead.
#
#   bench/run.sh [--quick] [--json] [--only GROUP]... [--plots FOLDER]
#
# Installs and builds what it needs (that time is not counted), then takes some 20 minutes, or 5 with --quick. Prints one
# table of ratios; progress goes to stderr. Everything else of the machine should rest meanwhile.
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

# Debian 12's own Node and Go are older than what the peers' libraries ask for.
check_versions() {
    local node go
    node=$(node --version)
    go=$(go env GOVERSION)
    if ! printf '%s\n' v20 "$node" | sort -CV; then
        fail "node is $node, the Fastify peer needs 20 or later; put a newer one first in PATH"
    fi
    if ! printf '%s\n' go1.21 "$go" | sort -CV; then
        fail "go is $go, the Go peer needs 1.21 or later; put a newer one first in PATH"
    fi
}

# Node's headers where Debian or NodeSource put them: nothing is downloaded for them.
install_fastify_peer() {
    local peer=$root/bench/peers/fastify
    if [[ -f /usr/include/node/node.h ]]; then export npm_config_nodedir=/usr; fi
    # A finished installation writes the file that is compared.
    [[ $peer/node_modules/.package-lock.json -nt $peer/package-lock.json ]] || quietly npm ci --prefix "$peer"
}

build_go_peer() (
    cd "$root/bench/peers/go"
    quietly go build -o "$build/bench-go-peer" .
)

mkdir -p "$build"
: >"$log"
echo "preparing ..." >&2
quietly "$root/packaging/install-packages.sh" bench
check_versions
configure=(cmake -S "$root" -B "$build" -DAPP_CREATE_BENCH=ON)
[[ -f $build/CMakeCache.txt ]] || configure+=(-G Ninja)
quietly "${configure[@]}"
quietly cmake --build "$build" --target ngx_http_app_create_module appctl bench_open_loop bench_sqlite_loop bench_fill \
    bench_core
build_go_peer
install_fastify_peer

exec python3 -B "$root/bench/main.py" --build "$build" "$@"

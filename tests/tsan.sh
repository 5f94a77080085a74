#!/usr/bin/env bash
# Builds the core and a stress test of both stores with ThreadSanitizer, and runs it.
#
#   tests/tsan.sh [DIRECTORY]     default: build-tsan
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
directory=${1:-$root/build-tsan}
mkdir -p "$directory"
directory=$(cd "$directory" && pwd)
log=$directory/build.log

launcher=()
if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_C_COMPILER_LAUNCHER=ccache); fi
# -O1: half the compiler's time, and stacks that are still whole.
if ! { cmake -S "$root" -B "$directory" -G Ninja "${launcher[@]}" -DCMAKE_BUILD_TYPE=None \
        -DCMAKE_CXX_FLAGS='-O1 -g1' -DAPP_CREATE_SANITIZE=thread -DAPP_CREATE_TESTS=ON -DAPP_CREATE_MODULE=OFF &&
    ninja -C "$directory" stores_stress; } >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "tsan.sh: the build failed, see $log" >&2
    exit 1
fi

export TSAN_OPTIONS="suppressions=$root/tests/tsan/suppressions.txt ignore_noninstrumented_modules=1 \
halt_on_error=0 exitcode=66 second_deadlock_stack=1 ${TSAN_OPTIONS:-}"
# The JVM of the test server is found where the other tests left it.
export APP_CREATE_MONGO_SERVER_DIR=${APP_CREATE_MONGO_SERVER_DIR:-$(dirname "$directory")/mongo-server}
# ThreadSanitizer's shadow does not fit every random layout of memory.
fixed=()
if setarch -R true 2>/dev/null; then fixed=(setarch -R); fi
exec "${fixed[@]}" "$directory/stores_stress"

#!/usr/bin/env bash
# usage: tidy.sh BUILD_DIRECTORY
# clang-tidy finds nothing in what is shipped. A file is looked at again only when it, a header or a rule has changed.
set -euo pipefail
build=$(cd "$1" && pwd -P)
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

stamps=$build/lint
mkdir -p "$stamps"
rules=$(find CMakeLists.txt .clang-tidy core module cli \( -name '*.h' -o -name CMakeLists.txt -o -name .clang-tidy \) -print0 |
    sort -z | xargs -0 cat | sha256sum)
export build stamps rules

check() {
    local stamp=$stamps/${1//\//_}
    local sum
    sum=$(echo "$rules" | cat - "$1" | sha256sum)
    [[ $(cat "$stamp" 2>/dev/null) != "$sum" ]] || return 0
    rm -f "$stamp"
    nice -n 19 clang-tidy --quiet -p "$build" "$1" 2>"$stamp.err" || { cat "$stamp.err" && return 1; }
    echo "$sum" >"$stamp"
}
export -f check

find core/src module cli -name '*.cc' | sort |
    xargs -P "$(nproc)" -I '{}' bash -c 'check "$1"' check '{}'

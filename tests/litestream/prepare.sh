#!/usr/bin/env bash
# Builds Litestream for the tests, once: later runs need no network.
#
#   tests/litestream/prepare.sh DIRECTORY     makes DIRECTORY/litestream
#
# Exit 0: it is there. 77: there is no go that can build it, or it cannot be had; its test skips. See DIRECTORY/build.log.
set -euo pipefail

version=v0.5.18
needed=1.26 # what its go.mod wants

directory=$1
mkdir -p "$directory"
directory=$(cd "$directory" && pwd)
is_built() { [[ -x $directory/litestream && -f $directory/$version ]]; }

if is_built; then exit 0; fi
if ! command -v go >/dev/null; then
    echo "prepare.sh: skipped: there is no go; Litestream $version needs go $needed or newer" >&2
    exit 77
fi
# "go version go1.26.8 linux/amd64"; others than releases call themselves otherwise and are believed.
found=$(go version | sed -n 's/^go version go\([0-9]*\.[0-9]*\).*/\1/p')
if [[ -n $found && $(printf '%s\n' "$needed" "$found" | sort -V | head -n 1) != "$needed" ]]; then
    echo "prepare.sh: skipped: Litestream $version needs go $needed or newer, this is $found" >&2
    exit 77
fi

exec 9>"$directory/lock"
flock 9
if is_built; then exit 0; fi
if ! GOBIN=$directory timeout 1500 go install "github.com/benbjohnson/litestream/cmd/litestream@$version" \
    >"$directory/build.log" 2>&1 </dev/null 9>&-; then
    echo "prepare.sh: skipped: Litestream $version cannot be built here, see $directory/build.log" >&2
    exit 77
fi
touch "$directory/$version"

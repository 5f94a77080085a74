#!/usr/bin/env bash
# usage: refuse-mongoc2.sh CMAKE
#
# Where libmongoc is of the major version 2, as in the Debian after 13, configuring says so by name.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
work=$(mktemp -d /tmp/app-create-mongoc2.XXXXXX)
trap 'rm -rf "$work"' EXIT

mkdir "$work/pc"
IFS=: read -ra directories <<<"$(pkg-config --variable pc_path pkg-config)"
for directory in "${directories[@]}"; do
    [[ ! -d $directory ]] || find "$directory" -name '*.pc' ! -name 'libmongoc-1*' -exec ln -sf -t "$work/pc" {} +
done
printf 'Name: mongoc2\nDescription: a driver\nVersion: 2.1.0\n' >"$work/pc/mongoc2.pc"
if PKG_CONFIG_LIBDIR=$work/pc "$1" -S "$root" -B "$work/build" -D APP_CREATE_MODULE=OFF >"$work/log" 2>&1; then
    echo "FAILED: configured with libmongoc 2" >&2
    exit 1
fi
if ! tr -s ' \n' ' ' <"$work/log" | grep 'libmongoc 2.1.0 is not supported yet' >/dev/null; then
    cat "$work/log" >&2
    echo "FAILED: does not say that libmongoc 2 is not supported" >&2
    exit 1
fi
echo "libmongoc 2 is refused by its name"

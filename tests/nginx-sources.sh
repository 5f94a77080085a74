#!/usr/bin/env bash
# usage: nginx-sources.sh DIRECTORY
#
# Puts the sources of a current nginx into DIRECTORY/nginx, once, and prints that path. They come out of the crate
# nginx-src through cargo, so that a registry is all that is needed. APP_CREATE_TEST_NGINX_SOURCES names a tree that is
# used instead. Exit status 77: they cannot be had here; the reason is on stderr.
set -euo pipefail

version='=1.28.3'
directory=$1

# Several tests ask at the same time.
mkdir -p "$directory"
exec 9>"$directory/lock"
flock 9

if [[ -n ${APP_CREATE_TEST_NGINX_SOURCES:-} ]]; then
    if [[ ! -f $APP_CREATE_TEST_NGINX_SOURCES/src/core/nginx.h ]]; then
        echo "APP_CREATE_TEST_NGINX_SOURCES=$APP_CREATE_TEST_NGINX_SOURCES is no tree of nginx" >&2
        exit 1
    fi
    [[ -d $directory/nginx ]] || cp -r "$APP_CREATE_TEST_NGINX_SOURCES" "$directory/nginx"
fi

if [[ ! -f $directory/nginx/src/core/nginx.h ]]; then
    if ! command -v cargo >/dev/null; then
        echo "skipped: no cargo to get the crate nginx-src with" >&2
        exit 77
    fi
    mkdir -p "$directory/crate"
    cat >"$directory/crate/Cargo.toml" <<END
[package]
name = "nginx-sources"
version = "0.0.0"
edition = "2021"

[lib]
path = "lib.rs"

[dependencies]
nginx-src = "$version"

[workspace]
END
    : >"$directory/crate/lib.rs"
    if ! (cd "$directory/crate" && cargo vendor --quiet vendor) >"$directory/cargo.log" 2>&1 </dev/null; then
        echo "skipped: cargo cannot get the crate nginx-src $version: $(tail -n 1 "$directory/cargo.log")" >&2
        exit 77
    fi
    rm -rf "$directory/nginx.new"
    cp -r "$directory/crate/vendor/nginx-src/nginx" "$directory/nginx.new"
    mv "$directory/nginx.new" "$directory/nginx"
    rm -rf "$directory/crate"
fi
echo "$directory/nginx"

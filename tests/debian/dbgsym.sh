#!/usr/bin/env bash
# usage: dbgsym.sh RELEASE BUILD_DIRECTORY
#
# What the packages that debianRELEASE.docs has built install is stripped, and the -dbgsym package beside each has the
# debug information of that very file, where a debugger looks for it: by its build id. Exit status 77: there are none, as
# for the release that this machine does not run.
set -euo pipefail

packages=$2/debian/$1-docs/results/packages
skip() {
    echo "skipped: $*"
    exit 77
}
ls "$packages"/*.deb >/dev/null 2>&1 || skip "debian$1.docs has built no packages"
# shellcheck source=/dev/null
[[ $(. /etc/os-release && echo "$ID ${VERSION_ID:-}") == "debian $1" ]] ||
    skip "-dbgsym packages are built for the release of this machine"
work=$(mktemp -d /tmp/app-create-dbgsym.XXXXXX)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
sections() { readelf --sections --wide "$1" 2>/dev/null | grep -o ' \.[a-z_.]*'; }
build_id() { readelf --notes "$1" 2>/dev/null | sed -n 's/.*Build ID: \([0-9a-f]*\)$/\1/p'; }

while read -r package path; do
    dpkg-deb -x "$packages/${package}"_*.deb "$work/$package"
    dpkg-deb -x "$packages/${package}-dbgsym"_*.deb "$work/$package-dbgsym" || fail "$package has no -dbgsym package"
    file=$(compgen -G "$work/$package/$path" | head -n 1) || fail "$package has no $path"
    ! sections "$file" | grep -E ' \.(debug_|symtab)' || fail "$path is not stripped"
    id=$(build_id "$file")
    [[ -n $id ]] || fail "$path has no build id"
    debug=$work/$package-dbgsym/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug
    [[ -f $debug ]] || fail "$package-dbgsym has nothing for $path, whose build id is $id"
    [[ $(build_id "$debug") == "$id" ]] || fail "$package-dbgsym has the debug information of another $path"
    sections "$debug" | grep ' \.debug_info' >/dev/null || fail "$package-dbgsym has no debug information of $path"
    echo "$path: $id"
done <<'END'
libnginx-mod-http-app-create usr/lib/nginx/modules/ngx_http_app_create_module.so
appctl usr/bin/appctl
libappcreate1 usr/lib/*/libappcreate.so.*.*
END

#!/usr/bin/env bash
# usage: install-tree.sh BUILD_DIRECTORY CMAKE CC
#
# "cmake --install" into an empty directory: everything is where the GNU directories and nginx have it, and the
# documentation's example builds outside of the tree, by CMake's package and by pkg-config, and runs.
set -euo pipefail

build=$1 cmake=$2 cc=$3
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
work=$(mktemp -d /tmp/app-create-install.XXXXXX)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAILED: $*" >&2
    (cd "$work" && find stage -type f >&2)
    tail -n 20 "$work"/*.log >&2
    exit 1
}

DESTDIR=$work/stage "$cmake" --install "$build" --prefix /usr >"$work/install.log" 2>&1 || fail "cmake --install"

modules=$(nginx -V 2>&1 | grep -o -- '--modules-path=[^ ]*')
modules=${modules#--modules-path=}
[[ -f $work/stage$modules/ngx_http_app_create_module.so ]] || fail "no module in nginx's $modules"
[[ -x $work/stage/usr/bin/appctl ]] || fail "no appctl"
for page in man/man1/appctl.1 bash-completion/completions/appctl zsh/vendor-completions/_appctl fish/vendor_completions.d/appctl.fish; do
    [[ -s $work/stage/usr/share/$page ]] || fail "no $page"
done
for header in app_create.h app_create_read.h app_create_admin.h; do
    [[ -f $work/stage/usr/include/$header ]] || fail "no header $header"
done
[[ -f $work/stage/usr/share/nginx-app-create/conf.d/app-create.conf ]] || fail "no configuration to copy"
[[ ! -e $work/stage/usr/share/nginx-app-create/quickstart.conf ]] || fail "quickstart.conf has no use there"
library=$(find "$work/stage/usr" -name libappcreate.so)
[[ -L $library ]] || fail "no link libappcreate.so"
readelf -d "$library" | grep 'SONAME.*\[libappcreate\.so\.1\]' >/dev/null || fail "no soname"

libraries=$(dirname "$library")
work_with() {
    LD_LIBRARY_PATH=$libraries "$root/tests/abi/example.sh" "$1" >"$work/run.log" 2>&1 || fail "$2"
    ldd "$1" | grep 'libappcreate\.so\.1' >/dev/null || fail "$2: not linked with the library"
    ! readelf -d "$1" | grep -E 'NEEDED.*(sqlite|mongoc|icu)' >/dev/null || fail "$2: linked with what the library is made of"
}

"$cmake" -S "$root/tests/install/outside" -B "$work/outside" -D CMAKE_C_COMPILER="$cc" \
    -D CMAKE_PREFIX_PATH="$work/stage/usr" -D EXAMPLE="$root/tests/abi/example.c" >"$work/configure.log" 2>&1 ||
    fail "find_package(AppCreate)"
"$cmake" --build "$work/outside" >"$work/build.log" 2>&1 || fail "the build with CMake's package"
work_with "$work/outside/outside" "the program that CMake's package built"

export PKG_CONFIG_PATH=$libraries/pkgconfig PKG_CONFIG_SYSROOT_DIR=$work/stage
[[ $(pkg-config --modversion libappcreate) == $(sed -n 's/.*nginx-app-create VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt") ]] ||
    fail "pkg-config's version"
# shellcheck disable=SC2046 # flags are words
"$cc" -std=c11 -o "$work/by-pkg-config" "$root/tests/abi/example.c" $(pkg-config --cflags --libs libappcreate) \
    -I"$work/stage/usr/include" -L"$libraries" >"$work/pkg-config.log" 2>&1 || fail "the build with pkg-config"
work_with "$work/by-pkg-config" "the program that pkg-config built"
echo "installed, found by CMake and by pkg-config"

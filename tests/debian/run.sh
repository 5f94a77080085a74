#!/usr/bin/env bash
# usage: run.sh RELEASE docs|packages|tests|quickstart BUILD_DIRECTORY [ARGUMENT]
#
# docs      README.md and docs/install.md on a bare Debian, with packages, which it leaves for the next
# packages  their whole life: install, create, a store that breaks and is mended, upgrade, remove, purge
# tests     the quickstart, docs/install.md from the sources, then unit, ABI and integration tests
# quickstart  its first part alone, by hand
#
# Exit status 77: it cannot be done here; the reason is on stderr. APP_CREATE_TEST_KEEP_ROOT keeps the root's layer.
set -euo pipefail

release=$1 mode=$2 build=$3
shift 3
directory=$build/debian
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$here/../.." && pwd -P)
work=$directory/$release-$mode
built=$directory/$release-docs/results/packages

blocks() {
    rm -rf "$directory/$release-$mode.in"
    mkdir -p "$directory/$release-$mode.in/blocks"
    python3 "$here/blocks.py" "$directory/$release-$mode.in/blocks" "$1" "$root/README.md" "$root/docs/install.md"
}

# With the flags of an ordinary build in packages too, ccache has what the same compiler built before.
export APP_CREATE_CMAKE_OPTS=${APP_CREATE_CMAKE_OPTS:-"-D CMAKE_BUILD_TYPE=RelWithDebInfo -D CMAKE_C_FLAGS= -D CMAKE_CXX_FLAGS= -D APP_CREATE_WERROR=ON"}
export APP_CREATE_TEST_CCACHE=${CCACHE_DIR:-$build/ccache}

export APP_CREATE_TEST_INPUT=$directory/$release-$mode.in
case $mode in
    docs)
        blocks packages
        # For the same Debian as this machine's the packages are made here, of what the tests have built; in the root that
        # one command is to take them. The other release runs it in the root.
        # shellcheck source=/dev/null
        if [[ $(. /etc/os-release && echo "$ID ${VERSION_ID:-}") == "debian $release" ]]; then
            # These have -dbgsym packages, for debianRELEASE.dbgsym; nobody keeps them, so they need not be small.
            APP_CREATE_BUILT=$build DPKG_DEB_COMPRESSOR_LEVEL=1 "$root/packaging/build-packages.sh" "$directory/$release-built"
            mkdir "$APP_CREATE_TEST_INPUT/packages"
            cp "$directory/$release-built"/*.deb "$APP_CREATE_TEST_INPUT/packages"
            sed -i 's|^packaging/build-packages.sh$|mkdir -p build; cp -r /results/packages build/|' \
                "$APP_CREATE_TEST_INPUT"/blocks/*.sh
        fi
        ;;
    packages)
        if [[ ! -d $built ]]; then
            echo "skipped: debian$release.docs has built no packages" >&2
            exit 77
        fi
        rm -rf "$APP_CREATE_TEST_INPUT"
        mkdir -p "$APP_CREATE_TEST_INPUT"
        cp -r "$built" "$APP_CREATE_TEST_INPUT/packages"
        ;;
    tests)
        blocks sources
        ;;
    quickstart)
        unset APP_CREATE_TEST_INPUT
        ;;
esac
"$here/in-root.sh" "$release" "$directory/$release" "$work" "$mode.sh" "$@"
"$root/tests/ran-on.sh" "debian$release.$mode" <"$work/results/ran-on" >/dev/null

#!/usr/bin/env bash
# usage: in-root.sh RELEASE DIRECTORY WORK SCRIPT [ARGUMENT]...
#
# Runs tests/debian/inside/SCRIPT as root in a fresh Debian RELEASE, on a layer of WORK over the root of DIRECTORY, with
# a copy of the project in /usr/local/src/nginx-app-create and a network of its own. What the script leaves in /results
# is in WORK/results; what APP_CREATE_TEST_INPUT has is there before. The
# compilers' cache is APP_CREATE_TEST_CCACHE. Nothing of it runs on afterwards. Exit status 77: there is no root.
set -euo pipefail

release=$1 directory=$2 work=$3 script=$4
shift 4
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
"$root/tests/debian/make-root.sh" "$release" "$directory"
directory=$(cd "$directory" && pwd -P)

network_pid=
clean() {
    [[ -z $network_pid ]] || kill "$network_pid" 2>/dev/null || true
    # What was built in the layer is large.
    [[ -n ${APP_CREATE_TEST_KEEP_ROOT:-} ]] || rm -rf "$work/upper" "$work/overlay" "$work/merged" "$work/tree"
}
trap clean EXIT

rm -rf "$work"
mkdir -p "$APP_CREATE_TEST_CCACHE" "$work"/{upper,overlay,merged,results}
work=$(cd "$work" && pwd -P)
[[ -z ${APP_CREATE_TEST_INPUT:-} ]] || cp -r "$APP_CREATE_TEST_INPUT/." "$work/results"
python3 "$root/tests/debian/network.py" "$work" 2>"$work/network.log" &
network_pid=$!
for ((i = 0; i < 300; i++)); do
    [[ ! -f $work/network ]] || break
    kill -0 "$network_pid" 2>/dev/null || { cat "$work/network.log" >&2; exit 1; }
    sleep 0.1
done
read -r pid fd <"$work/network"

# A layer over the root, or where that is not possible, as in most containers, a copy of it.
if ! unshare --mount mount -t overlay overlay -o "lowerdir=$directory/root,upperdir=$work/upper,workdir=$work/overlay" \
    "$work/merged" 2>/dev/null; then
    cp -a "$directory/root/." "$work/merged"
    touch "$work/copied"
fi
# What the project consists of, without what was built in it.
mkdir -p "$work/tree"
(cd "$root" && tar -c --exclude=./build --exclude='./build-*' --exclude=./.git --exclude=node_modules --exclude=target .) |
    tar -x -C "$work/tree"

# shellcheck disable=SC2016 # for the inner shell
nsenter "--net=/proc/$pid/fd/$fd" unshare --mount --pid --fork --kill-child bash -c '
    set -e
    directory=$1 work=$2 script=$3
    shift 3
    cd "$work"
    if [[ ! -f copied ]]; then
        mount -t overlay overlay -o "lowerdir=$directory/root,upperdir=$work/upper,workdir=$work/overlay" merged
    fi
    mount -t proc proc merged/proc
    mount --rbind /dev merged/dev
    mkdir -p merged/results merged/usr/local/src
    mount --bind results merged/results
    mkdir -p merged/ccache
    mount --bind "$APP_CREATE_TEST_CCACHE" merged/ccache
    cp -r tree merged/usr/local/src/nginx-app-create
    echo "Acquire::http::Proxy \"http://127.0.0.1:3142\";" >merged/etc/apt/apt.conf.d/90proxy
    echo "Acquire::https::Proxy \"http://127.0.0.1:3142\";" >>merged/etc/apt/apt.conf.d/90proxy
    exec chroot merged /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive MONGOC_DISABLE_SHM=1 \
        CCACHE_DIR=/ccache CCACHE_BASEDIR=/usr/local/src CCACHE_NOHASHDIR=1 \
        CCACHE_SLOPPINESS=locale,time_macros,include_file_mtime,include_file_ctime DEB_BUILD_OPTIONS=noautodbgsym \
        CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache \
        "APP_CREATE_CMAKE_OPTS=$APP_CREATE_CMAKE_OPTS" \
        bash "/usr/local/src/nginx-app-create/tests/debian/inside/$script" "$@"
' in-root "$directory" "$work" "$script" "$@"

#!/usr/bin/env bash
# Builds the Debian packages for the release that this runs on, and for its nginx.
#
#   packaging/build-packages.sh [DIRECTORY]
#
# With DEBFULLNAME and DEBEMAIL in the environment their maintainer is that. They are put into DIRECTORY, build/packages unless one is named. Installs what is missing to build them, as root.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
if [[ ${1:-} == -h || ${1:-} == --help || $# -gt 1 ]]; then
    sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    [[ $# -eq 1 ]] && exit 0 || exit 2
fi
mkdir -p "${1:-$root/build/packages}"
packages=$(cd "${1:-$root/build/packages}" && pwd -P)
work=$packages/work
log=$packages/build.log

"$root/packaging/install-packages.sh" packages

echo "building packages (some minutes; $log) ..."
rm -rf "$work" "$packages"/*.deb
mkdir -p "$work/nginx-app-create"
# What belongs to the project, without what was built in it.
(cd "$root" && tar -c --exclude=./build --exclude='./build-*' --exclude=./.git --exclude=node_modules --exclude=target .) |
    tar -x -C "$work/nginx-app-create"
cd "$work/nginx-app-create"
cp -r packaging/debian debian
# Packages of one version for two releases differ, and an upgrade of the release finds the later one's.
# shellcheck source=/dev/null
release=$(. /etc/os-release && echo "$ID${VERSION_ID:-}")
version=$(sed -n 's/^project(nginx-app-create VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
sed -i "1s/([^)]*)/($version~$release)/" debian/changelog
if [[ -n ${DEBEMAIL:-} ]]; then
    sed -i "s/^Maintainer: .*/Maintainer: ${DEBFULLNAME:-$DEBEMAIL} <$DEBEMAIL>/" debian/control
    sed -i "s/^ -- .*>/ -- ${DEBFULLNAME:-$DEBEMAIL} <$DEBEMAIL>/" debian/changelog
fi
# The stated dependencies are Debian's names; packages of other origins serve too.
if ! dpkg-buildpackage --build=binary --unsigned-changes --no-check-builddeps >"$log" 2>&1 </dev/null; then
    grep -B2 -A10 -E 'error:|Error [0-9]' "$log" | tail -n 40 >&2 || tail -n 40 "$log" >&2
    echo "build-packages.sh: dpkg-buildpackage failed, see $log" >&2
    exit 1
fi
mv "$work"/*.deb "$packages"
rm -rf "$work"
cd "$packages"
ls -- *.deb

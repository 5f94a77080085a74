#!/usr/bin/env bash
# usage: lintian.sh RELEASE BUILD_DIRECTORY
#
# lintian has nothing to say of the packages that debianRELEASE.docs has built. Exit status 77: there are none.
set -euo pipefail

packages=$2/debian/$1-docs/results/packages
if ! ls "$packages"/*.deb >/dev/null 2>&1; then
    echo "skipped: debian$1.docs has built no packages"
    exit 77
fi
# The project has no mail address; who hands the packages on names one (DEBFULLNAME, DEBEMAIL).
suppressed=bogus-mail-host,bogus-mail-host-in-debian-changelog
# Built with the flags of an ordinary build for the test, and so without Debian's hardening.
suppressed+=,hardening-no-fortify-functions,hardening-no-relro,hardening-no-bindnow
lintian --allow-root --fail-on error,warning --suppress-tags "$suppressed" "$packages"/*.deb
echo "lintian: clean"

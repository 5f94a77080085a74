#!/usr/bin/env bash
# Builds the MongoDB wire server of the tests, once: later runs need no network.
#
#   tests/mongo/prepare.sh [DIRECTORY]     default: build/mongo-server
#
# Exit 0: it is there. 77: java or maven is missing, named on stderr; its tests skip. Anything else: the build failed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
directory=${1:-$here/../../build/mongo-server}
mkdir -p "$directory"
directory=$(cd "$directory" && pwd)

stamp=$(cat "$here/server/pom.xml" "$here"/server/src/*.java | sha256sum)
is_built() { [[ -f $directory/stamp && $(<"$directory/stamp") == "$stamp" ]]; }

if ! command -v java >/dev/null; then
    echo "prepare.sh: there is no java; install default-jdk-headless" >&2
    exit 77
fi
if is_built; then exit 0; fi

# Several test programs may start at once.
exec 9>"$directory/lock"
flock 9
if is_built; then exit 0; fi
for tool in javac:default-jdk-headless mvn:maven; do
    if ! command -v "${tool%%:*}" >/dev/null; then
        echo "prepare.sh: there is no ${tool%%:*}; install ${tool##*:}" >&2
        exit 77
    fi
done

rm -rf "${directory:?}/lib" "${directory:?}/classes"
log=$directory/build.log
# A registry that fails is asked again, and one that stalls is given up: maven's own patience is half an hour.
patience=(-Dmaven.wagon.http.retryHandler.count=3 -Dmaven.wagon.rto=60000)
for pause in 2 5 15 0; do
    if timeout 200 mvn -B -q "${patience[@]}" -f "$here/server/pom.xml" -Doutput="$directory" compile \
        >"$log" 2>&1 </dev/null 9>&-; then
        printf '%s\n' "$stamp" >"$directory/stamp.new"
        mv "$directory/stamp.new" "$directory/stamp"
        exit 0
    fi
    sleep "$pause"
done
tail -n 20 "$log" >&2
echo "prepare.sh: the test server could not be built, see $log" >&2
exit 1

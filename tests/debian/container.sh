#!/usr/bin/env bash
# usage: container.sh BUILD_DIRECTORY
#
# packaging/Containerfile, with the packages that debian13.docs (or debian12.docs) has built and a base that mmdebstrap made: it runs as
# another user than root with a read-only root file system and no capabilities, makes its store in the volume, creates an
# application, and goes on with the same store when it is started again.
# Exit status 77: no container engine works here, or there are no packages.
set -euo pipefail

directory=$1/debian
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

skip() {
    echo "skipped: $*"
    exit 77
}

engine=() build=(build)
for candidate in podman docker; do
    if command -v "$candidate" >/dev/null && "$candidate" info >/dev/null 2>&1; then
        engine=("$candidate")
        break
    fi
done
[[ ${#engine[@]} -gt 0 ]] || skip "no container engine works here (podman, docker)"
if [[ ${engine[0]} == podman ]]; then
    # Where cgroups are of both versions only runc starts anything, and building needs no container of its own.
    [[ ! -x $(command -v runc) ]] || engine+=(--runtime runc)
    build+=(--isolation chroot)
fi
# In a sandbox the engine may not raise its own limits.
limits=(--ulimit nofile=4096:4096 --ulimit nproc=8192:8192)
for release in 13 12; do
    packages=$directory/$release-docs/results/packages
    [[ ! -d $packages || ! -f $directory/$release/made ]] || break
done
[[ -d $packages && -f $directory/$release/made ]] || skip "debian13.docs has built no packages"

name=app-create-test-$$
work=$(mktemp -d /tmp/app-create-container.XXXXXX)
clean() {
    "${engine[@]}" rm -f "$name" >/dev/null 2>&1 || true
    "${engine[@]}" volume rm "$name" >/dev/null 2>&1 || true
    "${engine[@]}" rmi -f "$name" "$name-base" >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap clean EXIT

fail() {
    tail -n 20 "$work"/*.log >&2 || true
    "${engine[@]}" logs "$name" 2>&1 | tail -n 20 >&2 || true
    echo "FAILED: $*" >&2
    exit 1
}

# An engine that is there and cannot start anything, as in many sandboxes, is none.
tar -C "$directory/$release/root" --exclude=./proc --exclude=./sys --exclude=./dev -c . | "${engine[@]}" import - "$name-base" >/dev/null ||
    skip "${engine[0]} imports no image"
"${engine[@]}" run "${limits[@]}" --rm "$name-base" /bin/true >"$work/try.log" 2>&1 || skip "${engine[0]} starts no container: $(tail -n 1 "$work/try.log")"

mkdir -p "$work/context/build/packages"
(cd "$root" && tar -c packaging nginx-conf) | tar -x -C "$work/context"
cp "$packages"/*.deb "$work/context/build/packages"
"${engine[@]}" "${build[@]}" --build-arg "BASE=$name-base" -f packaging/Containerfile -t "$name" "$work/context" >"$work/build.log" 2>&1 ||
    fail "the image is not built"

start() {
    "${engine[@]}" run "${limits[@]}" -d --name "$name" --read-only --cap-drop=ALL --security-opt=no-new-privileges --tmpfs /tmp \
        -v "$name:/var/lib/app-create" -p 127.0.0.1::8080 "$name" >"$work/run.log" 2>&1 || fail "the container does not start"
    url=http://$("${engine[@]}" port "$name" 8080 | head -n 1)/v1/organizations/acme/apps
}

create() {
    curl -sS --noproxy '*' --retry 10 --retry-all-errors --retry-delay 1 -o "$work/answer.log" -w '%{http_code}' -K "$work/curlrc" \
        -H 'Content-Type: application/json' -d "{\"name\":\"$1\"}" "$url"
}

start
[[ $("${engine[@]}" exec "$name" id -un) == www-data ]] || fail "it runs as another user than www-data"
! "${engine[@]}" exec "$name" touch /etc/changed 2>/dev/null || fail "its root file system can be written"
"${engine[@]}" exec "$name" appctl org create --name Acme --slug acme >/dev/null || fail "appctl in the container"
"${engine[@]}" exec "$name" appctl --json key create --org acme --owner 507f1f77bcf86cd799439011 |
    python3 -c 'import json, sys; print("header = \"Authorization: Bearer %s\"" % json.load(sys.stdin)["token"])' >"$work/curlrc"
[[ $(create First) == 200 ]] || fail "no application"
"${engine[@]}" stop "$name" >/dev/null
"${engine[@]}" rm "$name" >/dev/null
start
[[ $(create First) == 200 ]] || fail "no application after a new start"
grep -q '"slug":"first-2"' "$work/answer.log" || fail "the store is another one after a new start"
echo "a container of Debian $release by $("${engine[0]}" --version): not root, root file system read-only" | "$root/tests/ran-on.sh" container

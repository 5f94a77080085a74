#!/usr/bin/env bash
# usage: make-root.sh RELEASE DIRECTORY
#
# A Debian of RELEASE (12, 13) in DIRECTORY/root, made once: what apt needs, curl and ccache. It comes from the mirror that apt
# of this machine uses. Exit status 77: no root can be made here; the reason is on stderr.
set -euo pipefail

case $1 in
    12) suite=bookworm ;;
    13) suite=trixie ;;
    *)
        echo "make-root.sh: unknown release \"$1\"" >&2
        exit 2
        ;;
esac
directory=$2

skip() {
    echo "skipped: no Debian $release can be made here: $*" >&2
    exit 77
}
release=$1

mkdir -p "$directory"
exec 9>"$directory/lock"
flock 9
[[ ! -f $directory/made ]] || exit 0

[[ $(id -u) -eq 0 ]] || skip "not root"
command -v mmdebstrap >/dev/null || skip "no mmdebstrap"
unshare --mount --pid --net --fork true 2>/dev/null || skip "namespaces are not allowed"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[[ -f $keyring ]] || skip "no keys of Debian's archive"
# shellcheck disable=SC2016 # apt's own variables
mirror=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)' 2>/dev/null |
    sed -n 's/^Debian|Debian|main|//p')
mirror=${mirror%%$'\n'*}
[[ -n $mirror ]] || skip "apt of this machine knows no mirror of Debian"

rm -rf "$directory/root"
# Files are not flushed one by one: nobody needs the root after a crash.
if ! mmdebstrap --variant=apt --include=ccache,curl,ca-certificates,init-system-helpers,procps \
    --dpkgopt=force-unsafe-io --aptopt='Acquire::Retries "3"' --aptopt='Acquire::Languages "none"' \
    "$suite" "$directory/root" "deb [signed-by=$keyring] $mirror $suite main" >"$directory/make-root.log" 2>&1; then
    skip "$(grep -m1 '^E:' "$directory/make-root.log" || tail -n 1 "$directory/make-root.log")"
fi
# Without systemd: the same commands, by the init script. Services may start, as on a machine.
printf '#!/bin/sh\nexit 0\n' >"$directory/root/usr/sbin/policy-rc.d"
cat >"$directory/root/usr/local/bin/systemctl" <<'END'
#!/bin/sh
# No systemd runs in a chroot: "systemctl ACTION SERVICE" is "service SERVICE ACTION" here.
case $1 in
    start | stop | restart | reload) exec service "$2" "$1" ;;
    is-active) exec service "$2" status ;;
    *) exit 0 ;;
esac
END
chmod 755 "$directory/root/usr/sbin/policy-rc.d" "$directory/root/usr/local/bin/systemctl"
touch "$directory/made"

#!/usr/bin/env bash
# nginx-conf/quickstart.sh on a bare Debian that has no nginx yet: it says how far it is, ends with an application, and
# opens no port but its own on 127.0.0.1, neither while it runs nor when nginx's service is asked for later.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# The ports that somebody listens on, as ADDRESS:PORT in the kernel's hexadecimal digits, but for apt's way out.
listening() {
    awk '$4 == "0A" && $2 !~ /:0C46$/ { print $2 }' /proc/net/tcp /proc/net/tcp6 | sort -u
}

# A machine has none; that of the test's root lets every service start.
rm -f /usr/sbin/policy-rc.d
! command -v nginx >/dev/null || fail "this root has an nginx already"
[[ -z $(listening) ]] || fail "something listens before: $(listening)"

# All that ever listens while it runs.
(
    while [[ ! -e /results/quickstart.end ]]; do
        listening
        sleep 0.1
    done
) >/results/listening &
watcher=$!
nginx-conf/quickstart.sh >/results/quickstart.log 2>&1 </dev/null || {
    tail -n 40 /results/quickstart.log >&2
    fail "the quickstart"
}
touch /results/quickstart.end
wait "$watcher"

for said in "1/4  packages" "installing" "2/4  build" "25 %" "75 %" "3/4  store" "4/4  nginx on 127.0.0.1:8080" \
    '"slug": "enterprise-mobile-banking-app"' '"config": "production-app-storage"'; do
    grep -qF -- "$said" /results/quickstart.log || fail "the quickstart does not say: $said"
done
[[ $(sort -u /results/listening) == 0100007F:1F90 ]] || fail "listened at: $(sort -u /results/listening | xargs)"
[[ $(listening) == 0100007F:1F90 ]] || fail "listens at: $(listening | xargs)"
nginx-conf/quickstart.sh --stop >/dev/null
[[ -z $(listening) ]] || fail "something listens after --stop: $(listening)"
# The next start of the machine starts no nginx either.
! compgen -G '/etc/rc[2-5].d/S*nginx' >/dev/null || fail "nginx's service is enabled"
say_where "nginx-conf/quickstart.sh without an nginx before"

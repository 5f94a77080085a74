# Sourced by the scripts that run inside of a root.
# shellcheck shell=bash
set -euo pipefail
cd /usr/local/src/nginx-app-create

fail() {
    echo "FAILED: $*" >&2
    tail -n 5 /var/log/nginx/error.log >&2 || true
    exit 1
}

# Runs a step whose output nobody needs when it succeeds.
quietly() {
    if ! "$@" >/results/step.log 2>&1 </dev/null; then
        tail -n 40 /results/step.log >&2
        fail "$*"
    fi
}

# Debian's nginx with the site that it comes with, as it is after "apt-get install nginx".
serve_a_site() {
    quietly apt-get update
    quietly apt-get install -y --no-install-recommends nginx
    service nginx status >/dev/null || quietly service nginx start
    [[ $(curl -s http://127.0.0.1/ -o /dev/null -w '%{http_code}') == 200 ]] || fail "Debian's nginx serves no site"
}

# Asks for the site all the time; "watch_end" fails when one answer was not 200.
watch_site() {
    rm -f /results/watch.*
    (
        while [[ ! -e /results/watch.stop ]]; do
            # A new connection for each: nobody keeps one over a reload.
            curl -s --max-time 10 -o /dev/null -w '%{http_code}\n' http://127.0.0.1/ || true
            sleep 0.02
        done
    ) >/results/watch.log &
    watcher=$!
}

watch_end() {
    touch /results/watch.stop
    wait "$watcher"
    local all bad
    all=$(wc -l </results/watch.log)
    bad=$(grep -vc '^200$' /results/watch.log || true)
    [[ $all -gt 20 ]] || fail "the site was asked only $all times"
    [[ $bad -eq 0 ]] || fail "the site was down for $bad of $all requests: $(grep -v '^200$' /results/watch.log | sort | uniq -c | xargs)"
    echo "the site was asked $all times meanwhile and always answered"
}

# Runs the documentation's blocks, in one shell as a person would; the first command that fails ends it.
run_blocks() {
    local block
    for block in /results/blocks/*.sh; do
        echo "echo '== $(basename "$block")'"
        cat "$block"
        # A reload is done a moment after the command; a person needs longer for the next one.
        echo "sleep 5"
    done >/results/blocks.all
    if ! bash -eo pipefail /results/blocks.all >/results/blocks.log 2>&1; then
        tail -n 30 /results/blocks.log >&2
        fail "a block of the documentation"
    fi
}

# What the blocks have watched, once they have run.
watched() {
    grep -q '^app_create_workers [1-9]' /results/blocks.log || fail "the metrics of docs/install.md were not there"
    grep -q '"ready":true' /results/blocks.log || fail "docs/install.md was not ready"
}

# Says what ran where.
say_where() {
    # shellcheck source=/dev/null
    (. /etc/os-release && echo "$PRETTY_NAME, $(nginx -v 2>&1 | sed 's/.*version: //'): $*") | tee /results/ran-on
}

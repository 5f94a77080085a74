#!/usr/bin/env bash
# What the documentation shows to be copied runs in a test; and where a block does not, this notices.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python3 -B tests/lint/blocks.py .

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# usage: expect FAULT PAGE SED_EXPRESSION: with the page changed so, that fault is found.
expect() {
    rm -rf "${work:?}"/*
    cp -R README.md docs tests "$work/"
    sed -i "$3" "$work/$2"
    found=$(python3 -B tests/lint/blocks.py "$work" || true)
    if [[ $found != *"$1"* ]]; then
        echo "this fault goes unnoticed: $1"
        exit 1
    fi
}

expect 'nothing runs this block: server {' docs/metrics.md '/^<!-- run by: .* -->$/d'
expect 'nothing runs this block: nginx -t' README.md 's/^sed -i .*d. .etc.nginx.*/nginx -t -q/'
expect 'nothing runs the kind nothing' docs/install.md 's/^<!-- run: upgrade/<!-- run: nothing/'
expect 'no script of tests/debian runs the kind upgrade' tests/debian/inside/packages.sh 's/md upgrade/md down/'
expect 'there is no tests/nowhere.sh' docs/appctl.md 's/^<!-- run by: .*/<!-- run by: tests\/nowhere.sh -->/'

#!/usr/bin/env bash
# docs/alerts.yml: promtool finds nothing wrong, each alert has a test, and each test passes. The lines for Prometheus that
# the documentation shows are what promtool takes, with these alerts where they say.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if ! command -v promtool >/dev/null; then
    echo "skipped: there is no promtool here (package prometheus)" >&2
    exit 77
fi
promtool check rules --lint=all --lint-fatal ../../docs/alerts.yml
sed -n 's/^ *- alert: //p' ../../docs/alerts.yml | while read -r alert; do
    # One test in which it fires, one in which it does not.
    grep -A4 "alertname: $alert\$" alerts_test.yml | grep 'exp_labels' >/dev/null ||
        { echo "FAILED: no test in which $alert fires" >&2; exit 1; }
    grep -A3 "alertname: $alert\$" alerts_test.yml | grep 'exp_alerts: \[\]' >/dev/null ||
        { echo "FAILED: no test in which $alert does not fire" >&2; exit 1; }
done
promtool test rules alerts_test.yml

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp ../../docs/alerts.yml "$work/app-create.yml"
for page in docs/metrics.md docs/install.md; do
    sed -n '/<!-- run by: tests\/watching\/alerts.sh -->/,/^ *```$/p' "../../$page" | sed "1,2d;\$d" >"$work/prometheus.yml"
    [[ -s $work/prometheus.yml ]] || { echo "FAILED: $page has no lines for Prometheus" >&2; exit 1; }
    promtool check config "$work/prometheus.yml"
done

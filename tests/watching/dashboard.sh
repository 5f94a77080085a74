#!/usr/bin/env bash
# usage: dashboard.sh NGINX MODULE APPCTL BUILD
#
# nginx-conf/dashboard.html in a real browser while creates come in, under the strict Content-Security-Policy that it
# asks for itself: what it shows is what was sent. Screenshots are left in BUILD/dashboard.
# Exit status 77: there is no Chromium here.
set -euo pipefail

nginx=$1 module=$2 appctl=$3
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
shots=$4/dashboard
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [[ -z $chromium ]]; then
    echo "skipped: there is no Chromium here (package chromium)" >&2
    exit 77
fi

work=$(mktemp -d /tmp/app-create-dashboard.XXXXXX)
load=
fail() {
    echo "FAILED: $*" >&2
    for one in page.html browser.log error.log; do
        [[ ! -s $work/$one ]] || { echo "---- $one"; tail -c 6000 "$work/$one"; } >&2
    done
    exit 1
}
clean() {
    [[ -z $load ]] || kill "$load" 2>/dev/null || true
    [[ ! -s $work/nginx.pid ]] || kill -QUIT "$(cat "$work/nginx.pid")" 2>/dev/null || true
    rm -rf "$work"
}
trap clean EXIT
chmod 755 "$work"
mkdir -p "$work/store" "$work/logs" "$shots"
[[ $(id -u) -ne 0 ]] || chown www-data:www-data "$work/store"

store=sqlite:$work/store/apps.db
"$appctl" --store "$store" init >/dev/null
"$appctl" --store "$store" org create --name Test --slug test >/dev/null
"$appctl" --json --store "$store" key create --org test --owner 507f1f77bcf86cd799439016 |
    python3 -c 'import json, sys; print("header = \"Authorization: Bearer %s\"" % json.load(sys.stdin)["token"])' \
        >"$work/curlrc"
port=$(python3 -c '
import socket
one = socket.socket()
one.bind(("127.0.0.1", 0))
print(one.getsockname()[1])')
policy=$(python3 "$root/tests/watching/csp.py" "$root")
cat >"$work/nginx.conf" <<END
load_module $module;
$([[ $(id -u) -ne 0 ]] || echo "user www-data;")
worker_processes 2;
pid $work/nginx.pid;
thread_pool app_create threads=2;
events {}
http {
    access_log off;
    client_body_temp_path $work/body;
    proxy_temp_path $work/proxy;
    fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi;
    scgi_temp_path $work/scgi;
    app_create_store $store;
    app_create_thread_pool app_create;
    server {
        listen 127.0.0.1:$port;
        location ~ ^/v1/organizations/(?<organization_id>[^/]+)/apps\z { app_create \$organization_id; }
        location = /metrics { app_create_metrics; }
        location = /dashboard {
            alias $root/nginx-conf/dashboard.html;
            default_type "text/html; charset=utf-8";
            add_header Content-Security-Policy "$policy";
        }
    }
}
END
# Workers of another user may not look into the directory of the sources.
cp "$root/nginx-conf/dashboard.html" "$work/dashboard.html"
sed -i "s|$root/nginx-conf/dashboard.html|$work/dashboard.html|" "$work/nginx.conf"
"$nginx" -p "$work" -e "$work/error.log" -c "$work/nginx.conf" >"$work/start.log" 2>&1 || fail "nginx does not start"

url=http://127.0.0.1:$port
ask=(curl -sS --noproxy '*' --max-time 60 -o /dev/null)
create() { "${ask[@]}" -K "$work/curlrc" -H 'Content-Type: application/json' -d '{"name":"Shown"}' "$url/v1/organizations/test/apps?n=[1-$1]"; }
create 150
"${ask[@]}" -d '{}' "$url/v1/organizations/test/apps?n=[1-30]"
(while create 20; do sleep 0.1; done) >/dev/null 2>&1 &
load=$!

# The page's clock may run ahead of the browser's network, which only makes it ask more often.
browse() {
    timeout 120 "$chromium" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync --no-proxy-server \
        --user-data-dir="$work/profile" --enable-logging=stderr --virtual-time-budget=9000 \
        "$@" "$url/dashboard" 2>>"$work/browser.log"
}
cat >"$work/read.py" <<'END'
import html.parser
import re
import sys


class Page(html.parser.HTMLParser):
    """Rows of all tables, and what elements with an id hold."""

    def __init__(self):
        super().__init__()
        self.rows, self.ids, self.state, self.open = [], {}, None, None

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "body":
            self.state = attributes.get("data-state")
        if tag == "tr":
            self.rows.append([])
        self.open = attributes.get("id") if tag in ("b", "span") else tag if tag in ("td", "th") else None

    def handle_data(self, data):
        if self.open in ("td", "th"):
            self.rows[-1].append(data)
        elif self.open:
            self.ids[self.open] = self.ids.get(self.open, "") + data

    def handle_endtag(self, tag):
        self.open = None


page = Page()
text = open(sys.argv[1], encoding="utf-8").read()
page.feed(text)
assert page.state == "shown", page.state
rows = {row[0]: row[1:] for row in page.rows if row}
assert int(rows["200 0"][1].replace(",", "")) >= 150, rows
assert rows["401 4002"][1] == "30", rows
assert page.ids["up"] == "reachable", page.ids
assert page.ids["workers"] == "2", page.ids
for tile in ("requests", "creates"):
    assert float(page.ids[tile].replace(",", "")) > 0, page.ids
for tile in ("p50", "p99"):
    assert re.fullmatch(r"[0-9.]+ m?s", page.ids[tile]), page.ids
assert rows["state"] == ["reachable"], rows
assert re.fullmatch(r"[0-9.]+ m?s", rows["99 % within"][0]), rows
assert float(rows["creates a batch"][0]) >= 1, rows
assert rows["bound"] == ["8,192"], rows
assert "hit" in rows and "known keys" in rows, rows
assert re.search(r'<path d="M[0-9]+ [0-9.]+L', text), "no line in a chart"
END
# Its clock may have run so far ahead that on a busy machine no create came between two looks.
for _ in 1 2 3 4 5 6; do
    browse --dump-dom >"$work/page.html" || fail "the browser ends with $?"
    ! python3 "$work/read.py" "$work/page.html" 2>"$work/read.log" || break
done
python3 "$work/read.py" "$work/page.html" || fail "the page does not show what was sent"
! grep -iE "content security policy|Uncaught|SyntaxError" "$work/browser.log" || fail "the browser complains"

browse --screenshot="$shots/light.png" --window-size=1280,1000 >/dev/null || fail "no screenshot"
browse --screenshot="$shots/dark.png" --window-size=1280,1000 --blink-settings=preferredColorScheme=0 >/dev/null || fail "no screenshot"
browse --screenshot="$shots/phone.png" --window-size=390,1600 >/dev/null || fail "no screenshot"
for one in light dark phone; do
    [[ $(stat -c %s "$shots/$one.png") -gt 10000 ]] || fail "$one.png is empty"
done
! cmp -s "$shots/light.png" "$shots/dark.png" || fail "light and dark are the same"
! grep -E '\[(alert|emerg|crit|error)\]' "$work/error.log" || fail "the error log has something to say"
echo "the page shows what was sent; screenshots are in $shots"

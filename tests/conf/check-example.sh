#!/usr/bin/env bash
# usage: check-example.sh NGINX MODULE
#
# "nginx -t" takes each configuration that the documentation shows: the whole file of docs/directives.md as it is, servers
# and locations within the least that they need.
set -euo pipefail

nginx=$1 module=$2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
work=$(mktemp -d /tmp/app-create-example.XXXXXX)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir "$work/logs"
[[ $(id -u) -ne 0 ]] || chown www-data "$work"

python3 - "$root" "$work" <<'END'
import pathlib
import re
import sys
import textwrap

root, work = map(pathlib.Path, sys.argv[1:])
BLOCK = re.compile(r"^ *<!-- run by: tests/conf/check-example.sh -->\n *```nginx\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
HEAD = """
load_module modules/ngx_http_app_create_module.so;
events {}
http {
app_create_store sqlite:/var/lib/app-create/apps.db;
upstream api { server 127.0.0.1:3000; }
"""
# Where no location takes it from the URI.
NAMED = "map $uri $organization_id { default $uri; }\n"
for page in sorted(root.glob("docs/*.md")):
    for number, text in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), 1):
        text = textwrap.dedent(text)
        if text.startswith("location"):
            text = f"server {{\n{text}}}\n"
        if text.startswith(("server", "split_clients", "app_create_limit", "map")):
            text = f"{HEAD}{'' if '?<organization_id>' in text else NAMED}{text}}}\n"
        (work / f"{page.stem}-{number}.conf").write_text(text, encoding="utf-8")
END
for page in directives-{1..8} metrics-1 install-1; do
    conf=$work/$page.conf
    [[ -s $conf ]] || { echo "FAILED: there is no $page" >&2; exit 1; }
    sed -i -e "s|modules/ngx_http_app_create_module.so|$module|" -e "s|/var/lib/app-create|$work|" "$conf"
    [[ $(id -u) -eq 0 ]] || sed -i '/^user /d' "$conf"
    "$nginx" -p "$work" -e "$work/error.log" -g "pid $work/nginx.pid;" -c "$conf" -t 2>&1 | tee "$work/log"
    grep -q "test is successful" "$work/log" || { echo "FAILED: $page" >&2; exit 1; }
done

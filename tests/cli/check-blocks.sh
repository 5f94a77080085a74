#!/usr/bin/env bash
# usage: check-blocks.sh APPCTL
#
# The commands of docs/appctl.md's example, and of backup and restore in docs/operations.md, as they stand, but for the
# directories, which are of this test.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
work=$(mktemp -d /tmp/app-create-blocks.XXXXXX)
trap 'rm -rf "$work"' EXIT
mkdir "$work/store" "$work/backup" "$work/bin"
ln -s "$(readlink -f "$1")" "$work/bin/appctl"

# The blocks that say so, with the name that the backup has today in place of the restore's example.
python3 - "$root" >"$work/blocks.sh" <<'END'
import pathlib
import re
import sys

for page in ["docs/appctl.md", "docs/operations.md"]:
    text = pathlib.Path(sys.argv[1], page).read_text(encoding="utf-8")
    print("".join(re.findall(r"^<!-- run by: tests/cli/check-blocks.sh -->\n```sh\n(.*?)^```$", text, re.M | re.S)))
END
sed -i -e "s|/var/lib/app-create|$work/store|g" -e "s|/backup/|$work/backup/|g" \
    -e 's|apps-[0-9-]*\.db|apps-$(date +%F).db|' "$work/blocks.sh"
if ! PATH=$work/bin:$PATH bash -eo pipefail "$work/blocks.sh" >"$work/log" 2>&1; then
    cat "$work/log" >&2
    echo "FAILED: a block of the documentation" >&2
    exit 1
fi
for file in "$work/backup/apps-"*.db "$work/store/apps.db.before-restore"; do
    [[ -s $file ]] || { echo "FAILED: no $file: $(cat "$work/log")" >&2; exit 1; }
done
APP_CREATE_STORE=sqlite:$work/store/apps.db "$work/bin/appctl" org show acme | grep '^limit: *100$' >/dev/null ||
    { echo "FAILED: the organization of docs/appctl.md is not there" >&2; exit 1; }

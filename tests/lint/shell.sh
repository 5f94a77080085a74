#!/usr/bin/env bash
# In the scripts there is nothing that shellcheck warns of, and no pipe into "grep -q": it leaves at the first match, what
# still writes is ended by SIGPIPE, and with pipefail a match is now and then a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
scripts=$(find .ci nginx-conf packaging tests bench -name node_modules -prune -o -type f \( -name '*.sh' -o -path .ci/run \) -print |
    sort)
xargs shellcheck --severity=warning <<<"$scripts"
if xargs grep -nE '(^|[^|])\| *grep( -[a-zA-Z]+)* -[a-zA-Z]*q' <<<"$scripts"; then
    echo 'FAILED: a pipe into "grep -q": write "| grep ... >/dev/null"' >&2
    exit 1
fi

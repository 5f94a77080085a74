#!/usr/bin/env bash
# Every location that is shown for copying ends in "\z": with "$" it would also take ".../apps%0A".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

shown=$(grep -rnE --include='*.md' --include='*.conf' --include='*.sh' --include='*.py' \
    '\^/v1/organizations/.*/apps' README.md docs nginx-conf bench/*.py tests/addon packaging)
[[ $(wc -l <<<"$shown") -ge 6 ]] || { echo "FAILED: only these were found: $shown" >&2; exit 1; }
! grep -vE '/apps(/\[\^/\]\+|\(/\[\^/\]\+\)\?)?\\+z' <<<"$shown" >&2 || { echo "FAILED: these do not end in \z" >&2; exit 1; }

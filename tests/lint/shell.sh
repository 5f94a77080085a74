#!/usr/bin/env bash
# In the scripts there is nothing that shellcheck warns of.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
find .ci nginx-conf packaging tests bench -name node_modules -prune -o -type f \( -name '*.sh' -o -path .ci/run \) -print | sort |
    xargs shellcheck --severity=warning

#!/usr/bin/env bash
# usage: prepare.sh DIRECTORY
# Makes the environment of Python in which the tests of docs/openapi.yaml run, with the packages of requirements.txt and
# no others. Skipped where they cannot be had.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
directory=$1

wanted=$(sha256sum requirements.txt)
[[ $(cat "$directory/made-of" 2>/dev/null) != "$wanted" ]] || exit 0
rm -rf "$directory"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { python3 -m venv "$directory" && "$directory/bin/pip" install --no-input --disable-pip-version-check \
    --no-deps --only-binary :all: --retries 1 -r requirements.txt; } >"$log" 2>&1; then
    tail -n 3 "$log"
    rm -rf "$directory"
    echo "skipped: the Python packages of tests/docs/requirements.txt cannot be installed here"
    exit 77
fi
echo "$wanted" >"$directory/made-of"

#!/usr/bin/env bash
# usage: run.sh ENVIRONMENT TEST ARGUMENT...
# Runs a test in the environment that prepare.sh has made; skipped where it could not.
set -euo pipefail
if [[ ! -e $1/made-of ]]; then
    echo "skipped: without the Python packages of tests/docs/requirements.txt, see docs.prepare"
    exit 77
fi
exec "$1/bin/python" -B "$(dirname "${BASH_SOURCE[0]}")/$2" "${@:3}"

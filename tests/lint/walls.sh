#!/usr/bin/env bash
# Includes go one way, from folder to folder; and where one does not, this notices.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python3 -B tests/lint/walls.py .

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R core module cli "$work/"

# usage: expect FAULT FILE INCLUDE: with the include in the file, that fault is found.
expect() {
    echo "#include $3" >>"$work/$2"
    found=$(python3 -B tests/lint/walls.py "$work" || true)
    if [[ $found != *"$2 includes "*"$1"* ]]; then
        echo "this fault goes unnoticed: $1"
        exit 1
    fi
    cp "$2" "$work/$2"
}

expect 'request does not stand below base' core/src/base/values.h '"request/create.h"'
expect 'mongo does not stand below sqlite' core/src/sqlite/sqlite_store.h '"mongo/mongo_store.h"'
expect 'serve does not stand below create' core/src/sqlite/create/batch.h '"sqlite/serve/turn.h"'
expect 'the core knows nothing of nginx' core/src/abi.cc '<ngx_core.h>'
expect 'module knows nothing of the core but app_create.h' module/module.h '"base/values.h"'
expect 'cli leaves that to the core' cli/main.cc '<sqlite3.h>'
expect 'cli leaves that to the core' cli/doctor/store.cc '<sqlite3.h>'
expect 'cli knows nothing of the core but app_create.h' cli/doctor/store.h '"base/values.h"'

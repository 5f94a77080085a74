#!/usr/bin/env bash
# usage: documented.sh BUILD_DIRECTORY
# The documentation has what the code has, and nothing else; and where it has not, this notices.
set -euo pipefail
build=$(cd "$1" && pwd -P)
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python3 -B tests/lint/documented.py . "$build"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$PWD"/{core,module,cli,nginx-conf,CMakeLists.txt,README.md,CHANGELOG.md} "$work/"
cp -R docs "$work/docs"

# usage: expect KIND FAULT PAGE SED_EXPRESSION: with the page changed so, that fault is found.
expect() {
    sed -i "$4" "$work/$3"
    if cmp -s "$3" "$work/$3"; then
        echo "documented.sh: nothing in $3 is as in \"$4\" any more"
        exit 1
    fi
    found=$(python3 -B tests/lint/documented.py "$work" "$build" "$1" || true)
    if [[ $found != *"$2"* ]]; then
        echo "this fault goes unnoticed: $2"
        exit 1
    fi
    cp "$3" "$work/$3"
}

expect directives 'directive app_create_realm is not in docs/directives.md' docs/directives.md 's/^## app_create_realm$/## realm/'
expect directives 'directive app_create_realms is in docs/directives.md only' docs/directives.md 's/^## app_create_realm$/&s/'
expect directives 'app_create_fallback is of location' docs/directives.md '/^## app_create_fallback/,/^## app_create_realm/s/Context: /&http, /'
expect directives 'app_create_queue takes 1 to 2 parameters' docs/directives.md 's/app_create_queue NUMBER \[SIZE\];/app_create_queue NUMBER;/'
# shellcheck disable=SC2016 # a variable of nginx
expect variables 'variable app_create_batch is not in docs/directives.md' docs/directives.md 's/^| `$app_create_batch`/| batch/'
expect errors "error (422, 5002, 'Idempotency key reused') is not in docs/errors.md" docs/errors.md 's/| 422 |/| 409 |/'
expect errors 'Retry-After of code 1006 is not in docs/api.md' docs/api.md '/^| 503 | 1006 |/s/`Retry-After`//'
expect errors 'error code 5060 is not in the examples of docs/openapi.yaml' docs/openapi.yaml 's/code: 5060/code: 5061/'
expect appctl 'appctl key create --token-file is not in docs/appctl.md' docs/appctl.md 's/--token-file/--token/g'
expect appctl 'command org enable is not in docs/appctl.md' docs/appctl.md 's/`org enable ORG`/`org able ORG`/'
expect appctl 'appctl app list has no --all' docs/appctl.md 's/`app list --org ORG/& [--all]/'
expect version 'docs/openapi.yaml is of version 0.9.0' docs/openapi.yaml 's/^  version: .*/  version: 0.9.0/'
expect version 'CHANGELOG.md has no version 9.9.9' docs/directives.md '/^## app_create_realm/,/^## Variables/s/Since: .*/Since:   9.9.9/'

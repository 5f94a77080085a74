#!/usr/bin/env bash
# What the tree cites is in the tree; and where it is not, this notices.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python3 -B tests/lint/citations.py .

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for part in core module cli tests bench nginx-conf packaging config README.md CONTRIBUTING.md CHANGELOG.md SECURITY.md; do
    ln -s "$PWD/$part" "$work/"
done
cp -R docs "$work/docs"

# usage: expect FAULT PAGE SED_EXPRESSION: with the page changed so, that fault is found.
expect() {
    cp "$2" "$work/$2"
    sed -i "$3" "$work/$2"
    if cmp -s "$2" "$work/$2"; then
        echo "citations.sh: nothing in $2 is as in \"$3\" any more"
        exit 1
    fi
    found=$(python3 -B tests/lint/citations.py "$work" || true)
    if [[ $found != *"$1"* ]]; then
        echo "this fault goes unnoticed: $1"
        exit 1
    fi
    cp "$2" "$work/$2"
}

expect 'cites docs/api.md, "Slugs", and the page has no such heading' docs/api.md 's/^## Slugs/## Slug/'
expect 'links to #slugs, and the page has no such heading' docs/api.md 's/^## Slugs/## Slug/'
expect 'links to nowhere.md, which is not in the tree' docs/errors.md '1s/$/ [there](nowhere.md)/'
expect 'cites design.md, which is not in the tree' docs/errors.md '1s/$/ (design.md)/'
expect 'core/src/request/name.h has no kMaxNames' docs/architecture.md 's/`kMaxName`/`kMaxNames`/'
expect 'there is no core/src/request/names.h' docs/architecture.md 's/`core.src.request.name.h`/`core\/src\/request\/names.h`/'
expect 'a row that is not of one question, one file, and symbols' docs/architecture.md 's/ | `kMaxName` |/ | |/'
expect 'names PendingCreates, which is nowhere in the sources' docs/architecture.md 's/A `PendingCreate` stands/A `PendingCreates` stands/'

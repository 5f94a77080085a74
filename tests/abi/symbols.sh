#!/bin/sh
# usage: symbols.sh NM LIBRARY HEADER
# The library exports the functions that the header declares, and no other symbol.
set -eu
declared=$(grep -o '\bac_[a-z_]*(' "$3" | tr -d '(' | sort -u)
exported=$("$1" -D --defined-only "$2" | sed 's/.* //; s/@.*//' | grep -v '^APPCREATE_1$' | sort -u)
if [ "$declared" != "$exported" ]; then
    echo "declared in the header:" $declared
    echo "exported by the library:" $exported
    exit 1
fi
echo "$exported"

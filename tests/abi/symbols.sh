#!/bin/sh
# usage: symbols.sh NM LIBRARY HEADER...
# The library exports the functions that the headers declare, and no other symbol.
set -eu
nm=$1
library=$2
shift 2
declared=$(grep -ho '\bac_[a-z_]*(' "$@" | tr -d '(' | sort -u)
exported=$("$nm" -D --defined-only "$library" | sed 's/.* //; s/@.*//' | grep -v '^APPCREATE_1$' | sort -u)
if [ "$declared" != "$exported" ]; then
    echo "declared in the header:" $declared
    echo "exported by the library:" $exported
    exit 1
fi
echo "$exported"

#!/bin/sh
# usage: document.sh PAGE EXAMPLE
# The page shows the example as it is compiled.
set -eu
shown=$(sed -n '/^```c$/,/^```$/p' "$1" | sed '1d;$d')
if [ "$shown" != "$(cat "$2")" ]; then
    echo "the C example in $1 is not $2: copy it there"
    exit 1
fi

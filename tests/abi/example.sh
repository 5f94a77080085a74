#!/bin/sh
# usage: example.sh PROGRAM
# Runs the documentation's example on a new store, twice: the second run finds the first one's application.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
first=$("$1" "sqlite:$dir/apps.db")
echo "$first"
echo "$first" | grep '^200 {"status":true,"data":{"id":"[0-9a-f]\{24\}","name":"Enterprise Mobile Banking App","slug":"enterprise-mobile-banking-app",' >/dev/null
second=$("$1" "sqlite:$dir/apps.db")
echo "$second"
echo "$second" | grep '"slug":"enterprise-mobile-banking-app-2",' >/dev/null

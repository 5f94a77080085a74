#!/usr/bin/env bash
# usage: … | ran-on.sh TEST
#
# Prints what it reads, one line: what a test ran on. tests/run.sh prints the lines of all tests as the support matrix;
# APP_CREATE_TEST_RESULTS names their directory, where it is not build/test-results.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
directory=${APP_CREATE_TEST_RESULTS:-$root/build/test-results}/ran-on
mkdir -p "$directory"
tee "$directory/$1"

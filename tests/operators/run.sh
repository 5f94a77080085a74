#!/usr/bin/env bash
# Takes steps that operators take, at random from a seed, and knows after each what must hold: tests/operators/model.py.
#
#   tests/operators/run.sh                              300 sequences of 20 steps
#   tests/operators/run.sh --sequences 5000 --seed 7    more of them, others
#   tests/operators/run.sh --seed 7 --steps "create:5; kill-all; rm:shm,load"
#                                                       these steps, as a failure prints them
#   tests/operators/run.sh --found NAME                 a sequence of found.py
#
# Needs a build; --help lists the rest. As root the sequences have file systems, users and processes of their own.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
PYTHONDONTWRITEBYTECODE=1 exec python3 "$here/run.py" "$@"

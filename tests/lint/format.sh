#!/usr/bin/env bash
# Every source is as .clang-format has it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
find core module cli tests bench -name node_modules -prune -o \( -name '*.[ch]' -o -name '*.cc' \) -print | sort |
    xargs clang-format --dry-run -Werror

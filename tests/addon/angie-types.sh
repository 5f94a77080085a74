#!/usr/bin/env bash
# usage: angie-types.sh BUILD_DIRECTORY
#
# No package registry has Angie's sources. Two things that Angie has otherwise than nginx, its header <angie.h> and what
# a server's named locations point at, are made here in a copy of nginx's own header, and the files of the module that
# meet them compile with it. What the result does is for addon.trees, where a tree of Angie is named.
set -euo pipefail

build=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
work=$(mktemp -d /tmp/app-create-angie.XXXXXX)
trap 'rm -rf "$work"' EXIT

python3 - "$build" "$root/module" "$work" <<'END'
import json
import pathlib
import re
import shlex
import subprocess
import sys

build, module, work = map(pathlib.Path, sys.argv[1:])
NAMED = r"ngx_http_core_loc_conf_t(\s+\*\*named_locations;)"
LOCATION = """
typedef struct {
    ngx_str_t name;
    ngx_http_core_loc_conf_t *conf;
} angie_location_t;
"""
commands = {
    pathlib.Path(row["file"]).name: shlex.split(row["command"])
    for row in json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    if pathlib.Path(row["file"]).parent == module
}
folders = [pathlib.Path(word) for word in commands["checks.cc"]]
header = next(folder / "ngx_http_core_module.h" for folder in folders if (folder / "ngx_http_core_module.h").is_file())
text, changes = re.subn(NAMED, r"angie_location_t\1", header.read_text(encoding="utf-8"))
text, places = re.subn(r"(typedef struct ngx_http_core_loc_conf_s .*\n)", rf"\1{LOCATION}", text)
if (changes, places) != (1, 1):
    sys.exit(f"FAILED: {header} is not as this test reads it")
(work / header.name).write_text(text, encoding="utf-8")
(work / "angie.h").write_text("#define ANGIE_VERSION \"1.10.0\"\n", encoding="utf-8")

for name in ["checks.cc", "directives.cc"]:
    words = commands[name]
    del words[words.index("-o") : words.index("-o") + 2]
    words[words.index("-c")] = "-fsyntax-only"
    made = subprocess.run([*words, f"-I{work}"], cwd=build, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        sys.exit(f"FAILED: {name} does not compile as for Angie\n{made.stderr[:3000]}")
    print(f"{name} compiles as for Angie")
END

#!/usr/bin/env python3
"""usage: walls.py ROOT

A folder of core/src includes only folders that stand below it, as docs/architecture.md, "Folders and walls", has them; the
core knows nothing of nginx, and the module and appctl know of the core nothing but the C ABI.
"""

import pathlib
import re
import sys

# From below; folders on one line do not know each other.
CORE = [
    ["base"],
    ["auth"],
    ["json", "slug"],
    ["request"],
    ["store"],
    ["admin", "copy"],
    ["sqlite", "mongo"],
    [""],
]
KINDS = {
    "sqlite": [["file"], ["auth", "create", "read"], ["serve"], ["admin"], ["copy", "backup"], [""]],
    "mongo": [["driver"], ["schema"], ["auth", "create"], ["serve", "admin", "read"], ["copy"], [""]],
}

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"(?P<own>[^"]+)"|<(?P<other>[^>]+)>)', re.M)


def floor_of(floors, folder):
    return next((level for level, folders in enumerate(floors) if folder in folders), None)


def check_floors(floors, here, there):
    """What is wrong with an include of `there` in `here`; nothing: None."""
    if here == there:
        return None
    mine, its = floor_of(floors, here), floor_of(floors, there)
    if mine is None or its is None:
        return "a folder that walls.py does not know"
    return None if its < mine else f"{there or 'the top'} does not stand below {here or 'the top'}"


def core_faults(root):
    source = root / "core/src"
    for path in sorted([*source.rglob("*.h"), *source.rglob("*.cc")]):
        parts = path.relative_to(source).parts
        here, here_inside = (parts[0] if len(parts) > 1 else ""), (parts[1] if len(parts) > 2 else "")
        for include in INCLUDE.finditer(path.read_text(encoding="utf-8")):
            if include["other"]:
                if include["other"].startswith("ngx_"):
                    yield path, include["other"], "the core knows nothing of nginx"
                continue
            target = pathlib.PurePath(include["own"]).parts
            if target == ("app_create.h",):
                continue
            there, there_inside = (target[0] if len(target) > 1 else ""), (target[1] if len(target) > 2 else "")
            fault = check_floors(CORE, here, there)
            if fault is None and here == there and here in KINDS:
                fault = check_floors(KINDS[here], here_inside, there_inside)
            if fault:
                yield path, include["own"], fault


def other_faults(root):
    """A header of the module's or of appctl's own folder, the C ABI, or one of the system's."""
    theirs = re.compile(r"^(sqlite3|mongoc|bson|unicode|boost|openssl)\b")
    for folder in ("module", "cli"):
        for path in sorted(one for one in (root / folder).rglob("*") if one.suffix in (".h", ".c", ".cc")):
            for include in INCLUDE.finditer(path.read_text(encoding="utf-8")):
                name = include["own"] or include["other"]
                if include["own"] and name != "app_create.h" and not (root / folder / name).exists():
                    yield path, name, f"{folder} knows nothing of the core but app_create.h"
                if include["other"] and theirs.match(name):
                    yield path, name, f"{folder} leaves that to the core"


def main(root):
    faults = [*core_faults(root), *other_faults(root)]
    for path, name, fault in faults:
        print(f"{path.relative_to(root)} includes {name}: {fault}")
    includes = sum(len(INCLUDE.findall(path.read_text(encoding="utf-8"))) for path in (root / "core/src").rglob("*.h"))
    if includes < 100:
        print(f"only {includes} includes were found: this test no longer reads the sources as they are written")
        return 1
    print(f"{len(faults)} wrong")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))

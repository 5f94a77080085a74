#!/usr/bin/env python3
"""usage: blocks.py ROOT

What README.md and docs show to be copied runs in a test: each block of shell, of a configuration or of a program there has a
line above it, "<!-- run: KIND -->" (a bare Debian, tests/debian: a kind of KINDS), "<!-- run by: FILE -->" (a file of tests) or
"<!-- not run: REASON -->". A block whose lines all stand in blocks with the first needs none.
"""

import pathlib
import re
import sys
import textwrap

BLOCK = re.compile(r"(?:^ *<!-- (run|run by|not run): ([^\n]+) -->\n\n?)?^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
# Whose blocks tests/debian/run.sh asks for, and those of tests/debian/inside/packages.sh.
KINDS = {"packages", "sources", "upgrade", "mend"}
RUNNABLE = {"sh", "bash", "nginx", "yaml", "cmake", "c", "js", "python", "go"}


def scripts_of_debian(root):
    return (root / "tests/debian").rglob("*.sh")


def main(root):
    blocks = []
    for page in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        for found in BLOCK.finditer(text):
            mark, value, language, content = found.groups()
            if language in RUNNABLE:
                line = text.count("\n", 0, found.start(3)) + 1
                blocks.append((f"{page.relative_to(root)}:{line}", mark, value, textwrap.dedent(content).splitlines()))
    run = {line for _, mark, _, lines in blocks if mark == "run" for line in lines}
    faults = []
    for where, mark, value, lines in blocks:
        if mark == "run" and not set(re.split(r"[, ]+", value)) <= KINDS:
            faults.append(f"{where}: nothing runs the kind {value}")
        if mark is None and not set(lines) <= run:
            faults.append(f"{where}: nothing runs this block: {lines[0]}")
        if mark == "run by" and not (root / value).is_file():
            faults.append(f"{where}: there is no {value}")
    if not run:
        faults.append("no block is run: this test no longer reads the pages as they are written")
    for kind in KINDS:
        if not any(re.search(rf"(blocks |run_block \S+ ){kind}\b", path.read_text(encoding="utf-8")) for path in scripts_of_debian(root)):
            faults.append(f"no script of tests/debian runs the kind {kind}")
    print("".join(f"{fault}\n" for fault in faults) + f"{len(blocks)} blocks, {len(faults)} wrong")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))

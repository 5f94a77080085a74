"""usage: blocks.py DIRECTORY KIND FILE...

Writes each fenced block of the Markdown FILEs that follows a line "<!-- run: KIND… -->" with this KIND, in order, to
DIRECTORY/NN-NAME.sh, and prints their names. A block that was there before, word for word, is written once.
"""

import pathlib
import re
import sys
import textwrap

MARK = re.compile(r"^ *<!-- run: ([a-z, ]+) -->\n *```\w*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)

directory, kind = pathlib.Path(sys.argv[1]), sys.argv[2]
seen = set()
for name in sys.argv[3:]:
    for kinds, text in MARK.findall(pathlib.Path(name).read_text(encoding="utf-8")):
        # One in a list is indented.
        text = textwrap.dedent(text)
        if kind not in re.split(r"[, ]+", kinds) or text in seen:
            continue
        seen.add(text)
        file = directory / f"{len(seen):02}-{pathlib.Path(name).stem.lower()}.sh"
        file.write_text(text, encoding="utf-8")
        print(file.name)

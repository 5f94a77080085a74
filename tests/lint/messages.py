#!/usr/bin/env python3
"""usage: messages.py ROOT

docs/operations.md lists every line that the module can write to the error log, with cause and remedy. This finds the
messages in the sources, as texts: whatever function logs them, every literal of some words is one, unless it is listed
below as something else. Each has to stand in the page, with "…" for what is filled in.
"""

import pathlib
import re
import sys

# Where lines of the log come from. Left out is what only appctl prints, what clients read, and what "nginx -t" says of
# a URI's form (docs/stores.md).
SOURCES = ["module/*.cc", "core/src/sqlite/**/*.cc", "core/src/mongo/**/*.cc"]
NOT_LOGGED = re.compile(
    r"(^|/)(module/(reason_phrases|metrics_text|health)|admin/\w+|copy/\w+|backup/\w+|create/\w+|query|uri_check|new_file|bare_file|damage_note|frozen)(\.cc)?$"
)

# For developers, in an nginx of theirs.
DEBUG = re.compile(r"\bngx_log_debug\d\([^;]*\);")

# Literals of some words that are no messages.
NOT_MESSAGES = [
    re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|PRAGMA|BEGIN|VALUES|WHERE|FROM|SET|ALTER)\b"),
    re.compile(r"^application/json"),
    re.compile(r"^[A-Z]+(, [A-Z]+)+$"),  # methods
]

TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|\#\s*include[^\n]*|\b\d[\w']*|'(?:\\.|[^'\\\n])+'|R"\((?P<raw>.*?)\)"|"(?P<text>(?:\\.|[^"\\\n])*)"|(?P<gap>\s+)|(?P<code>.)""",
    re.S | re.X,
)
CONVERSION = re.compile(r"%(?:\.?\*s|[0-9.]*(?:ui|uz|ul|V|s|P|i|d|xd|T|O|M)|%)")
ESCAPES = {"n": " ", "t": " ", "r": " ", '"': '"', "\\": "\\", "'": "'"}


def literals(source):
    """The string literals of a C++ file; neighbours are one."""
    parts = []
    for token in TOKEN.finditer(source):
        if token["text"] is not None:
            parts.append(re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], m[1]), token["text"]))
        elif token["raw"] is not None:
            parts.append(token["raw"])
        elif token["code"] is not None and parts:
            yield "".join(parts)
            parts = []


def is_message(text):
    words = [word for word in CONVERSION.sub(" ", text).split() if len(re.findall(r"[A-Za-z]", word)) > 1]
    return len(words) >= 3 and not any(one.search(text) for one in NOT_MESSAGES)


def normalized(text):
    """As the page has it: "…" for a value, one blank between words, no punctuation at the ends."""
    text = re.sub(r"\s+", " ", CONVERSION.sub("…", text.replace("%Z", "")))
    return text.strip(" :;,.()\"…")


def page_text(page):
    return re.sub(r"\s+", " ", page.replace("`", "").replace("\\|", "|"))


def main(root):
    page = page_text((root / "docs/operations.md").read_text(encoding="utf-8"))
    found = missing = 0
    for pattern in SOURCES:
        for path in sorted(root.glob(pattern)):
            if NOT_LOGGED.search(str(path)):
                continue
            for text in literals(DEBUG.sub(";", path.read_text(encoding="utf-8"))):
                if not is_message(text):
                    continue
                found += 1
                if normalized(text) not in page:
                    missing += 1
                    print(f"{path.relative_to(root)}: not in docs/operations.md: {normalized(text)}")
    if found < 150:
        print(f"only {found} messages were found: this test no longer reads the sources as they are written")
        return 1
    print(f"{found} messages, {missing} missing")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))

#!/usr/bin/env python3
"""usage: citations.py ROOT

What the tree cites is in the tree:

- a page and its sections, as in (docs/api.md, "Slugs"), by the headings as they are;
- relative links of Markdown, with their anchors;
- files that comments name;
- each row of the table "Where is the rule" in docs/architecture.md: the file, and in it the symbols;
- names of the code that pages for contributors have as code.
"""

import os
import pathlib
import re
import sys

SKIPPED = {".git", "node_modules", "__pycache__"}
SOURCES = {".h", ".c", ".cc", ".js", ".go"}
SCRIPTS = {".py", ".sh", ".conf", ".cmake", ".yaml", ".yml"}

# Files of others that comments name: of nginx, SQLite, MongoDB's driver, a package's.
OTHERS = re.compile(r"^(ngx_\w+|os_unix|wal|sqlite3|mongoc[-\w]*|jansson|cmocka|unicode/\w+)\.[hc]$")

# Words for texts that are not there.
GONE = re.compile(r"""\bthe contract\b|\(contract[,)]|\bcontract, (?:"|steps? \d)|\bcontract's\b|\bdesign, \"""", re.I)

PAGE = re.compile(r"""(?P<page>\b[\w./-]*\w\.md)\b(?P<sections>(?:(?:,| and|, and)\s+(?:"[^"\n]+"|\d+))*)""")
LINK = re.compile(r"\[(?:[^\]\[]|\[[^\]]*\])*\]\((?P<target>[^)\s]+)\)")
FILE = re.compile(r"(?<![\w./*<$-])(?P<file>[A-Za-z_][\w/]*\.(?:h|cc|cpp|c))\b(?!\()")
COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.S)


def files_of(root):
    for folder, folders, names in os.walk(root, followlinks=True):
        at = pathlib.Path(folder)
        folders[:] = sorted(
            name for name in folders if name not in SKIPPED and not (at / name / "CMakeCache.txt").exists()
        )
        yield from (at / name for name in sorted(names))


def is_text(path):
    return path.suffix in SOURCES | SCRIPTS | {".md"} or path.name in ("CMakeLists.txt", "config", "run")


def is_cited(path):
    return path.stem != "citations"  # this test is full of what is not there


def without_code(page):
    return re.sub(r"^( *)(```|~~~).*?^\1\2 *$", "", page, flags=re.S | re.M)


def headings_of(page):
    """The headings of a page, and their anchors as Git forges make them."""
    headings, anchors = [], []
    for line in without_code(page).splitlines():
        match = re.match(r"#{1,6} +(.*?) *#*$", line)
        if match:
            heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match[1]).replace("`", "")
            anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            same = sum(one == anchor or re.fullmatch(re.escape(anchor) + r"-\d+", one) is not None for one in anchors)
            headings.append(heading)
            anchors.append(f"{anchor}-{same}" if same else anchor)
    return headings, anchors


def comments_of(path, text):
    """What a source says in words, line breaks within a comment as blanks."""
    if path.suffix in SOURCES:
        text = "\n".join(token[0] for token in COMMENT.finditer(text) if not token[0].startswith('"')) + "\n"
        text = re.sub(r"\n//", " ", text)
        return re.sub(r"\s*\n\s*\*?\s*", " ", text).replace("//", " ")
    if path.suffix == ".md":
        return re.sub(r"\n(?=\S)", " ", LINK.sub(" ", text))  # links are looked at by themselves
    return re.sub(r"\$\{?\w+\}?/", "", re.sub(r"\n\s*#", " ", text))


class Tree:
    def __init__(self, root):
        self.root = root
        self.texts = {
            path.relative_to(root): path.read_text(encoding="utf-8", errors="replace")
            for path in files_of(root)
            if is_text(path)
        }
        self.names = {path.relative_to(root) for path in files_of(root)}
        self.pages = {path: headings_of(text) for path, text in self.texts.items() if path.suffix == ".md"}
        self.faults = []
        self.counts = {"citations": 0, "sections": 0, "links": 0, "files": 0, "rules": 0, "names": 0}

    def fault(self, path, what):
        self.faults.append(f"{path}: {what}")

    def find_page(self, path, name):
        for candidate in (pathlib.Path(name), pathlib.Path(os.path.normpath(path.parent / name))):
            if candidate in self.pages:
                return candidate
        return None

    def check_pages(self, path, words):
        for match in PAGE.finditer(words):
            self.counts["citations"] += 1
            page = self.find_page(path, match["page"])
            if page is None:
                self.fault(path, f"cites {match['page']}, which is not in the tree; is it named from the root?")
                continue
            for section in re.findall(r'"([^"]+)"', match["sections"]):
                self.counts["sections"] += 1
                if re.sub(r"\s+", " ", section) not in self.pages[page][0]:
                    self.fault(path, f'cites {page}, "{section}", and the page has no such heading')

    def check_files(self, path, words):
        for match in FILE.finditer(words):
            name = match["file"]
            self.counts["files"] += 1
            if OTHERS.match(name) or any(str(one) == name or str(one).endswith("/" + name) for one in self.names):
                continue
            self.fault(path, f"a comment names {name}, which is not in the tree")

    def check_links(self, path, text):
        for match in LINK.finditer(re.sub(r"`[^`\n]*`", "", without_code(text))):
            target, _, anchor = match["target"].partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            self.counts["links"] += 1
            there = pathlib.Path(os.path.normpath(path.parent / target)) if target else path
            if not (self.root / there).exists():
                self.fault(path, f"links to {match['target']}, which is not in the tree")
            elif anchor and there in self.pages and anchor not in self.pages[there][1]:
                self.fault(path, f"links to {match['target']}, and the page has no such heading")

    def check_rules(self):
        path = pathlib.Path("docs/architecture.md")
        _, _, table = self.texts[path].partition("\n## Where is the rule\n")
        for line in re.findall(r"^\|.*", table, re.M):
            row = re.fullmatch(r"\| ([^|]+) \| `([^`|]+)` \| (`[^|]+`) \|", line)
            if row is None:
                if line not in ("| question | file | symbol |", "|---|---|---|"):
                    self.fault(path, f"a row that is not of one question, one file, and symbols: {line}")
                continue
            self.counts["rules"] += 1
            file = pathlib.Path(row[2])
            if file not in self.names:
                self.fault(path, f'"{row[1]}": there is no {file}')
                continue
            source = (self.root / file).read_text(encoding="utf-8")
            for symbol in re.findall(r"`([^`]+)`", row[3]):
                if not re.search(rf"(?<!\w){re.escape(symbol)}(?!\w)", source):
                    self.fault(path, f'"{row[1]}": {file} has no {symbol}')

    def check_names(self):
        """A name as a page has it, in code: of a type, a function, a constant of ours."""
        words = set()
        for path, text in self.texts.items():
            if is_cited(path) and path.suffix != ".md":
                words.update(re.findall(r"\w+", text))
        for path in map(pathlib.Path, ("docs/architecture.md", "CONTRIBUTING.md")):
            for name in sorted(set(re.findall(r"`(?:\w+::)*(\w*[A-Z_]\w*)(?:\(\))?`", without_code(self.texts[path])))):
                self.counts["names"] += 1
                if name not in words:
                    self.fault(path, f"names {name}, which is nowhere in the sources")

    def check(self):
        for path, text in self.texts.items():
            if not is_cited(path):
                continue
            words = re.sub(r"https?://\S+", "", comments_of(path, text))
            self.check_pages(path, words)
            if path.suffix in SOURCES:
                self.check_files(path, words)
            if path.suffix == ".md":
                self.check_links(path, text)
            for match in GONE.finditer(words):
                self.fault(path, f'cites "{match[0]}", a text that is not in the tree; see docs/api.md')
        self.check_rules()
        self.check_names()


def main(root):
    tree = Tree(root)
    tree.check()
    for fault in tree.faults:
        print(fault)
    least = {"citations": 80, "sections": 60, "links": 100, "files": 20, "rules": 80, "names": 50}
    for what, number in least.items():
        if tree.counts[what] < number:
            print(f"only {tree.counts[what]} {what} were found: this test no longer reads the tree as it is written")
            return 1
    print(", ".join(f"{number} {what}" for what, number in tree.counts.items()) + f"; {len(tree.faults)} wrong")
    return 1 if tree.faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))

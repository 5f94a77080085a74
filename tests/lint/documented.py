#!/usr/bin/env python3
"""usage: documented.py ROOT BUILD_DIRECTORY [KIND...]

What the code has and what the documentation has are the same, in both directions: directives with their contexts,
variables, error codes, commands and options of appctl, the version. Each kind is a function below that yields faults,
and a row of KINDS. Metrics are the affair of tests/watching/documented.py.
"""

import itertools
import pathlib
import re
import subprocess
import sys


def read(path):
    return path.read_text(encoding="utf-8")


def section(page, heading):
    """The text below a heading, up to the next one of its level or above."""
    level = len(re.match(r"#+", heading)[0])
    _, found, rest = ("\n" + page).partition(f"\n{heading}\n")
    return re.split(rf"\n#{{1,{level}}} ", rest)[0] if found else ""


def compare(what, code, page, pages):
    """Names in the code and names in a page."""
    yield from (f"{what} {name} is not in {pages}" for name in sorted(code - page, key=str))
    yield from (f"{what} {name} is in {pages} only" for name in sorted(page - code, key=str))
    if not code:
        yield f"no {what} was found: this test no longer reads the sources as they are written"


# ---- directives

CONTEXTS = {"MAIN": "http", "SRV": "server", "LOC": "location"}
ARGUMENTS = {"NOARGS": (0, 0), "TAKE1": (1, 1), "TAKE12": (1, 2), "TAKE123": (1, 3), "TAKE2": (2, 2), "TAKE23": (2, 3), "TAKE4": (4, 4),
             "TAKE5": (5, 5), "FLAG": (1, 1)}


def directives_of_code(root):
    rows = {}
    for path in root.glob("module/*.cc"):
        for row in re.finditer(r'\{\s*ngx_string\("(app_create\w*)"\),\s*([A-Z0-9_|\s]*NGX_CONF_\w+)\s*,', read(path)):
            flags = row[2]
            contexts = {CONTEXTS[name] for name in re.findall(r"NGX_HTTP_(\w+)_CONF\b", flags)}
            counts = [ARGUMENTS[name] for name in re.findall(r"NGX_CONF_(\w+)", flags)]
            rows[row[1]] = contexts, (min(least for least, _ in counts), max(most for _, most in counts))
    return rows


def directives(root, _build):
    code = directives_of_code(root)
    page = read(root / "docs/directives.md")
    documented = set(re.findall(r"^## (app_create\w*)$", page, re.M))
    yield from compare("directive", set(code), documented, "docs/directives.md")
    listed = set(re.findall(r"^- \[(app_create\w*)\]\(#\1\)$", page, re.M))
    yield from compare("directive", set(code), listed, "the list at the top of docs/directives.md")
    for name in sorted(documented & set(code)):
        contexts, (least, most) = code[name]
        fields = dict(re.findall(r"^    (Syntax|Default|Context|Since): +(.+)$", section(page, f"## {name}"), re.M))
        missing = {"Syntax", "Default", "Context", "Since"} - set(fields)
        if missing:
            yield f"directive {name} has no {', '.join(sorted(missing))} in docs/directives.md"
            continue
        if set(fields["Context"].split(", ")) != contexts:
            yield f"directive {name} is of {', '.join(sorted(contexts))}, docs/directives.md says {fields['Context']}"
        # One line for each form; "[a | b]" is one parameter.
        forms = re.findall(rf"^    (?:Syntax:)? +{name}((?: [^;]+)?);$", section(page, f"## {name}"), re.M)
        words = [re.sub(r"\s*\|\s*", "|", form).split() for form in forms]
        counts = [(sum(word[0] != "[" for word in form), len(form)) for form in words]
        if not counts or (min(few for few, _ in counts), max(many for _, many in counts)) != (least, most):
            yield f"directive {name} takes {least} to {most} parameters, docs/directives.md says {fields['Syntax']}"


# ---- variables


def variables(root, _build):
    code = set(re.findall(r'ngx_string\("(app_create_\w+)"\)', read(root / "module/variables.cc")))
    table = section(read(root / "docs/directives.md"), "## Variables")
    page = set(re.findall(r"^\| `\$(app_create_\w+)` \|", table, re.M))
    yield from compare("variable", code, page, 'docs/directives.md, "Variables"')
    # Elsewhere, as in configurations to copy, no other name is used.
    for path in itertools.chain(root.glob("docs/*.md"), root.glob("nginx-conf/**/*"), [root / "README.md"]):
        if path.is_dir():
            continue
        used = set(re.findall(r"\$\{?(app_create_\w+)", read(path)))
        yield from (f"{path.relative_to(root)}: there is no variable ${name}" for name in sorted(used - code))


# ---- error codes


def errors(root, _build):
    header = read(root / "core/include/app_create.h")
    codes = {int(code) for code in re.findall(r"AC_CODE_\w+ = (\d+)", header)} - {0}
    rows = re.findall(
        r'APPCREATE_ANSWER\((\d+), (\d+), (\d+), "([^"]+)"\)', read(root / "core/src/request/answers.cc")
    )
    answers = {(int(status), int(code), message) for status, code, _, message in rows}
    retries = {int(code) for _, code, retry, _ in rows if retry != "0"}
    yield from compare("error code", codes, {code for _, code, _ in answers}, "core/src/request/answers.cc")
    for name, heading in (("docs/errors.md", None), ("docs/api.md", "### Codes")):
        page = read(root / name)
        table = section(page, heading) if heading else page
        found = re.findall(r"^\| (\d{3}) \| (\d{4}) \| ([^|]+?) \|(.*)$", table, re.M)
        documented = {(int(status), int(code), message) for status, code, message, _ in found}
        yield from compare("error", answers, documented, name)
        if heading:
            told = {int(code) for _, code, _, rest in found if "`Retry-After`" in rest}
            yield from compare("Retry-After of code", retries, told, f"{name}, Codes")
    yaml = root / "docs/openapi.yaml"
    page = read(yaml)
    examples = {int(code) for code in re.findall(r"\bcode: (\d{4})\b", page)}
    yield from compare("error code", codes, examples, "the examples of docs/openapi.yaml")


# ---- appctl


def help_of(appctl, *words):
    return subprocess.run([appctl, *words, "--help"], check=True, capture_output=True, text=True).stdout


def options_of(text):
    return set(re.findall(r"(?<![\w-])--([a-z][a-z-]*)", text))


def appctl(root, build):
    program = build / "appctl"
    if not program.exists():
        yield f"{program} is not there: build it, as in: ninja -C {build} appctl"
        return
    everything = help_of(program)
    commands = re.findall(r"^  ([a-z]+(?: [a-z]+)?)(?: \[?[A-Z]+\]?)?  +\S", everything, re.M)
    shared = options_of(everything)
    page = read(root / "docs/appctl.md")

    table = set(re.findall(r"^\| `--([a-z-]+)", page.partition("\n## ")[0], re.M))
    yield from compare("option", shared, table, "the first table of docs/appctl.md")

    # Command → the options that its headings name, and all that its section says.
    named, said = {}, {}
    for heading, text in re.findall(r"^### (`.+)\n((?:(?!##).*\n?)*)", page, re.M):
        for usage in re.findall(r"`([^`]+)`", heading):
            name = re.match(r"[a-z]+(?: [a-z]+)?", usage)[0]
            named.setdefault(name, set()).update(options_of(usage))
            said[name] = said.get(name, "") + heading + text
    yield from compare("command", set(commands), set(named), "docs/appctl.md")

    for name in sorted(set(commands) & set(named)):
        usage = help_of(program, *name.split()).partition("\n\n")[0]
        options = options_of(usage) - shared
        missing = options - options_of(said[name])
        yield from (f"appctl {name} --{one} is not in docs/appctl.md" for one in sorted(missing))
        extra = named[name] - options
        yield from (f"appctl {name} has no --{one}, docs/appctl.md says so" for one in sorted(extra))


# ---- the version


def version(root, _build):
    number = re.search(r"project\([\w-]+ VERSION (\d+\.\d+\.\d+)", read(root / "CMakeLists.txt"))[1]
    parts = re.findall(r"#define AC_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", read(root / "core/include/app_create.h"))
    places = {
        "core/include/app_create.h": ".".join(parts),
        "docs/openapi.yaml": re.search(r"^  version: (\S+)$", read(root / "docs/openapi.yaml"), re.M)[1],
    }
    for name, other in places.items():
        if other != number:
            yield f"{name} is of version {other}, CMakeLists.txt of {number}"
    released = re.findall(r"^## (\d+\.\d+\.\d+)$", read(root / "CHANGELOG.md"), re.M)
    if number not in released:
        yield f"CHANGELOG.md has no version {number}"
    sinces = re.findall(r"^    Since: +(\S+)$", read(root / "docs/directives.md"), re.M)
    unknown = set(sinces) - set(released) - {"Unreleased"}
    yield from (f"docs/directives.md: CHANGELOG.md has no version {since}" for since in sorted(unknown))


KINDS = [directives, variables, errors, appctl, version]


def main(root, build, names):
    kinds = [kind for kind in KINDS if not names or kind.__name__ in names]
    faults = [fault for kind in kinds for fault in kind(root, build)]
    for fault in faults:
        print(fault)
    print(f"{', '.join(kind.__name__ for kind in kinds)}: {len(faults)} wrong")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve(), sys.argv[3:]))

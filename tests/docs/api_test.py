"""usage: api_test.py ROOT BUILD_DIRECTORY

docs/api.md's example, run as it stands, gets the answer that the page shows, and so do the shorter ones of the
documentation: what is shown as JSON is an example of docs/openapi.yaml, which openapi_test.py asks a gateway for.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from gateway import Gateway
from openapi_test import Document, normalized

PAGES = ["docs/api.md", "docs/errors.md"]


def blocks(page, language):
    found, _, rest = page.partition(f"\n```{language}\n")
    while rest:
        block, _, rest = rest.partition("\n```\n")
        yield block
        found, _, rest = rest.partition(f"\n```{language}\n")


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main(root, build):
    faults = []
    page = (root / PAGES[0]).read_text(encoding="utf-8")
    *_, command = blocks(page, "sh")
    *_, shown = blocks(page, "json")
    with Gateway(build) as gateway:
        environment = os.environ | {"GATEWAY": gateway.url(), "TOKEN": gateway.token}
        done = subprocess.run(
            ["bash", "-c", command], env=environment, capture_output=True, text=True, check=False
        )
    expected = json.loads(shown)
    if normalized(done.stdout, expected) != compact(expected):
        faults.append(f"{PAGES[0]} shows\n  {compact(expected)}\nand is answered with\n  {done.stdout}{done.stderr}")

    known = {compact(example[-1]) for example in Document(root / "docs/openapi.yaml").examples()}
    seen = 0
    for name in PAGES:
        for block in blocks((root / name).read_text(encoding="utf-8"), "json"):
            seen += 1
            if block != shown and compact(json.loads(block)) not in known:
                faults.append(f"{name}: no example of docs/openapi.yaml is\n  {block}")

    for fault in faults:
        print(fault)
    print(f"{seen} examples, {len(faults)} wrong")
    return 1 if faults or seen < 4 else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()))

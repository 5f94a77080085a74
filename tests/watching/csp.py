#!/usr/bin/env python3
"""usage: csp.py ROOT

nginx-conf/dashboard.html carries its own Content-Security-Policy, with the hashes of its style and its script. Prints
the policy that it should have; fails when it has another one, or when something in it would not be allowed.
"""

import base64
import hashlib
import pathlib
import re
import sys


def hash_of(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


page = (pathlib.Path(sys.argv[1]) / "nginx-conf/dashboard.html").read_text(encoding="utf-8")
styles = re.findall(r"<style>(.*?)</style>", page, re.S)
scripts = re.findall(r"<script>(.*?)</script>", page, re.S)
wanted = (
    f"default-src 'none'; connect-src 'self'; script-src {' '.join(map(hash_of, scripts))}; "
    f"style-src {' '.join(map(hash_of, styles))}; base-uri 'none'; form-action 'none'"
)
print(wanted)
found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
assert len(styles) == 1 and len(scripts) == 1, "more than one style or script"
assert found and found[1] == wanted, f"the page has another policy: {found and found[1]}"
markup = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.S)
for what in (r"\sstyle=", r"\son[a-z]+=", r"\ssrc=", r"<link", r"<img", r"https?://", r"javascript:"):
    assert not re.search(what, markup), f"the page has {what}, which the policy forbids or which leads elsewhere"

"""usage: skipped.py JUNIT_XML: lists the tests that were skipped, each with its reason."""

import sys
import xml.etree.ElementTree as tree


def reason_of(output: str) -> str:
    """GoogleTest says in one line where, in the next one why; others say why in the first line that has the word."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for line, reason in zip(lines, lines[1:]):
        if line.endswith(": Skipped"):
            return reason
    reasons = [line for line in lines if "skip" in line.lower()] or lines[-1:] or ["no reason given"]
    return reasons[0].removeprefix("skipped: ")


skipped = []
for case in tree.parse(sys.argv[1]).getroot().iter("testcase"):
    if case.find("skipped") is None:
        continue
    skipped.append(f"  {case.get('name')}: {reason_of(case.findtext('system-out') or '')}")

if skipped:
    print("skipped:", *skipped, sep="\n")

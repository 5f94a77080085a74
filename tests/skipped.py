"""usage: skipped.py JUNIT_XML: lists the tests that were skipped, each with its reason."""

import sys
import xml.etree.ElementTree as tree

skipped = []
for case in tree.parse(sys.argv[1]).getroot().iter("testcase"):
    if case.find("skipped") is None:
        continue
    output = (case.findtext("system-out") or "").strip().splitlines()
    reasons = [line for line in output if "skip" in line.lower()] or output[-1:] or ["no reason given"]
    skipped.append(f"  {case.get('name')}: {reasons[0].removeprefix('skipped: ').strip()}")

if skipped:
    print("skipped:", *skipped, sep="\n")

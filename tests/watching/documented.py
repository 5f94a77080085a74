#!/usr/bin/env python3
"""usage: documented.py ROOT

A metric that is told and not in docs/metrics.md fails, and the other way round, as does one that an alert, Grafana's
dashboard or the page asks for and that is not told.
"""

import json
import pathlib
import re
import sys

NAME = re.compile(r"\bapp_create_[a-z_]+\b")
# Directives, variables and zones that the pages speak of.
NOT_METRICS = re.compile(r"app_create_(metrics|health|timeout|queue|key_cache|store_time|fallback|store)")


def told(source):
    """Names of samples, as the page has them, by type: Page's functions append what the type has."""
    names = {}
    for kind, name in re.findall(r'\.?(?:page->|page\.)(counter|gauge|histogram|info)\(\s*"(app_create_[a-z_]+)"', source):
        names[name + {"counter": "_total", "info": "_info"}.get(kind, "")] = kind
    for table, suffix, kind in (("counters", "_total", "counter"), ("gauges", "", "gauge")):
        body = re.search(r"\} %s\[\] = \{(.*?)\n    \};" % table, source, re.S)[1]
        for name in re.findall(r'\{"(app_create_[a-z_]+)"', body):
            names[name + suffix] = kind
    for name in re.findall(r'add_histogram\(page, conf, labels, "(app_create_[a-z_]+)"', source):
        names[name] = "histogram"
    return {name: "gauge" if kind == "info" else kind for name, kind in names.items()}


def samples(names):
    for name, kind in names.items():
        if kind == "histogram":
            yield from (name + suffix for suffix in ("_bucket", "_sum", "_count"))
        else:
            yield name


def expressions(value):
    """All of a dashboard's queries."""
    if isinstance(value, dict):
        for key, inside in value.items():
            if key in ("expr", "query") and isinstance(inside, str):
                yield inside
            yield from expressions(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from expressions(inside)


def main(root):
    problems = []
    names = told((root / "module/metrics_text.cc").read_text())
    if len(names) < 20:
        problems.append(f"only {len(names)} metrics were found: this test no longer reads the source as it is written")

    page = (root / "docs/metrics.md").read_text()
    rows = dict(re.findall(r"^\| `(app_create_[a-z_]+)` \| (\w+) \|", page, re.M))
    for name in sorted(names.keys() - rows.keys()):
        problems.append(f"{name} is not in docs/metrics.md")
    for name in sorted(rows.keys() - names.keys()):
        problems.append(f"docs/metrics.md has {name}, which nothing tells")
    for name in sorted(names.keys() & rows.keys()):
        if names[name] != rows[name]:
            problems.append(f"{name} is a {names[name]}, docs/metrics.md says {rows[name]}")

    known = set(samples(names))
    used = set()
    grafana = json.loads((root / "docs/grafana-dashboard.json").read_text())
    texts = {
        "docs/grafana-dashboard.json": " ".join(expressions(grafana)),
        "docs/alerts.yml": " ".join(re.findall(r"expr:(.*?)(?:for|labels):", (root / "docs/alerts.yml").read_text(), re.S)),
        # The page's own names of histograms get their suffix in its script.
        "nginx-conf/dashboard.html": " ".join(re.findall(r'"(app_create_[a-z_]+)"', (root / "nginx-conf/dashboard.html").read_text())),
        "docs/metrics.md": " ".join(re.findall(r"`([^`]*)`", page)),
    }
    for where, text in texts.items():
        found = set(NAME.findall(text))
        if len(found) < 5:
            problems.append(f"{where}: only {len(found)} metrics were found")
        for name in sorted(found - known - names.keys()):
            if not NOT_METRICS.fullmatch(name):
                problems.append(f"{where} asks for {name}, which nothing tells")
        if where == "docs/grafana-dashboard.json":
            used = found
    for name, kind in names.items():
        if not used & {name, name + "_bucket"}:
            problems.append(f"docs/grafana-dashboard.json does not show {name}")

    print(*problems, sep="\n")
    print(f"{len(names)} metrics")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))

"""The table, as Markdown."""

import statistics

import machine


def _number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _verdict(row):
    met = row.target.is_met(row.median)
    return "" if met is None else ("yes" if met else "**no**")


def render(rows, about):
    out = [*(f"- {line}" for line in machine.lines(about)), "",
           "| what | against | ratio | spread | target | met | measured (median) |", "|---|---|---|---|---|---|---|"]
    group = None
    for row in rows:
        if row.group != group:
            group = row.group
            out.append(f"| **{group}** | | | | | | |")
        measured = f"{_number(statistics.median(row.ours))} : {_number(statistics.median(row.reference))} {row.unit}"
        if row.note:
            measured += f"; {row.note}"
        out.append(f"| {row.what} | {row.against} | {row.median:.2f} | {min(row.ratios):.2f}-{max(row.ratios):.2f} "
                   f"| {row.target} | {_verdict(row)} | {measured} |")
    return "\n".join(out) + "\n"

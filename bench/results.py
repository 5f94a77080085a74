"""Rows of the table: ratios, each measured several times in this run."""

import math
import statistics
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Target:
    at_least: float | None = None
    at_most: float | None = None

    def __str__(self):
        if self.at_least is not None:
            return f">= {self.at_least:.2f}"
        return f"<= {self.at_most:.2f}" if self.at_most is not None else ""

    def is_met(self, value):
        if self.at_least is not None:
            return value >= self.at_least
        return None if self.at_most is None else value <= self.at_most


@dataclass
class Row:
    """`ours` and `reference` are values of `unit`, pair by pair in the order in which they were measured."""
    group: str
    what: str
    against: str
    unit: str
    target: Target = Target()
    ours: list = field(default_factory=list)
    reference: list = field(default_factory=list)
    note: str = ""

    def add(self, ours, reference):
        self.ours.append(ours)
        self.reference.append(reference)

    @property
    def ratios(self):
        return [a / b for a, b in zip(self.ours, self.reference) if b]

    @property
    def median(self):
        return statistics.median(self.ratios)

    def as_json(self):
        out = asdict(self)
        out.update(target=str(self.target), ratios=self.ratios, median=self.median,
                   spread=[min(self.ratios), max(self.ratios)], met=self.target.is_met(self.median))
        return out


def interval(values):
    """Where the median of all such values is with 95 % certainty at least, whatever their distribution: between two of them
    in order of size (the sign test)."""
    ordered = sorted(values)
    n = len(ordered)
    outside, rank = 0.0, 0  # of each end
    while rank < n // 2:
        outside += math.comb(n, rank) / 2**n
        if outside > 0.025:
            break
        rank += 1
    return ordered[max(rank - 1, 0)], ordered[n - max(rank, 1)]


class Rates:
    """Requests a second, by side and connections, a list of rounds."""

    def __init__(self):
        self.found = {}

    def add(self, side, connections, rate):
        self.found.setdefault(side, {}).setdefault(connections, []).append(rate)

    def of(self, side, connections):
        return self.found[side][connections]

    def best(self, sides, connections):
        return max(sides, key=lambda side: statistics.median(self.of(side, connections)))

    def row(self, group, what, ours, against, reference, target=Target(), note=""):
        """`ours` and `reference` are (side, connections)."""
        return Row(group, what, against, "/s", target, list(self.of(*ours)), list(self.of(*reference)), note)

"""The same nginx with a piece of configuration and without: what the piece costs.

Both run all the time, each with a store of its own, and are asked in turn for a second: the two measurements of a pair lie
next to each other, whatever the machine does meanwhile, and neither is always the first. Rounds of one side alone differ
by ten times what is to be seen; the processor time of the workers differs less than their throughput, because nobody
else's work is in it.
"""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import nginx
from results import Row, Target, interval

WORKERS = 2
CONNECTIONS = 64
SECONDS = 1
SETTLE = 0.2  # what a round leaves behind, such as a checkpoint, is not the next one's


@dataclass(frozen=True)
class Load:
    name: str
    title: str
    request: object  # of a store
    is_refused: bool = False


@dataclass(frozen=True)
class Side:
    server: object
    store: object

    def cpu_ns(self):
        """Of all threads of the workers, by the scheduler."""
        return sum(int(file.read_text().split()[0])
                   for pid in self.server.children() for file in Path(f"/proc/{pid}/task").glob("*/schedstat"))

    def measure(self, env, load):
        """Requests a second, and microseconds of processor time of each."""
        before = self.cpu_ns()
        found = env.load.closed(self.server.port, load.request(self.store), CONNECTIONS, SECONDS, load.is_refused)
        used = self.cpu_ns() - before
        time.sleep(SETTLE)
        return found.per_second, used / 1000 / found.requests


def _start(env, started, piece):
    store, folder = env.new_store()
    started.callback(env.forget, folder)
    return Side(started.enter_context(nginx.module(env.build, folder, store, WORKERS, piece.format(folder=folder))),
                store)


def _cost(target):
    """Of processor time what the target is of throughput."""
    return Target() if target.at_least is None else Target(at_most=2 - target.at_least)


def measure(env, group, piece, what, loads):
    """`piece` is for http{}; `loads` are pairs of a Load and a target of throughput."""
    with ExitStack() as started:
        on, off = (_start(env, started, text) for text in (piece, ""))
        for load, target in loads:
            title = f"{load.title}, {CONNECTIONS} connections, with {what}"
            rate = Row(group, title, "without", "/s", target)
            cpu = Row(group, f"{title}: processor time of the workers for each", "without", "us", _cost(target))
            for number in range(-1, env.plan.pairs):
                measured = {}
                for side in (on, off) if number % 2 == 0 else (off, on):
                    measured[side] = side.measure(env, load)
                if number >= 0:  # the first pair warms up
                    rate.add(measured[on][0], measured[off][0])
                    cpu.add(measured[on][1], measured[off][1])
            for row in (rate, cpu):
                low, high = interval(row.ratios)
                row.note = f"{env.plan.pairs} pairs of a second, the median is in {low:.3f}-{high:.3f}"
                env.add(row)

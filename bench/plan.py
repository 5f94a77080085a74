"""How long and how often: the full run, and the quick one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    rounds: int            # each side in turn, so many times
    short: int             # seconds (wrk takes whole ones): answers that need no store, peers
    create: int            # seconds: creates at one number of connections, a round
    latency: int           # seconds: percentiles
    direct: tuple          # connections: peers without nginx before them
    static: float          # seconds: a static file beside creates
    lock: float            # seconds: the store is locked
    large_store: int       # applications
    same_name: int         # applications with one name
    fresh_starts: int      # of a worker that has never seen a name
    memory_before: int     # requests
    memory_after: int
    core_repetitions: int
    core_seconds: float    # of one repetition

    @property
    def is_full(self):
        return self == FULL


FULL = Plan(rounds=3, short=3, create=10, latency=5, direct=(1, 64, 256), static=5, lock=5, large_store=1_000_000, same_name=100_000,
            fresh_starts=7, memory_before=10_000, memory_after=1_000_000, core_repetitions=5, core_seconds=0.3)

QUICK = Plan(rounds=3, short=1, create=1, latency=1, direct=(64,), static=2, lock=2, large_store=100_000, same_name=20_000,
             fresh_starts=3, memory_before=10_000, memory_after=60_000, core_repetitions=3, core_seconds=0.03)

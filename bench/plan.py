"""How long and how often: the full run, and the quick one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    rounds: int            # each side in turn, so many times
    pairs: int             # rounds of a second, for what differs by little
    short: int             # seconds (wrk takes whole ones): answers that need no store, peers
    create: int            # seconds: creates at one number of connections, a round
    few: tuple             # connections, beside 1, that give small batches
    many: tuple            # connections that give large ones
    latency: int           # seconds: percentiles
    warm: int              # seconds: not counted, before a service whose compiler learns while it runs
    direct: tuple          # connections: peers without nginx before them
    static: float          # seconds: a static file beside creates
    lock: float            # seconds: the store is locked, or stopped
    stalls: int            # how often: one stop of the machine decides such a round
    large_store: int       # applications
    same_name: int         # applications with one name
    fresh_starts: int      # of a worker that has never seen a name
    memory_before: int     # requests
    memory_after: int
    mongo: tuple           # connections: creates into MongoDB
    mongo_warm: int        # seconds, for each kind of insert
    mongo_most: int        # applications that a bulk loop puts into the server's memory
    core_repetitions: int
    core_seconds: float    # of one repetition

    @property
    def is_full(self):
        return self == FULL


# Some 28 minutes on 2 cores where creates run at 15,000 a second.
FULL = Plan(rounds=3, pairs=40, short=3, create=10, few=(8,), many=(64, 128, 256), latency=5, warm=1, direct=(1, 64, 256),
            static=5, lock=5, stalls=5, large_store=1_000_000, same_name=100_000, fresh_starts=7, memory_before=10_000,
            memory_after=1_000_000, mongo=(64, 256), mongo_warm=8, mongo_most=100_000, core_repetitions=5,
            core_seconds=0.3)

# Some 7 minutes.
QUICK = Plan(rounds=3, pairs=12, short=1, create=1, few=(), many=(64, 256), latency=1, warm=1, direct=(64,), static=1,
             lock=1, stalls=3, large_store=50_000, same_name=20_000, fresh_starts=3, memory_before=10_000,
             memory_after=60_000, mongo=(64,), mongo_warm=2, mongo_most=100_000, core_repetitions=3, core_seconds=0.03)

"""The same nginx with a piece of configuration and without: what the piece costs."""

from dataclasses import dataclass

import nginx
from results import Rates

WORKERS = 2
CONNECTIONS = 64
# A difference of 2 % drowns in three rounds.
FULL_ROUNDS = 7


@dataclass(frozen=True)
class Load:
    name: str
    title: str
    request: object  # of a store
    is_refused: bool = False


def measure(env, group, piece, what, loads):
    """`piece` is for http{}; `loads` are pairs of a Load and a target."""
    rates = Rates()
    for number in range(FULL_ROUNDS if env.plan.is_full else env.plan.rounds):
        # Neither is always the one that comes first.
        for side in ("on", "off") if number % 2 == 0 else ("off", "on"):
            store, folder = env.new_store()
            more = piece.format(folder=folder) if side == "on" else ""
            with nginx.module(env.build, folder, store, WORKERS, more) as ours:
                for load, _ in loads:
                    rates.add(f"{load.name}-{side}", CONNECTIONS,
                              env.load.closed(ours.port, load.request(store), CONNECTIONS, env.plan.short,
                                              load.is_refused).per_second)
            env.forget(folder)
    for load, target in loads:
        env.add(rates.row(group, f"{load.title}, {CONNECTIONS} connections, with {what}",
                          (f"{load.name}-on", CONNECTIONS), "without", (f"{load.name}-off", CONNECTIONS), target))

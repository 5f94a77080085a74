"""What counting costs: the same nginx with app_create_metrics and without."""

import nginx
import wire
from results import Rates, Target

WORKERS = 2
CONNECTIONS = 64
# A difference of 2 % drowns in three rounds.
FULL_ROUNDS = 7

WATCHING = """\
    server {{
        listen unix:{folder}/metrics.sock;
        location = /metrics {{ app_create_metrics; }}
    }}
"""


def _measure(env, rates, side):
    store, folder = env.new_store()
    more = WATCHING.format(folder=folder) if side == "on" else ""
    with nginx.module(env.build, folder, store, WORKERS, more) as ours:
        rates.add(f"create-{side}", CONNECTIONS,
                  env.load.closed(ours.port, wire.create(store), CONNECTIONS, env.plan.short).per_second)
        if env.plan.is_full:
            refused = wire.create(store, token=None)
            rates.add(f"refuse-{side}", CONNECTIONS,
                      env.load.closed(ours.port, refused, CONNECTIONS, env.plan.short, True).per_second)
    env.forget(folder)


def measure(env):
    rates = Rates()
    for number in range(FULL_ROUNDS if env.plan.is_full else env.plan.rounds):
        # Neither is always the one that comes first.
        for side in ("on", "off") if number % 2 == 0 else ("off", "on"):
            _measure(env, rates, side)
    for what, title, target in (("create", "creates", Target(at_least=0.98)), ("refuse", "401, no token", Target())):
        if f"{what}-on" in rates.found:
            env.add(rates.row("metrics", f"{title}, {CONNECTIONS} connections, with app_create_metrics",
                              (f"{what}-on", CONNECTIONS), "without", (f"{what}-off", CONNECTIONS), target))

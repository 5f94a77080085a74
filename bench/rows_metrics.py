"""What counting costs: the same nginx with app_create_metrics and without."""

import wire
import with_and_without
from results import Target
from with_and_without import Load

WATCHING = """\
    server {{
        listen unix:{folder}/metrics.sock;
        location = /metrics {{ app_create_metrics; }}
    }}
"""


def measure(env):
    loads = [(Load("create", "creates", wire.create), Target(at_least=0.98))]
    if env.plan.is_full:
        loads.append((Load("refuse", "401, no token", lambda store: wire.create(store, token=None), True), Target()))
    with_and_without.measure(env, "metrics", WATCHING, "app_create_metrics", loads)

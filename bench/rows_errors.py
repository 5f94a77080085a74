"""Answers that need no store, against nginx's own `return` of the same size."""

import nginx
import wire
from results import Row, Target

CONNECTIONS = 64
WORKERS = 2


def measure(env):
    store, folder = env.new_store()
    kinds = [
        ("401, no token", wire.create(store, token=None), 0.9),
        ("401, cached key without the permission", wire.create(store, token=store.idle_token), 0.9),
        ("400, a violation, 200-byte body", wire.create(store, language="xx"), 0.7),
    ]
    with nginx.module(env.build, folder, store, WORKERS) as ours:
        for what, request, target in kinds:
            row = env.add(Row("answers", what, "return 200", "/s", Target(at_least=target)))
            size = len(wire.send(ours.port, request)[1])
            with nginx.static_return(env.new_folder(), WORKERS, size) as plain:
                for _ in range(env.plan.rounds):
                    row.add(env.load.closed(ours.port, request, CONNECTIONS, env.plan.short, True).per_second,
                            env.load.closed(plain.port, request, CONNECTIONS, env.plan.short).per_second)
    env.forget(folder)
